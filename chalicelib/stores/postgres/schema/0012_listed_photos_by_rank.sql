CREATE INDEX ASYNC IF NOT EXISTS listed_photos_by_rank ON listed_photos (listing, rank) WHERE rank IS NOT NULL
