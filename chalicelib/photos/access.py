"""Read a photo, and check that the caller may see or change it."""

from chalicelib.domain.accounts import Caller, is_user
from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from chalicelib.stores.protocols import PhotoStore


def get_visible_photo(store: PhotoStore, photo_id: PhotoId, by: Caller | None) -> Photo:
    """Return a photo that the caller may see. `by` is None for a visitor.

    Raises:
        NotFound: the photo does not exist, or the caller may not see it. Both cases get the same error.
    """
    photo = store.get_photo(photo_id)
    if photo is None or not photo.is_visible_to(by.user_id if by else None):
        raise NotFound
    return photo


def get_owned_photo(store: PhotoStore, photo_id: PhotoId, by: Caller) -> Photo:
    """Return a photo that the caller may change.

    Raises:
        NotFound: the photo does not exist, or the caller may not see it.
        Forbidden: the caller may see the photo but does not own it.
    """
    photo = get_visible_photo(store, photo_id, by)
    if not is_user(by, photo.user_id):
        raise Forbidden("Only the owner of this photo may perform this action.")
    return photo
