"""Word search on PostgreSQL: the photos of a list that have every word, newest first."""

from collections.abc import Sequence

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import MAX_TERMS, Photo
from chalicelib.domain.terms import SearchPage, SearchWord
from chalicelib.stores.postgres import words as word_rows
from chalicelib.stores.postgres.database import Database, Refused, Transaction
from chalicelib.stores.postgres.listed import build_name, choose_walk_name
from chalicelib.stores.postgres.photo_lists import build_page
from chalicelib.stores.postgres.rows import LAST_CHARACTER, decode_photo

_HAS_WORD = "EXISTS (SELECT 1 FROM words w WHERE w.listing = %s AND w.photo_id = l.photo_id AND {})"


class PostgresSearchIndex:
    """`SearchIndex` on a database. The planner chooses whether to begin with a rare word or with the newest photos."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(
        self, listing: Listing, words: Sequence[SearchWord], limit: int, *, after: PhotoId | None = None
    ) -> SearchPage:
        if not 0 < len(words) <= MAX_TERMS:
            return SearchPage([], None)
        name = choose_walk_name(listing)
        conditions, values = list[str](), list[str]()
        for word in words:
            condition, bounds = _build_condition(word)
            conditions.append(_HAS_WORD.format(condition))
            values += [name, *bounds]
        statement = build_page(f" AND l.photo_id < %s AND {' AND '.join(conditions)}", "l.photo_id DESC")
        list_name = build_name(listing.scope, listing.owner)
        rows = self._database.read(statement, list_name, after or LAST_CHARACTER, *values, limit + 1)
        photos = [*map(decode_photo, rows)]
        return SearchPage(photos[:limit], photos[limit - 1].photo_id if len(photos) > limit else None)

    def reindex(self, photo: Photo) -> bool:
        def replace(transaction: Transaction) -> None:
            statement = "SELECT revision FROM photos WHERE photo_id = %s FOR UPDATE"
            if transaction.query(statement, photo.photo_id) != [(photo.revision,)]:
                raise Refused
            word_rows.replace_all(transaction, photo)

        return self._database.change(replace)


def _build_condition(word: SearchWord) -> tuple[str, list[str]]:
    if word.is_prefix:
        return "w.word >= %s AND w.word < %s", [word.word, word.word + LAST_CHARACTER]
    return "w.word = %s", [word.word]
