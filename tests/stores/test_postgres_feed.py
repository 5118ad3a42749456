"""The random order on PostgreSQL is even. On DynamoDB, the same code is too slow for so many pages."""

from chalicelib.domain.ids import UserId
from chalicelib.domain.listing import Listing
from tests.support import feed_evenness
from tests.support.rows import Backend
from tests.support.stored_gallery import StoredGallery


def test_every_photo_is_equally_likely_on_a_first_page(backend: Backend) -> None:
    gallery = StoredGallery(backend, Listing(scope="owner", owner=UserId("ann")), 50, seed=1)
    pages = feed_evenness.first_pages(gallery, 0, 1_000)
    assert feed_evenness.singles(gallery, pages).p > 0.001
