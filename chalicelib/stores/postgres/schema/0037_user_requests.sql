CREATE TABLE IF NOT EXISTS user_requests (
    kind text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    requested_at text COLLATE "C" NOT NULL,
    due_at text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, user_id)
)
