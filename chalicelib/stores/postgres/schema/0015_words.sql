CREATE TABLE IF NOT EXISTS words (
    listing text COLLATE "C" NOT NULL,
    photo_id text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL,
    PRIMARY KEY (listing, photo_id, word)
)
