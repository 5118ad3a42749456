CREATE TABLE IF NOT EXISTS reconciliation_runs (
    name text COLLATE "C" NOT NULL,
    holder text COLLATE "C",
    leased_until bigint,
    body text COLLATE "C",
    PRIMARY KEY (name)
)
