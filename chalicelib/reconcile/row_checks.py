"""Compare the rows of one photo with each other. This module does no I/O."""

from collections.abc import Iterator

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, format_timestamp
from chalicelib.domain.photos import Membership, Photo
from chalicelib.reconcile.findings import Finding
from chalicelib.reconcile.object_checks import is_row_lost
from chalicelib.reconcile.photo_state import PhotoState
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.audit import build_derived_rows
from chalicelib.stores.dynamodb.items import Item
from chalicelib.stores.dynamodb.tags import get_term
from chalicelib.stores.row_audit import RowId

_DERIVED = {"term_table": "search-row", "entry_table": "entry", "account_table": "digest"}
INDEX_KEYS = (
    *("dueShard", "takenKey", "ownerKey", "rank", "publicKey", "publicOwnerKey", "feedShard", "expiresAt"),
    "sweepAt",
)


def check_rows(state: PhotoState) -> Iterator[Finding]:
    """Yield what is wrong with the row of a photo, and with the rows that follow from it."""
    if not state.is_settled:
        return
    if state.row is not None and state.photo is None:
        yield Finding("row-unreadable", state.photo_id)
        return
    if is_row_lost(state):
        # The other rows belong to the photo again when it is rebuilt.
        return
    yield from _check_derived_rows(state)
    yield from _check_ratings(state)
    if state.photo and state.row is not None:
        if _is_not_due(state.photo):
            yield Finding("photo-not-due", state.photo_id)
        elif _has_wrong_keys(state.row, items.encode_photo(state.photo)):
            yield Finding("photo-keys", state.photo_id)
        yield from _check_memberships(state, state.photo)


def correct_photo(state: PhotoState, photo: Photo) -> Photo:
    """Return the photo as it should be stored, from what the other rows say."""
    memberships = {
        album_id: membership.with_(name=album.name, public=album.public)
        for album_id, membership in photo.memberships.items()
        if (album := state.albums.get(album_id))
    }
    rating_sum, rating_count = _sum_ratings(state) if photo.status == "ready" else (0, 0)
    corrected = photo.with_(memberships=memberships, rating_sum=rating_sum, rating_count=rating_count)
    if _is_not_due(photo):
        corrected = corrected.with_(due_at=format_timestamp(state.now))
    return _restore_albums_and_tags(state, corrected) if photo.rebuilt else corrected


def get_album(state: PhotoState, row: Item) -> Album | None:
    """Return the album of an entry, if the photo can be in it."""
    album = state.albums.get(AlbumId(row["albumId"]["S"]))
    return album if album and album.user_id == state.user_id and album.deleted_at is None else None


def _check_derived_rows(state: PhotoState) -> Iterator[Finding]:
    expected = build_derived_rows(state.photo)
    for row_id in expected:
        if state.derived.get(row_id) != expected[row_id]:
            yield Finding(f"{_DERIVED[row_id[0]]}-missing", name_row(row_id))
    for row_id in state.derived:
        if row_id not in expected:
            yield Finding(f"{_DERIVED[row_id[0]]}-orphaned", name_row(row_id))


def name_row(row_id: RowId) -> str:
    """Return the name of a row in a report."""
    return " ".join(row_id[1:])


def _check_ratings(state: PhotoState) -> Iterator[Finding]:
    photo = state.photo
    if photo is None or photo.status == "erased":
        # While the tombstone is due, the sweep has still to delete the ratings.
        if photo is None or photo.due_at is None:
            yield from (Finding("rating-orphaned", f"{state.photo_id} {row['userId']['S']}") for row in state.ratings)
        return
    if photo.status != "ready" or state.row is None:
        return
    rating_sum, rating_count = _sum_ratings(state)
    rated_photo = photo.with_(rating_sum=rating_sum, rating_count=rating_count)
    if rated_photo != photo or state.row.get("score") != items.encode_photo(rated_photo).get("score"):
        yield Finding("rating-sum", state.photo_id)


def _sum_ratings(state: PhotoState) -> tuple[int, int]:
    return sum(int(row["rating"]["N"]) for row in state.ratings), len(state.ratings)


def _is_not_due(photo: Photo) -> bool:
    """Return whether the sweep would never find a photo on which work is left."""
    is_unfinished = photo.status in ("pending", "rejected") or (photo.status == "ready" and photo.trashed_at)
    return bool(is_unfinished and photo.due_at is None)


def _has_wrong_keys(row: Item, expected: Item) -> bool:
    # The sweep postpones photos, so only the presence of `sweepAt` follows from the photo. The time at which a
    # tombstone expires does not follow from it either.
    free = {"sweepAt", "expiresAt"}
    return any(
        (name in row) != (name in expected) if name in free else row.get(name) != expected.get(name)
        for name in INDEX_KEYS
    )


def _check_memberships(state: PhotoState, photo: Photo) -> Iterator[Finding]:
    for album_id, membership in photo.memberships.items():
        album = state.albums.get(album_id)
        if album is None:
            yield Finding("membership-orphaned", f"{album_id} {photo.photo_id}")
            continue
        # While the album is due, its propagation has still to update the copies.
        is_final = album.due_at is None and album.deleted_at is None
        if is_final and (membership.name, membership.public) != (album.name, album.public):
            yield Finding("copy-stale", f"{album_id} {photo.photo_id}")


def _restore_albums_and_tags(state: PhotoState, photo: Photo) -> Photo:
    """Return a rebuilt photo with the albums and tags of the rows that survived."""
    memberships, tags = dict(photo.memberships), list(photo.tags)
    expected = build_derived_rows(photo)
    for row_id, row in state.derived.items():
        if row_id in expected:
            continue
        if row_id[0] == "entry_table" and (album := get_album(state, row)):
            position = int(row["position"]["S"].partition("#")[0])
            memberships[album.album_id] = Membership(name=album.name, public=album.public, position=position)
        elif term := get_term(row):
            tags.append(term)
    return photo.with_(memberships=memberships, tags=tuple(tags))
