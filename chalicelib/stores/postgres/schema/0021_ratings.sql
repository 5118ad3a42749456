CREATE TABLE IF NOT EXISTS ratings (
    photo_id text NOT NULL,
    user_id text NOT NULL,
    rating integer NOT NULL CHECK (rating BETWEEN 1 AND 5),
    PRIMARY KEY (photo_id, user_id)
)
