CREATE TABLE IF NOT EXISTS reconciliation_runs (
    name text NOT NULL,
    holder text,
    leased_until bigint,
    body text,
    PRIMARY KEY (name)
)
