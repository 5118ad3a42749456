"""Access to photos that a batch has read in advance."""

from chalicelib.domain.accounts import Caller
from chalicelib.photos.access import PreloadedPhotos, get_owned_photo
from tests.support.rows import Backend


def test_preloaded_photo_is_read_from_the_store_only_after_its_first_read(backend: Backend) -> None:
    photo = backend.ready()
    reader = PreloadedPhotos(backend.store, {photo.photo_id: photo})
    changed = backend.put(photo, title="Sea")
    assert get_owned_photo(reader, photo.photo_id, Caller(photo.user_id)) == photo
    assert get_owned_photo(reader, photo.photo_id, Caller(photo.user_id)) == changed
