CREATE INDEX ASYNC IF NOT EXISTS user_requests_of_user ON user_requests (user_id, kind)
