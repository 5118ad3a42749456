CREATE INDEX ASYNC IF NOT EXISTS accounts_expired ON accounts (expires_at) WHERE expires_at IS NOT NULL
