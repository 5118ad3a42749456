CREATE TABLE IF NOT EXISTS words (
    listing text NOT NULL,
    photo_id text NOT NULL,
    word text NOT NULL,
    PRIMARY KEY (listing, photo_id, word)
)
