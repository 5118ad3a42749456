CREATE INDEX ASYNC IF NOT EXISTS listed_photos_by_taken ON listed_photos (listing, taken_key) WHERE taken_key IS NOT NULL
