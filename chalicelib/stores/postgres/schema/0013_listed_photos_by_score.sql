CREATE INDEX ASYNC IF NOT EXISTS listed_photos_by_score ON listed_photos (listing, score, photo_id) WHERE score IS NOT NULL
