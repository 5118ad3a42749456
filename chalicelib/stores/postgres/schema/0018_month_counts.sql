CREATE TABLE IF NOT EXISTS month_counts (
    user_id text NOT NULL,
    month text NOT NULL,
    shard text NOT NULL,
    photo_count bigint NOT NULL,
    PRIMARY KEY (user_id, month, shard)
)
