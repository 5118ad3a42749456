CREATE TABLE IF NOT EXISTS transactions (
    token text NOT NULL,
    is_void boolean NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (token)
)
