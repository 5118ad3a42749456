"""Invariants of the rows of PostgreSQL, as `invariants` checks them."""

from collections import Counter
from collections.abc import Iterator

from chalicelib.domain.albums import Album
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres import entries, listed, words
from chalicelib.stores.postgres.database import Database, Row
from chalicelib.stores.postgres.rows import ALBUM, PHOTO, decode_album, decode_photo


def read_photos(database: Database, owner: str) -> list[Photo]:
    """Return every photo of an owner, including tombstones."""
    return [*map(decode_photo, database.read(f"SELECT {PHOTO} FROM photos p WHERE p.user_id = %s", owner))]


def read_albums(database: Database, owner: str) -> list[Album]:
    """Return every album of an owner, including albums whose deletion is not finished."""
    return [*map(decode_album, database.read(f"SELECT {ALBUM} FROM albums a WHERE a.user_id = %s", owner))]


def read_ratings(database: Database) -> dict[tuple[str, str], int]:
    """Return every rating, by photo and user."""
    rows = database.read("SELECT photo_id, user_id, rating FROM ratings")
    return {(photo_id, user_id): rating for photo_id, user_id, rating in rows}


def find_broken(database: Database, owner: str, photos: list[Photo]) -> Iterator[str]:
    """Yield the violated invariants of the rows that follow from photos and albums."""
    ids = {photo.photo_id for photo in photos}
    for table, expected in _build_expected(photos).items():
        # Another owner has no row with one of these photos.
        stored = {row for row in database.read(f"SELECT * FROM {table}") if ids & {*row} or owner in str(row)}
        if stored != expected:
            yield f"{table} of {owner}: {stored - expected} instead of {expected - stored}"
    months = Counter((photo.taken_key[:7], photo.photo_id[-1]) for photo in photos if photo.listed)
    counts = database.read("SELECT month, shard, photo_count FROM month_counts WHERE user_id = %s", owner)
    if {(month, shard): count for month, shard, count in counts if count} != months:
        yield f"{owner} has the months {counts} instead of {months}"
    yield from _check_albums(database, owner, photos)
    yield from _check_photo_columns(database, photos)


def _build_expected(photos: list[Photo]) -> dict[str, set[Row]]:
    rows: dict[str, set[Row]] = {"listed_photos": set(), "words": set(), "entries": set(), "digests": set()}
    for photo in photos:
        photo_id = photo.photo_id
        rows["listed_photos"] |= {(name, photo_id, *keys) for name, keys in listed.build_keys(photo).items()}
        rows["words"] |= {(name, photo_id, word) for name, word in words.build_keys(photo)}
        rows["entries"] |= {(album_id, photo_id, *entry) for album_id, entry in entries.build_entries(photo).items()}
        rows["digests"] |= {(photo.user_id, photo.sha256, photo_id)} if photo.listed else set()
    return rows


def _check_albums(database: Database, owner: str, photos: list[Photo]) -> Iterator[str]:
    albums = read_albums(database, owner)
    links = Counter(row[0] for row in database.read("SELECT album_id FROM share_links"))
    for album in albums:
        members = [photo for photo in photos if photo.listed and album.album_id in photo.memberships]
        open_count = sum(photo.visibility != "private" for photo in members)
        counts = (len(members), open_count, links[album.album_id])
        if counts != (album.photo_count, album.non_private_count, album.link_count):
            yield f"{album} has not the counts {counts}"
    ((charged,),) = database.read("SELECT COALESCE(SUM(album_count), 0) FROM accounts WHERE user_id = %s", owner)
    if charged != sum(album.deleted_at is None for album in albums):
        yield f"{owner} is charged {charged} of {len(albums)} albums"


def _check_photo_columns(database: Database, photos: list[Photo]) -> Iterator[str]:
    stored = read_ratings(database)
    for photo in photos:
        values = [rating for (photo_id, _), rating in stored.items() if photo_id == photo.photo_id]
        expected = (0, 0) if photo.status == "erased" else (sum(values), len(values))
        if (photo.rating_sum, photo.rating_count) != expected:
            yield f"{photo.photo_id} has the sum {photo.rating_sum} of {photo.rating_count} ratings instead of {values}"
        statement = "SELECT sweep_at IS NOT NULL, expires_at IS NOT NULL FROM photos WHERE photo_id = %s"
        if database.read(statement, photo.photo_id) != [(photo.sweep_at is not None, photo.status == "erased")]:
            yield f"{photo.photo_id} has wrong times"
