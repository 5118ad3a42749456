CREATE TABLE IF NOT EXISTS copies (
    name text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (name)
)
