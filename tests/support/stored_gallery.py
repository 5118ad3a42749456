"""A gallery of the feed whose photos are in a store."""

from chalicelib.domain import feed
from chalicelib.domain.feed import Span
from chalicelib.domain.ids import PhotoId, create_photo_id
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from tests.support.feed_gallery import Gallery, Item
from tests.support.rows import START, Backend, pending


class StoredGallery(Gallery):
    """A gallery that reads from a store, and remembers which photos the store should have."""

    def __init__(self, backend: Backend, listing: Listing, count: int = 0, seed: int = 0) -> None:
        super().__init__(seed=seed, sizes=backend.store.walk_sizes)
        self._backend, self._listing, self._photos = backend, listing, dict[PhotoId, Photo]()
        for _ in range(count):
            self.insert()

    def put(self, photo_id: PhotoId) -> None:
        super().put(photo_id)
        photo = pending(photo_id=photo_id, s3_key=f"ann/{photo_id}/x.jpg", status="ready")
        self._photos[photo_id] = self._backend.add_ready(photo)

    def delete(self) -> PhotoId | None:
        photo_id = super().delete()
        if photo_id:
            assert self._backend.store.remove(self._photos.pop(photo_id))
        return photo_id

    def read(self, spans: list[Span], limit: int | None = None) -> list[list[Item]]:
        """Return the items of each span. Check that the store has the same photos as the gallery."""
        lists = self._backend.store.list_by_rank(self._listing, spans, limit)
        items = [[Item(photo.photo_id, feed.compute_rank(photo.photo_id)) for photo in photos] for photos in lists]
        assert items == [self.within(span, limit) for span in spans]
        return items

    def _new_id(self) -> PhotoId:
        return create_photo_id(START, self.rng.getrandbits(128))
