CREATE TABLE IF NOT EXISTS transactions (
    token text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (token)
)
