CREATE TABLE IF NOT EXISTS albums (
    album_id text NOT NULL,
    user_id text NOT NULL,
    visibility text NOT NULL,
    revision bigint NOT NULL,
    change_number bigint NOT NULL,
    deleted_at text,
    due_at text,
    photo_count bigint NOT NULL DEFAULT 0,
    non_private_count bigint NOT NULL DEFAULT 0,
    link_count bigint NOT NULL DEFAULT 0,
    latest_photo_id text,
    updated_through text,
    updated_change_number bigint NOT NULL DEFAULT 0,
    body text NOT NULL,
    PRIMARY KEY (album_id)
)
