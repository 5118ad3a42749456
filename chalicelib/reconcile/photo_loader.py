"""Read everything that is stored about photos, of one account at a time and in the order of their ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cached_property
from heapq import merge
from itertools import batched, groupby
from typing import NamedTuple

import msgspec

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, get_upload_time, is_photo_id
from chalicelib.domain.photos import Photo
from chalicelib.reconcile.photo_state import PhotoState
from chalicelib.reconcile.sources import Sources
from chalicelib.storage.listings import Rendition, Version
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.audit import build_derived_rows
from chalicelib.stores.dynamodb.items import Item
from chalicelib.stores.row_audit import RowId

BATCH = 100
_READERS = 8


class Owner(NamedTuple):
    """A user, and whether the user has an account or a Cognito user."""

    user_id: UserId
    is_known: bool = True


class PhotoParts(NamedTuple):
    """A photo id, and the objects of the photo."""

    photo_id: PhotoId
    versions: Sequence[Version] = ()
    renditions: Sequence[Rendition] = ()


class PhotoLoader:
    """Load the states of photos. The memory for one batch does not depend on the size of the account."""

    def __init__(self, sources: Sources, settling_time: timedelta, max_photos: int = 0) -> None:
        """`max_photos` is the largest number of photos of an account that the run examines, or 0 for all."""
        self._rows, self._listings, self._clock = sources.rows, sources.listings, sources.clock
        self._settling_time, self.max_photos = settling_time, max_photos

    @cached_property
    def _readers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(_READERS, "reconcile")

    def load_account(self, owner: Owner) -> Iterator[list[PhotoState]]:
        """Yield the photos of a user in batches, including ids that only the keys of objects have."""
        for batch in batched(self._merge_parts(owner.user_id), BATCH):
            yield self._load(owner, batch, ())

    def load_one(self, owner: Owner, photo_id: PhotoId, others: Iterable[RowId] = ()) -> PhotoState:
        """Load one photo, with the stored words, tags, entries or digest of the ids `others`."""
        prefix = f"{owner.user_id}/{photo_id}/"
        # A key without a file name has no slash at its end.
        versions = [
            version for version in self._listings.list_versions(prefix[:-1]) if _is_in_folder(version.key, prefix)
        ]
        renditions = [item for item in self._listings.list_renditions(prefix[:-1]) if _is_in_folder(item.key, prefix)]
        (state,) = self._load(owner, [PhotoParts(photo_id, versions, renditions)], others)
        return state

    def load_photos(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, Photo | None]:
        """Return the photos whose rows exist. An unreadable row gives None."""
        rows = self._read_rows(photo_ids)
        return {photo_id: _decode_photo(row) for photo_id, row in rows.items()}

    def iterate_photos(self, user_id: UserId) -> Iterator[Photo]:
        """Yield the photos and tombstones of a user that are readable, in the order of their ids."""
        for batch in batched(self._iterate_ids(user_id), BATCH):
            yield from (photo for photo in self.load_photos(batch).values() if photo)

    def _iterate_ids(self, user_id: UserId) -> Iterator[PhotoId]:
        after = ""
        while photo_ids := self._rows.list_photo_ids(user_id, BATCH, after):
            yield from photo_ids
            after = photo_ids[-1]

    def _merge_parts(self, user_id: UserId) -> Iterator[PhotoParts]:
        prefix = f"{user_id}/"
        streams = (
            ((photo_id, None) for photo_id in self._iterate_ids(user_id)),
            ((_get_photo_id(item.key), item) for item in self._listings.list_versions(prefix)),
            ((_get_photo_id(item.key), item) for item in self._listings.list_renditions(prefix)),
        )
        parts: Iterable[tuple[PhotoId, Version | Rendition | None]] = merge(*streams, key=lambda part: part[0])
        for photo_id, group in groupby(parts, key=lambda part: part[0]):
            objects = [item for _, item in group]
            versions = [item for item in objects if isinstance(item, Version)]
            yield PhotoParts(photo_id, versions, [item for item in objects if isinstance(item, Rendition)])

    def _load(self, owner: Owner, parts: Sequence[PhotoParts], others: Iterable[RowId]) -> list[PhotoState]:
        rows = self._read_rows(part.photo_id for part in parts)
        photos = {photo_id: _decode_photo(row) for photo_id, row in rows.items()}
        expected = [row_id for photo in photos.values() for row_id in build_derived_rows(photo)]
        derived = self._rows.read([*expected, *others])
        albums = self._load_albums(photos.values(), derived)
        ratings = dict(zip(photos, self._readers.map(self._list_ratings, photos), strict=True))
        by_photo: dict[str, dict[RowId, Item]] = {}
        for row_id, row in derived.items():
            by_photo.setdefault(row["photoId"]["S"], {})[row_id] = row
        now = self._clock()
        return [
            PhotoState(
                user_id=owner.user_id,
                photo_id=part.photo_id,
                now=now,
                settling_time=self._settling_time,
                is_user_known=owner.is_known,
                row=rows.get(part.photo_id),
                photo=photos.get(part.photo_id),
                derived=by_photo.get(part.photo_id, {}),
                albums=albums,
                ratings=ratings[part.photo_id] if part.photo_id in ratings else self._list_ratings(part.photo_id),
                versions=part.versions,
                renditions=part.renditions,
            )
            for part in parts
        ]

    def _read_rows(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, Item]:
        row_ids: list[RowId] = [
            ("photo_table", photo_id, get_upload_time(photo_id)) for photo_id in photo_ids if is_photo_id(photo_id)
        ]
        return {PhotoId(row["photoId"]["S"]): row for row in self._rows.read(row_ids).values()}

    def _load_albums(self, photos: Iterable[Photo | None], derived: Mapping[RowId, Item]) -> dict[AlbumId, Album]:
        album_ids = {album_id for photo in photos if photo for album_id in photo.memberships}
        album_ids |= {AlbumId(row["albumId"]["S"]) for row in derived.values() if "albumId" in row}
        found = self._rows.read(("album_table", album_id, "album") for album_id in sorted(album_ids))
        return {AlbumId(row["albumId"]["S"]): items.decode_album(row) for row in found.values()}

    def _list_ratings(self, photo_id: PhotoId) -> list[Item]:
        return self._rows.query("rating_table", photo_id)


def _decode_photo(row: Item) -> Photo | None:
    try:
        return items.decode_photo(row)
    except (msgspec.ValidationError, KeyError, ValueError, TypeError):
        return None


def _get_photo_id(key: str) -> PhotoId:
    """Return the second part of a key, which is the photo id if a grant named the key."""
    return PhotoId(key.split("/", 2)[1])


def _is_in_folder(key: str, prefix: str) -> bool:
    return key.startswith(prefix) or f"{key}/" == prefix
