CREATE TABLE IF NOT EXISTS migrations (
    number integer NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (number)
)
