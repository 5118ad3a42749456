CREATE TABLE IF NOT EXISTS user_requests (
    kind text NOT NULL,
    user_id text NOT NULL,
    requested_at text NOT NULL,
    due_at text NOT NULL,
    PRIMARY KEY (kind, user_id)
)
