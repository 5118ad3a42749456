CREATE TABLE IF NOT EXISTS idempotency_records (
    user_id text NOT NULL,
    key text NOT NULL,
    expires_at bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (user_id, key)
)
