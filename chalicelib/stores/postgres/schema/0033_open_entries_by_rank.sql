CREATE INDEX ASYNC IF NOT EXISTS open_entries_by_rank ON entries (album_id, rank) WHERE NOT is_private
