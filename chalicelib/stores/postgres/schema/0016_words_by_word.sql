CREATE INDEX ASYNC IF NOT EXISTS words_by_word ON words (listing, word, photo_id)
