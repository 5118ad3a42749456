CREATE TABLE IF NOT EXISTS photos (
    photo_id text NOT NULL,
    user_id text NOT NULL,
    revision bigint NOT NULL,
    rating_sum bigint NOT NULL DEFAULT 0,
    rating_count bigint NOT NULL DEFAULT 0,
    sweep_at text,
    expires_at bigint,
    body text NOT NULL,
    CHECK (rating_count >= 0 AND rating_sum >= 0),
    PRIMARY KEY (photo_id)
)
