CREATE INDEX ASYNC IF NOT EXISTS ratings_of_user ON ratings (user_id, photo_id)
