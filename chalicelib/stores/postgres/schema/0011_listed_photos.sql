CREATE TABLE IF NOT EXISTS listed_photos (
    listing text COLLATE "C" NOT NULL,
    photo_id text COLLATE "C" NOT NULL,
    rank bigint,
    score bigint,
    taken_key text COLLATE "C",
    PRIMARY KEY (listing, photo_id)
)
