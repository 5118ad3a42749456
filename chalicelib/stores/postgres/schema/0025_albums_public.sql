CREATE INDEX ASYNC IF NOT EXISTS albums_public ON albums (visibility, album_id) WHERE deleted_at IS NULL AND visibility = 'public'
