CREATE TABLE IF NOT EXISTS photos (
    photo_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    rating_sum bigint NOT NULL DEFAULT 0,
    rating_count bigint NOT NULL DEFAULT 0,
    sweep_at text COLLATE "C",
    expires_at bigint,
    body text COLLATE "C" NOT NULL,
    CHECK (rating_count >= 0 AND rating_sum >= 0),
    PRIMARY KEY (photo_id)
)
