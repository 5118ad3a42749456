"""The rows that list a photo in its albums, and the counts of the albums, written in the photo's transaction."""

from typing import NamedTuple

from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres.database import Transaction
from chalicelib.stores.postgres.rows import ALBUM, decode_album, get_rank


class Entry(NamedTuple):
    """The row of a photo in an album."""

    is_private: bool
    sort_key: str
    rank: int
    taken_key: str


def build_entries(photo: Photo) -> dict[AlbumId, Entry]:
    """Return the rows that list a photo in its albums. A photo in the trash has none."""
    if not photo.listed:
        return {}
    is_private, rank = photo.visibility == "private", get_rank(photo.photo_id)
    return {
        album_id: Entry(is_private, f"{membership.position:016d}#{photo.photo_id}", rank, photo.taken_key)
        for album_id, membership in photo.memberships.items()
    }


def adapt_to_albums(transaction: Transaction, before: Photo, after: Photo) -> Photo:
    """Return `after` with the current names and visibilities of the albums that it enters or whose copies change.

    The photo leaves albums that do not exist or are being deleted. The albums are locked, so that they cannot change
    before the transaction ends. AWS contract DSQL-12.
    """
    entered = build_entries(after).keys() - build_entries(before).keys()
    changed = {album_id for album_id in after.memberships if _are_copies_changed(album_id, before, after)}
    memberships = dict(after.memberships)
    for album_id in sorted(entered | changed):
        rows = transaction.query(f"SELECT {ALBUM} FROM albums a WHERE a.album_id = %s FOR UPDATE", album_id)
        album = decode_album(rows[0]) if rows else None
        membership = memberships.pop(album_id)
        if album and album.deleted_at is None:
            memberships[album_id] = membership.with_(name=album.name, public=album.public)
    # Keep the order of the albums, because their names compete for the words of the photo.
    return after.with_(memberships={key: memberships[key] for key in after.memberships if key in memberships})


def write(transaction: Transaction, before: Photo, after: Photo) -> None:
    """Turn the entries of `before` into those of `after`, and keep the counts of their albums."""
    old, new = build_entries(before), build_entries(after)
    for album_id in sorted(old.keys() | new.keys()):
        old_entry, new_entry = old.get(album_id), new.get(album_id)
        if old_entry == new_entry:
            continue
        if new_entry:
            _put(transaction, album_id, after, new_entry)
        else:
            statement = "DELETE FROM entries WHERE album_id = %s AND photo_id = %s"
            transaction.execute(statement, album_id, before.photo_id)
        _count(transaction, album_id, after, old_entry, new_entry)


def _are_copies_changed(album_id: AlbumId, before: Photo, after: Photo) -> bool:
    old, new = before.memberships.get(album_id), after.memberships[album_id]
    return old is not None and (old.name, old.public) != (new.name, new.public)


def _put(transaction: Transaction, album_id: AlbumId, photo: Photo, entry: Entry) -> None:
    transaction.execute(
        "INSERT INTO entries (album_id, photo_id, is_private, sort_key, rank, taken_key) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (album_id, photo_id) DO UPDATE "
        "SET is_private = EXCLUDED.is_private, sort_key = EXCLUDED.sort_key, taken_key = EXCLUDED.taken_key",
        *(album_id, photo.photo_id, *entry),
    )


def _count(
    transaction: Transaction, album_id: AlbumId, photo: Photo, old_entry: Entry | None, new_entry: Entry | None
) -> None:
    count_delta = (new_entry is not None) - (old_entry is not None)
    non_private_delta = _is_non_private(new_entry) - _is_non_private(old_entry)
    latest = ""
    if count_delta > 0:
        # A private photo would leave the album without a cover for other users.
        value = "%s" if non_private_delta > 0 else "COALESCE(latest_photo_id, %s)"
        latest = f", latest_photo_id = {value}"
    if count_delta or non_private_delta:
        transaction.execute(
            "UPDATE albums SET photo_count = photo_count + %s, non_private_count = non_private_count + %s"
            f"{latest} WHERE album_id = %s",
            *(count_delta, non_private_delta, *([photo.photo_id] if latest else []), album_id),
        )


def _is_non_private(entry: Entry | None) -> bool:
    return entry is not None and not entry.is_private
