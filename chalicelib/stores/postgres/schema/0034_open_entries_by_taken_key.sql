CREATE INDEX ASYNC IF NOT EXISTS open_entries_by_taken_key ON entries (album_id, taken_key) WHERE NOT is_private
