CREATE INDEX ASYNC IF NOT EXISTS entries_by_sort_key ON entries (album_id, sort_key)
