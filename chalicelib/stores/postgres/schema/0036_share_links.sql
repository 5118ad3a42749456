CREATE TABLE IF NOT EXISTS share_links (
    album_id text NOT NULL,
    link_id text NOT NULL,
    attempt_window bigint NOT NULL DEFAULT 0,
    wrong_attempts bigint NOT NULL DEFAULT 0,
    body text NOT NULL,
    PRIMARY KEY (album_id, link_id)
)
