CREATE TABLE IF NOT EXISTS month_counts (
    user_id text COLLATE "C" NOT NULL,
    month text COLLATE "C" NOT NULL,
    shard text COLLATE "C" NOT NULL,
    photo_count bigint NOT NULL,
    PRIMARY KEY (user_id, month, shard)
)
