"""Read everything that is stored about photos, of one account at a time and in the order of their ids."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from heapq import merge
from itertools import batched, groupby
from typing import NamedTuple

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, is_photo_id
from chalicelib.domain.photos import Photo
from chalicelib.reconcile.photo_state import PhotoState
from chalicelib.reconcile.row_checks import count_ratings
from chalicelib.reconcile.sources import Sources
from chalicelib.storage.listings import Rendition, Version
from chalicelib.stores.row_audit import DerivedRow, RowId, WrongKeys

BATCH = 100


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

    def load_account(self, owner: Owner) -> Iterator[list[PhotoState]]:
        """Yield the photos of a user in batches, including ids that only the keys of objects have."""
        for batch in batched(self._merge_parts(owner.user_id), BATCH):
            yield self._load(owner, batch, ())

    def load_one(self, owner: Owner, photo_id: PhotoId, others: Iterable[RowId] = ()) -> PhotoState:
        """Load one photo. Also read the rows with the ids `others`, even if the photo does not lead to them."""
        prefix = f"{owner.user_id}/{photo_id}/"
        # A key without a file name has no slash at its end.
        versions = [
            version for version in self._listings.list_versions(prefix[:-1]) if _is_in_folder(version.key, prefix)
        ]
        renditions = [item for item in self._listings.list_renditions(prefix[:-1]) if _is_in_folder(item.key, prefix)]
        (state,) = self._load(owner, [PhotoParts(photo_id, versions, renditions)], others)
        return state

    def load_photos(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, Photo | None]:
        """Return the photos whose rows exist, or None for an unreadable row."""
        return {photo_id: stored.photo for photo_id, stored in self._rows.read_photos(photo_ids).items()}

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
        photo_ids = [part.photo_id for part in parts if is_photo_id(part.photo_id)]
        stored, ratings = self._rows.read_photos(photo_ids), self._rows.list_ratings(photo_ids)
        photos = {photo_id: item.photo for photo_id, item in stored.items() if item.photo}
        expected = {
            photo_id: self._rows.build_rows(count_ratings(photo, ratings[photo_id]))
            for photo_id, photo in photos.items()
        }
        derived = self._rows.read_rows([*(row_id for row_ids in expected.values() for row_id in row_ids), *others])
        by_photo: dict[PhotoId, dict[RowId, DerivedRow]] = {}
        for row_id, row in derived.items():
            by_photo.setdefault(row.photo_id, {})[row_id] = row
        albums, now = self._load_albums(photos.values(), derived), self._clock()

        def build(part: PhotoParts) -> PhotoState:
            photo_id = part.photo_id
            return PhotoState(
                user_id=owner.user_id,
                photo_id=photo_id,
                now=now,
                settling_time=self._settling_time,
                is_user_known=owner.is_known,
                stored=stored.get(photo_id),
                wrong_keys=self._rows.check_keys(stored[photo_id]) if photo_id in photos else WrongKeys(),
                expected=expected.get(photo_id, {}),
                derived=by_photo.get(photo_id, {}),
                albums=albums,
                ratings=ratings.get(photo_id, ()),
                versions=part.versions,
                renditions=part.renditions,
            )

        return [*map(build, parts)]

    def _load_albums(self, photos: Iterable[Photo], derived: Mapping[RowId, DerivedRow]) -> dict[AlbumId, Album]:
        album_ids = {album_id for photo in photos for album_id in photo.memberships}
        album_ids |= {row.album_id for row in derived.values() if row.album_id}
        return {album_id: stored.album for album_id, stored in self._rows.read_albums(sorted(album_ids)).items()}


def _get_photo_id(key: str) -> PhotoId:
    """Return the second part of a key, which is the photo id if a grant named the key."""
    return PhotoId(key.split("/", 2)[1])


def _is_in_folder(key: str, prefix: str) -> bool:
    return key.startswith(prefix) or f"{key}/" == prefix
