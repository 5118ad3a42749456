CREATE INDEX ASYNC IF NOT EXISTS albums_of_user ON albums (user_id, album_id)
