"""Who may see a photo, and who may change it: the two look-ups that every use case begins with."""

from chalicelib.domain.errors import Forbidden, NotFound
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.protocols import Store


def seen(store: Store, photo_id: PhotoId, by: UserId | None) -> Photo:
    """A photo that this person, or a visitor, may see.

    Raises:
        NotFound: there is no such photo, or not for them: the two look the same.
    """
    photo = store.photo(photo_id)
    if photo is None or not photo.visible_to(by):
        raise NotFound
    return photo


def own(store: Store, photo_id: PhotoId, by: UserId) -> Photo:
    """A photo that this person may change.

    Raises:
        NotFound: there is no such photo, or they may not even see it.
        Forbidden: they may see it, and do not own it.
    """
    photo = seen(store, photo_id, by)
    if photo.user_id != by:
        raise Forbidden
    return photo
