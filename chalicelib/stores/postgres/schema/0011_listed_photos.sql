CREATE TABLE IF NOT EXISTS listed_photos (
    listing text NOT NULL,
    photo_id text NOT NULL,
    rank bigint,
    score bigint,
    taken_key text,
    PRIMARY KEY (listing, photo_id)
)
