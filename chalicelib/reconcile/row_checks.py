"""Compare the rows of one photo with each other. This module does no I/O."""

from collections.abc import Collection, Iterator, Sequence

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import Membership, Photo
from chalicelib.domain.tags import normalize_tags
from chalicelib.reconcile.findings import Finding
from chalicelib.reconcile.object_checks import is_row_lost
from chalicelib.reconcile.photo_state import PhotoState
from chalicelib.stores.row_audit import DerivedRow, RowId, StoredRating


def check_rows(state: PhotoState) -> Iterator[Finding]:
    """Yield the findings of the row of a photo, and of the rows that follow from it."""
    if not state.is_settled:
        return
    if state.stored and state.photo is None:
        yield Finding("row-unreadable", state.photo_id)
        return
    if is_row_lost(state):
        # The other rows belong to the photo again when it is rebuilt.
        return
    yield from _check_derived_rows(state)
    yield from _check_ratings(state)
    if state.stored and state.photo:
        if _is_not_due(state.photo):
            yield Finding("photo-not-due", state.photo_id)
        elif state.wrong_keys.others:
            yield Finding("photo-keys", state.photo_id)
        yield from _check_memberships(state, state.photo)


def correct_photo(state: PhotoState, photo: Photo) -> Photo:
    """Return the photo as it should be stored, with the facts of its albums and ratings."""
    memberships = {
        album_id: membership.with_(name=album.name, public=album.public)
        for album_id, membership in photo.memberships.items()
        if (album := state.albums.get(album_id))
    }
    corrected = count_ratings(photo.with_(memberships=memberships), state.ratings)
    return corrected.with_(due_at=format_timestamp(state.now)) if _is_not_due(photo) else corrected


def count_ratings(photo: Photo, ratings: Sequence[StoredRating]) -> Photo:
    """Return the photo with the sums of its ratings."""
    counted = ratings if photo.status == "ready" else ()
    return photo.with_(rating_sum=sum(rating.rating for rating in counted), rating_count=len(counted))


def restore_albums_and_tags(state: PhotoState, photo: Photo, expected: Collection[RowId]) -> Photo:
    """Return a rebuilt photo with the albums and tags of the rows that survived, except the rows `expected`."""
    memberships, tags = dict(photo.memberships), list(photo.tags)
    for row_id, row in state.derived.items():
        if row_id in expected:
            continue
        if album := get_album(state, row):
            memberships[album.album_id] = Membership(name=album.name, public=album.public, position=row.position)
        elif row.tag and row.tag not in normalize_tags(tags):
            tags.append(row.tag)
    return photo.with_(memberships=memberships, tags=tuple(tags))


def get_album(state: PhotoState, row: DerivedRow) -> Album | None:
    """Return the album of an entry, if the photo can be in it."""
    album = state.albums.get(row.album_id) if row.album_id else None
    return album if album and album.user_id == state.user_id and album.deleted_at is None else None


def _check_derived_rows(state: PhotoState) -> Iterator[Finding]:
    for row_id, row in state.expected.items():
        if state.derived.get(row_id) != row:
            yield Finding(f"{row_id.kind}-missing", row_id.name)
    for row_id in state.derived:
        if row_id not in state.expected:
            yield Finding(f"{row_id.kind}-orphaned", row_id.name)


def _check_ratings(state: PhotoState) -> Iterator[Finding]:
    photo = state.photo
    if photo is None or photo.status == "erased":
        # While the tombstone is due, the sweep still has to delete the ratings.
        if photo is None or photo.due_at is None:
            yield from (Finding("rating-orphaned", name_rating(rating)) for rating in state.ratings)
        return
    if photo.status != "ready" or state.stored is None:
        return
    if count_ratings(photo, state.ratings) != photo or state.wrong_keys.score:
        yield Finding("rating-sum", state.photo_id)


def name_rating(rating: StoredRating) -> str:
    """Return the name of a rating in a report."""
    return f"{rating.photo_id} {rating.user_id}"


def _is_not_due(photo: Photo) -> bool:
    """Return whether a photo has unfinished work that the sweep would never find."""
    is_unfinished = photo.status in ("pending", "rejected") or (photo.status == "ready" and photo.trashed_at)
    return bool(is_unfinished and photo.due_at is None)


def _check_memberships(state: PhotoState, photo: Photo) -> Iterator[Finding]:
    for album_id, membership in photo.memberships.items():
        album = state.albums.get(album_id)
        if album is None:
            yield Finding("membership-orphaned", f"{album_id} {photo.photo_id}")
            continue
        # While the album is due, its propagation still has to update the copies.
        is_final = album.due_at is None and album.deleted_at is None
        if is_final and (membership.name, membership.public) != (album.name, album.public):
            yield Finding("copy-stale", f"{album_id} {photo.photo_id}")
