CREATE INDEX ASYNC IF NOT EXISTS accounts_due ON accounts (due_at, user_id) WHERE due_at IS NOT NULL
