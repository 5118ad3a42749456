CREATE INDEX ASYNC IF NOT EXISTS photos_due ON photos (sweep_at) WHERE sweep_at IS NOT NULL
