CREATE TABLE IF NOT EXISTS entries (
    album_id text NOT NULL,
    photo_id text NOT NULL,
    is_private boolean NOT NULL,
    sort_key text NOT NULL,
    rank bigint NOT NULL,
    taken_key text NOT NULL,
    PRIMARY KEY (album_id, photo_id)
)
