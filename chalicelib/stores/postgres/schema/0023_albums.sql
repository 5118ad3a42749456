CREATE TABLE IF NOT EXISTS albums (
    album_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    visibility text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    change_number bigint NOT NULL,
    deleted_at text COLLATE "C",
    due_at text COLLATE "C",
    photo_count bigint NOT NULL DEFAULT 0,
    non_private_count bigint NOT NULL DEFAULT 0,
    link_count bigint NOT NULL DEFAULT 0,
    latest_photo_id text COLLATE "C",
    updated_through text COLLATE "C",
    updated_change_number bigint NOT NULL DEFAULT 0,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (album_id)
)
