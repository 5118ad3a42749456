CREATE INDEX ASYNC IF NOT EXISTS photos_expired ON photos (expires_at) WHERE expires_at IS NOT NULL
