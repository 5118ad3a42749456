"""The random order of stored photos is exact."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.ids import UserId
from chalicelib.domain.listing import Listing
from tests.support import feed_walks
from tests.support.feed_walks import Churn
from tests.support.rows import Backend
from tests.support.stored_gallery import StoredGallery

LISTINGS = (Listing(scope="owner", owner=UserId("ann")), Listing(scope="public"))
FEW = st.integers(0, 3)


@pytest.mark.parametrize("listing", LISTINGS)
@settings(max_examples=5, deadline=None, suppress_health_check=[*HealthCheck])
@given(count=st.integers(0, 40), seed=st.integers(0, 2**32), churn=st.builds(Churn, FEW, FEW, FEW, FEW))
def test_walk_shows_every_photo_that_stays_exactly_once(
    empty_backend: Callable[[], Backend], listing: Listing, count: int, seed: int, churn: Churn
) -> None:
    gallery = StoredGallery(empty_backend(), listing, count, seed)
    feed_walks.check_walk(gallery, 5 if listing.scope == "public" else 0, churn, largest=7)
