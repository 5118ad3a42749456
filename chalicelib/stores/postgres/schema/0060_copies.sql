CREATE TABLE IF NOT EXISTS copies (
    name text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
)
