CREATE INDEX ASYNC IF NOT EXISTS entries_by_rank ON entries (album_id, rank)
