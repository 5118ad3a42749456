"""Use cases of ratings: a user rates a photo from 1 to 5."""

from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from chalicelib.infra.retry import WriteConflict, retry_on_conflict
from chalicelib.photos.access import get_visible_photo
from chalicelib.photos.views import RatingView
from chalicelib.stores.protocols import PhotoStore, RatingStore

_ATTEMPTS = 10


class OwnRatingView(RatingView, omit_defaults=False, frozen=True):
    """The rating of a photo, and the caller's own rating. `mine` is null if the caller has not rated the photo."""

    mine: int | None


class Ratings:
    """Rate photos."""

    def __init__(self, store: PhotoStore, ratings: RatingStore) -> None:
        self._store, self._ratings = store, ratings

    def show(self, photo_id: PhotoId, *, by: Caller) -> OwnRatingView:
        """Return the rating of a photo.

        Raises:
            NotFound: the photo does not exist, or the caller may not see it.
        """
        photo = get_visible_photo(self._store, photo_id, by)
        return _build_view(photo, self._ratings.get_rating(photo_id, by.user_id))

    def rate(self, photo_id: PhotoId, rating: int | None, *, by: Caller) -> OwnRatingView:
        """Replace the caller's rating of a photo. None removes it.

        Raises:
            NotFound: the photo does not exist, or the caller may not see it.
            NotReady: the caller owns the photo, and it is pending, rejected or in the trash.
            Busy: too many users rate the photo at the same time.
        """

        def attempt() -> OwnRatingView:
            photo = get_visible_photo(self._store, photo_id, by)
            before = self._ratings.get_rating(photo_id, by.user_id)
            if not photo.listed:
                raise errors.NotReady
            if before == rating:
                return _build_view(photo, rating)
            if not self._ratings.rate(photo, by.user_id, before, rating):
                raise WriteConflict
            return _build_view(photo.with_rating(before, rating), rating)

        return retry_on_conflict(attempt, error_factory=errors.Busy, attempts=_ATTEMPTS)


def _build_view(photo: Photo, mine: int | None) -> OwnRatingView:
    return OwnRatingView(average=photo.average, count=photo.rating_count, mine=mine)
