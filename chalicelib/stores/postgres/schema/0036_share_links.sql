CREATE TABLE IF NOT EXISTS share_links (
    album_id text COLLATE "C" NOT NULL,
    link_id text COLLATE "C" NOT NULL,
    attempt_window bigint NOT NULL DEFAULT 0,
    wrong_attempts bigint NOT NULL DEFAULT 0,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (album_id, link_id)
)
