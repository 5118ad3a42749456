CREATE TABLE IF NOT EXISTS accounts (
    user_id text NOT NULL,
    created_at text,
    photo_count bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    album_count bigint NOT NULL DEFAULT 0,
    cancelled_at text,
    due_at text,
    expires_at bigint,
    PRIMARY KEY (user_id)
)
