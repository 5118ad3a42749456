CREATE TABLE IF NOT EXISTS digests (
    user_id text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    photo_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, sha256, photo_id)
)
