CREATE TABLE IF NOT EXISTS entries (
    album_id text COLLATE "C" NOT NULL,
    photo_id text COLLATE "C" NOT NULL,
    is_private boolean NOT NULL,
    sort_key text COLLATE "C" NOT NULL,
    rank bigint NOT NULL,
    taken_key text COLLATE "C" NOT NULL,
    PRIMARY KEY (album_id, photo_id)
)
