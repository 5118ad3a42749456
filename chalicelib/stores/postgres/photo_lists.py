"""Reads of photos and their lists."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chalicelib.domain.feed import Span
from chalicelib.domain.ids import PhotoId, UserId, is_photo_id
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres import listed
from chalicelib.stores.postgres.database import Database, Row
from chalicelib.stores.postgres.rows import PHOTO, build_list, build_placeholders, decode_photo, encode_rank

IS_CURRENT = "(p.expires_at IS NULL OR p.expires_at > %s)"
"""The condition that a photo has not expired. Its value is the time in Unix seconds."""


class IdRange(NamedTuple):
    """A part of a list in the order of ids."""

    after: PhotoId | None
    since: PhotoId | None
    until: PhotoId | None
    newest_first: bool


def read_photos(database: Database, photo_ids: Iterable[PhotoId], now: float) -> dict[PhotoId, Photo]:
    """Return the photos that exist, tombstones included, by their ids."""
    names, values = build_list(choose_ids(photo_ids))
    if not values:
        return {}
    statement = f"SELECT {PHOTO} FROM photos p WHERE p.photo_id IN {names} AND {IS_CURRENT}"
    return index_by_id(database.read(statement, *values, int(now)))


def list_owned_ids(database: Database, owner: UserId, limit: int, after: str, now: float) -> list[PhotoId]:
    """Return up to `limit` ids of the photos and tombstones of a user that follow `after`, in their order."""
    rows = database.read(
        f"SELECT p.photo_id FROM photos p WHERE p.user_id = %s AND p.photo_id > %s AND {IS_CURRENT} "
        "ORDER BY p.photo_id LIMIT %s",
        *(owner, after, int(now), limit),
    )
    return [PhotoId(row[0]) for row in rows]


def choose_ids(photo_ids: Iterable[PhotoId]) -> list[PhotoId]:
    """Return the ids that a photo can have, without duplicates. A client may send any text."""
    return [photo_id for photo_id in dict.fromkeys(photo_ids) if is_photo_id(photo_id)]


def index_by_id(rows: Iterable[Row]) -> dict[PhotoId, Photo]:
    """Return the photos of rows that begin with the columns `PHOTO`, by their ids."""
    return {photo.photo_id: photo for photo in map(decode_photo, rows)}


def list_by_id(database: Database, listing: Listing, limit: int, part: IdRange) -> list[Photo]:
    """Return the first `limit` photos of a part of a list."""
    operator, direction = ("<", "DESC") if part.newest_first else (">", "ASC")
    bounds = [(operator, part.after), (">=", part.since), ("<", part.until)]
    clauses = "".join(f" AND l.photo_id {sign} %s" for sign, value in bounds if value is not None)
    values = [value for _, value in bounds if value is not None]
    statement = build_page(clauses, f"l.photo_id {direction}")
    return [*map(decode_photo, database.read(statement, listed.choose_name(listing), *values, limit))]


def build_page(clauses: str, order: str) -> str:
    """Return a query for the first photos of a list. Its values are the list, those of the clauses, and the limit.

    The list is limited before the join. Otherwise, the planner may read many more photos.
    """
    return (
        f"SELECT {PHOTO} FROM (SELECT l.* FROM listed_photos l "
        f"WHERE l.listing = %s{clauses} ORDER BY {order} LIMIT %s) l "
        f"JOIN photos p ON p.photo_id = l.photo_id ORDER BY {order}"
    )


def list_by_score(database: Database, listing: Listing, limit: int, after: tuple[float, PhotoId] | None) -> list[Photo]:
    """Return the first `limit` photos after `after`, best first."""
    # The index has only rows with a score. The comparison of two columns does not say so.
    clauses = " AND l.score IS NOT NULL" + (" AND (l.score, l.photo_id) < (%s, %s)" if after else "")
    values = (listed.encode_score(after[0]), after[1]) if after else ()
    statement = build_page(clauses, "l.score DESC, l.photo_id DESC")
    return [*map(decode_photo, database.read(statement, listed.choose_walk_name(listing), *values, limit))]


def list_by_rank(database: Database, listing: Listing, spans: Sequence[Span], limit: int | None) -> list[list[Photo]]:
    """Return for each span its first `limit` photos in the order of their ranks."""
    lists: list[list[Photo]] = [[] for _ in spans]
    if spans:
        source, values = build_spans(spans)
        statement = (
            f"SELECT s.number, {PHOTO} FROM {source} CROSS JOIN LATERAL (SELECT l.photo_id, l.rank "
            "FROM listed_photos l WHERE l.listing = %s AND l.rank BETWEEN s.low AND s.high ORDER BY l.rank LIMIT %s) l "
            "JOIN photos p ON p.photo_id = l.photo_id ORDER BY s.number, l.rank"
        )
        for number, *row in database.read(statement, *values, listed.choose_walk_name(listing), limit):
            lists[number].append(decode_photo(tuple(row)))
    return lists


def build_spans(spans: Sequence[Span]) -> tuple[str, list[int]]:
    """Return a table `s` of spans with the columns number, low and high, and its values."""
    rows = [(number, encode_rank(span.low), encode_rank(span.high)) for number, span in enumerate(spans)]
    groups, values = build_placeholders(rows, types=("integer", "bigint", "bigint"))
    return f"(VALUES {groups}) AS s (number, low, high)", values
