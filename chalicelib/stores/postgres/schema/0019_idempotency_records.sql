CREATE TABLE IF NOT EXISTS idempotency_records (
    user_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, key)
)
