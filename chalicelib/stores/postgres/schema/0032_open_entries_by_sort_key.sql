CREATE INDEX ASYNC IF NOT EXISTS open_entries_by_sort_key ON entries (album_id, sort_key) WHERE NOT is_private
