CREATE TABLE IF NOT EXISTS migrations (
    number integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (number)
)
