"""Ratings: one a person and photo, from 1 to 5, and what they come to."""

import random
import time

from chalicelib.domain import errors
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.photos.access import seen
from chalicelib.photos.photos import RatingView
from chalicelib.stores.protocols import RatingStore, Store

_ATTEMPTS = 10
_LONGEST_PAUSE = 0.5


class OwnRatingView(RatingView, omit_defaults=False, frozen=True):
    """The same, and what the caller gave it; None where they gave nothing."""

    mine: int | None


def shown(store: Store, ratings: RatingStore, photo_id: PhotoId, *, by: UserId) -> OwnRatingView:
    """How a photo is rated.

    Raises:
        NotFound: there is no such photo, or `by` may not see it.
    """
    return _view(seen(store, photo_id, by), ratings.rating(photo_id, by))


def rate(store: Store, ratings: RatingStore, photo_id: PhotoId, *, by: UserId, rating: int | None) -> OwnRatingView:
    """Give a photo this rating instead of the one that `by` gave it before; None takes that back.

    Raises:
        NotFound: there is no such photo, or `by` may not see it.
        NotReady: it is theirs, and pending, rejected or in the trash.
        Busy: too many rate it at once.
    """
    for attempt in range(_ATTEMPTS):
        _pause(attempt)
        photo, before = seen(store, photo_id, by), ratings.rating(photo_id, by)
        if not photo.listed:
            raise errors.NotReady
        if before == rating:
            return _view(photo, rating)
        if ratings.rate(photo, by, before, rating):
            return _view(photo.rated(before, rating), rating)
    raise errors.Busy


def _pause(attempt: int) -> None:
    # Everybody's rating of one photo changes the same sums: without jitter, those who met would meet again.
    if attempt:
        time.sleep(random.uniform(0, min(0.01 * 2**attempt, _LONGEST_PAUSE)))


def _view(photo: Photo, mine: int | None) -> OwnRatingView:
    return OwnRatingView(average=photo.average, count=photo.rating_count, mine=mine)
