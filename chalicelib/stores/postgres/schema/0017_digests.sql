CREATE TABLE IF NOT EXISTS digests (
    user_id text NOT NULL,
    sha256 text NOT NULL,
    photo_id text NOT NULL,
    PRIMARY KEY (user_id, sha256, photo_id)
)
