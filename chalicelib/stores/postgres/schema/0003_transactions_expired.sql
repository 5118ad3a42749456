CREATE INDEX ASYNC IF NOT EXISTS transactions_expired ON transactions (expires_at)
