CREATE TABLE IF NOT EXISTS accounts (
    user_id text COLLATE "C" NOT NULL,
    created_at text COLLATE "C",
    photo_count bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    album_count bigint NOT NULL DEFAULT 0,
    cancelled_at text COLLATE "C",
    due_at text COLLATE "C",
    expires_at bigint,
    PRIMARY KEY (user_id)
)
