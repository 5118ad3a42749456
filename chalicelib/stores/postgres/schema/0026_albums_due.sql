CREATE INDEX ASYNC IF NOT EXISTS albums_due ON albums (due_at) WHERE due_at IS NOT NULL
