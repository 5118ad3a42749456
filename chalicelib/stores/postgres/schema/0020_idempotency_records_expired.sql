CREATE INDEX ASYNC IF NOT EXISTS idempotency_records_expired ON idempotency_records (expires_at)
