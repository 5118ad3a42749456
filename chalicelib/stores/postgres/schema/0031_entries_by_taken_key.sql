CREATE INDEX ASYNC IF NOT EXISTS entries_by_taken_key ON entries (album_id, taken_key)
