"""The `Store` protocol: what the use cases need of a database, and what each call promises."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chalicelib.feed import Span
from chalicelib.ids import PhotoId, Timestamp, UserId
from chalicelib.models import Account, Limits, Listing, Photo
from chalicelib.terms import Sought


class Store(Protocol):
    """Accounts and photos.

    Reads by id see every write that was acknowledged; lists may lag behind it for about a second. A photo's row, its
    terms and its owner's usage change together or not at all. Every call may raise `Busy`, and may then be repeated.
    """

    def account(self, user_id: UserId) -> Account:
        """The account; an empty one where nothing was ever written for this person."""

    def open_account(self, account: Account) -> Account:
        """Write this account unless there is one; the one that is there now."""

    def photo(self, photo_id: PhotoId) -> Photo | None:
        """The photo, its tombstone, or None where neither exists. A tombstone past its time counts as absent."""

    def grant(self, photo: Photo, limits: Limits) -> None:
        """Write a pending photo and charge its owner's account, which is opened where there is none.

        Raises:
            QuotaExceeded: the account would hold more than `limits`; never exceeded, however many ask at once.
            InvalidToken: the account is cancelled.
        """

    def rebuild(self, photo: Photo) -> bool:
        """Write a photo whose row was lost, and charge its owner's account, whatever its limits.

        Returns False, and changes nothing, where there is a row or a tombstone.
        """

    def replace(self, before: Photo, after: Photo) -> bool:
        """Write `after` over `before`, with its terms and the difference in usage.

        Returns False, and changes nothing, where the row is no longer as `before`: somebody was faster. Ratings
        that arrived meanwhile are kept and are no obstacle.
        """

    def forget_ratings(self, photo_id: PhotoId) -> int:
        """Delete up to 100 of the ratings of an erased photo; how many it were. No new ones can come."""

    def remove(self, photo: Photo) -> bool:
        """Delete a row without a tombstone, as of an unused grant; refund its owner's account.

        Returns False, and changes nothing, where the row is no longer as given.
        """

    def by_time(
        self,
        listing: Listing,
        limit: int,
        *,
        newest: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        """Up to `limit` photos in the order of their ids, those beyond `after`, at least `since` and below `until`."""

    def by_score(self, listing: Listing, limit: int, *, after: tuple[float, PhotoId] | None = None) -> list[Photo]:
        """Up to `limit` photos, best first, equals newest first, those beyond `after`."""

    def by_rank(self, listing: Listing, spans: Sequence[Span], limit: int | None = None) -> list[list[Photo]]:
        """For each span its photos in the order of their ranks, the first `limit` or all. No span crosses a shard."""

    def shard_bits(self, listing: Listing) -> int:
        """How many of a rank's top bits choose the shard that holds it in this listing."""

    def due(self, now: Timestamp, limit: int) -> list[PhotoId]:
        """Up to `limit` photos whose `due_at` has come."""


class RatingStore(Protocol):
    """Who rated which photo how. A rating and its photo's sums change together or not at all."""

    def rating(self, photo_id: PhotoId, user_id: UserId) -> int | None:
        """What this person gave this photo; None where they gave nothing. Sees every write that was acknowledged."""

    def rate(self, photo: Photo, user_id: UserId, before: int | None, after: int | None) -> bool:
        """Write `after` over the rating `before`; None is no rating. The photo must be listed.

        Returns False, and changes nothing, where the rating, the photo or its ratings are no longer as given.
        """


class Postings(NamedTuple):
    """The beginning of a word's list."""

    ids: tuple[PhotoId, ...]
    """Photos that hold the word, newest first, each once."""
    through: PhotoId | None
    """The last photo that was looked at; None where the list ends."""

    def may_hold(self, photo_id: PhotoId) -> bool:
        """Whether the photo is on the list, as far as it was read."""
        return photo_id in self.ids or (self.through is not None and photo_id < self.through)


class SearchIndex(Protocol):
    """Which photos hold which words. The lists may lag behind the photos for about a second; the photos do not."""

    def postings(
        self, listing: Listing, words: Sequence[Sought], limit: int, *, after: PhotoId | None = None
    ) -> list[Postings]:
        """For each word the photos of `listing` that hold it, newest first, beyond `after`; at most `limit` are read.

        For all but the public that is also the names of private albums.
        """

    def photos(self, photo_ids: Sequence[PhotoId]) -> list[Photo]:
        """The photos of these ids, in this order, tombstones as well; those that do not exist are left out."""
