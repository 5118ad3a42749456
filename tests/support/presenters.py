"""A presenter that returns photos instead of views, for tests of lists that need no URLs."""

from typing import Any

from chalicelib.domain.accounts import Caller
from chalicelib.domain.ids import UserId
from chalicelib.domain.listing import Page
from chalicelib.domain.photos import Photo
from chalicelib.photos.views import PhotoPresenter


class RowPresenter(PhotoPresenter):
    """Return photos instead of views."""

    def __init__(self) -> None:
        """Skip the bucket and the clock, because only views need them."""

    def build_page(self, page: Page[Photo], *_: Any) -> Page[Any]:
        """Return the page as it is."""
        return page


def caller(user_id: str | UserId | None) -> Caller | None:
    """Return the caller with this id, or None for a visitor."""
    return Caller(UserId(user_id)) if user_id else None
