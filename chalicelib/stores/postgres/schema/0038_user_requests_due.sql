CREATE INDEX ASYNC IF NOT EXISTS user_requests_due ON user_requests (kind, due_at, user_id)
