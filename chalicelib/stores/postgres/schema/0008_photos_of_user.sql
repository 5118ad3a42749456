CREATE INDEX ASYNC IF NOT EXISTS photos_of_user ON photos (user_id, photo_id)
