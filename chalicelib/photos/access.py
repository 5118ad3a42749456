"""Read a photo, and check that the caller may see or change it."""

from collections.abc import Mapping
from typing import Protocol

from chalicelib.domain.accounts import Caller, is_user
from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.ids import PhotoId, is_photo_id
from chalicelib.domain.photos import Photo
from chalicelib.stores.protocols import PhotoStore


class PhotoReader(Protocol):
    """The part of `PhotoStore` that reads one photo."""

    def get_photo(self, photo_id: PhotoId) -> Photo | None:
        """Return the photo or its tombstone, or None if neither exists."""


class PreloadedPhotos:
    """A reader whose first read of each photo returns the photo from `photos`. Later reads go to the store."""

    def __init__(self, store: PhotoStore, photos: Mapping[PhotoId, Photo]) -> None:
        self._store, self._photos = store, dict(photos)

    def get_photo(self, photo_id: PhotoId) -> Photo | None:
        """Return the photo or its tombstone, or None if neither exists."""
        if photo := self._photos.pop(photo_id, None):
            return photo
        # The ids of a batch match a pattern, which allows times after the year 9999. No photo has such an id.
        return self._store.get_photo(photo_id) if is_photo_id(photo_id) else None


def get_visible_photo(store: PhotoReader, photo_id: PhotoId, by: Caller | None) -> Photo:
    """Return a photo that the caller may see. `by` is None for a visitor.

    Raises:
        NotFound: the photo does not exist, or the caller may not see it. Both cases get the same error.
    """
    photo = store.get_photo(photo_id)
    if photo is None or not photo.is_visible_to(by.user_id if by else None):
        raise NotFound
    return photo


def get_owned_photo(store: PhotoReader, photo_id: PhotoId, by: Caller) -> Photo:
    """Return a photo that the caller may change.

    Raises:
        NotFound: the photo does not exist, or the caller may not see it.
        Forbidden: the caller may see the photo but does not own it.
    """
    photo = get_visible_photo(store, photo_id, by)
    if not is_user(by, photo.user_id):
        raise Forbidden("Only the owner of this photo may perform this action.")
    return photo
