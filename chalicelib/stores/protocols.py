"""Storage contracts: the database operations that the use cases need, and the guarantees of each.

Every call may raise `Busy`. The caller may retry it.
Reads by id reflect every acknowledged write. Lists may lag behind by about a second unless their contract says more.
"""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.accounts import Account, IdempotencyRecord, Limits
from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.feed import Span, WalkSizes
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp, UserId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.share_links import ShareLink
from chalicelib.domain.terms import SearchPage, SearchWord


class PhotoStore(Protocol):
    """Photos, their tags, words and album entries, and their owners' usage and counts by month.

    A photo and all these change together or not at all.
    """

    walk_sizes: WalkSizes
    """The sizes of the reads of a random walk that suit this store."""

    def get_photo(self, photo_id: PhotoId) -> Photo | None:
        """Return the photo or its tombstone, or None if neither exists. An expired tombstone does not exist."""

    def get_photos(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        """Return the photos that exist, tombstones included, by their ids."""

    def add_pending(self, photo: Photo, limits: Limits, record: IdempotencyRecord | None = None) -> bool:
        """Add a pending photo, charge its owner's account, and store `record` if given, all or nothing.

        Open the account if it does not exist. Return False and change nothing if the key of `record` is taken.

        Raises:
            QuotaExceeded: the account would hold more than `limits`. Concurrent grants cannot exceed them either.
            InvalidToken: the account is cancelled.
        """

    def rebuild(self, photo: Photo) -> bool:
        """Add a photo whose record was lost, with its remaining ratings. Charge its owner regardless of limits.

        Return False and change nothing if the photo or its tombstone exists, or if the account is cancelled.
        """

    def replace(self, before: Photo, after: Photo) -> bool:
        """Replace `before` with `after`, its tags and words, its album entries and its owner's usage, all or nothing.

        Keep ratings that arrived since `before` was read. Update the counts of albums that the photo enters or leaves.
        If the photo enters an album, or its copies of an album's name and visibility change, write the current ones.
        The photo leaves albums that do not exist or are being deleted.
        Return False and change nothing if another writer has changed the photo since `before` was read.
        """

    def remove(self, photo: Photo) -> bool:
        """Delete a photo without leaving a tombstone, and refund its owner's account.

        Return False and change nothing if another writer has changed the photo.
        """

    def delete_ratings(self, photo_id: PhotoId) -> int:
        """Delete up to 100 ratings of an erased photo and return how many. An erased photo gets no new ratings."""

    def list_by_time(
        self,
        listing: Listing,
        limit: int,
        *,
        newest_first: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        """Return up to `limit` photos of a listing without a tag in the order of their ids, or in the reverse order.

        Start with the photo that follows `after`. Return only ids that are at least `since` and below `until`.

        Raises:
            ValueError: the listing has a tag.
        """

    def list_by_tag(
        self,
        listing: Listing,
        limit: int,
        *,
        newest_first: bool,
        after: PhotoId | None = None,
        since: PhotoId | None = None,
        until: PhotoId | None = None,
    ) -> list[Photo]:
        """Return photos of a listing with a tag as `list_by_time` does. Each photo has the tag at the time of the call.

        Fewer than `limit` photos are returned only at the end of the list.
        """

    def list_by_score(self, listing: Listing, limit: int, *, after: tuple[float, PhotoId] | None = None) -> list[Photo]:
        """Return up to `limit` photos that follow `after`, best first. Photos with equal scores come newest first."""

    def list_by_rank(self, listing: Listing, spans: Sequence[Span], limit: int | None = None) -> list[list[Photo]]:
        """Return for each span its photos in the order of their ranks, all of them or the first `limit`."""

    def list_due(self, now: Timestamp, limit: int) -> list[PhotoId]:
        """Return up to `limit` photos whose `sweep_at` has passed, except postponed photos."""

    def postpone(self, photo_ids: Sequence[PhotoId], until: Timestamp) -> None:
        """Leave these photos out of `list_due` until a time, or until their `sweep_at` changes."""


class AccountStore(Protocol):
    """Accounts and their usage."""

    def get_account(self, user_id: UserId) -> Account:
        """Return the account, or an empty one if nothing was ever written for this user."""

    def open_account(self, account: Account) -> Account:
        """Add this account unless the user has one. Return the account that exists now."""


class AccountDeletionStore(Protocol):
    """Deletion of accounts. Each purge removes a part of an account's data and may be repeated.

    The lists that a purge reads may lag behind by about a second. Only a later purge finds the newest records.
    """

    def cancel_account(self, user_id: UserId, now: Timestamp, due_at: Timestamp) -> None:
        """Cancel an account, even if nothing was ever written for this user. Leave a cancelled account unchanged.

        At `due_at` the account becomes due, unless its purge has ended by then.
        """

    def get_cancellation_time(self, user_id: UserId) -> Timestamp | None:
        """Return when an account was cancelled, or None if it was not cancelled or its purge has ended."""

    def postpone(self, user_id: UserId, due_at: Timestamp) -> None:
        """Let the account become due at `due_at`. Change nothing if its purge has ended."""

    def list_due(self, now: Timestamp, limit: int) -> list[UserId]:
        """Return up to `limit` accounts whose `due_at` has passed, the longest overdue first."""

    def purge_albums(self, user_id: UserId) -> int:
        """Remove some of the user's albums with all their links. Return how many records were found, 0 at the end."""

    def purge_photos(self, user_id: UserId) -> int:
        """Remove some of the user's photos with their tags, words, entries and ratings. Return how many were found."""

    def purge_ratings(self, user_id: UserId) -> int:
        """Remove some of the ratings that the user gave, also from the photos' sums. Return how many were found."""

    def purge_records(self, user_id: UserId) -> int:
        """Remove some of the user's records other than the account itself. Return how many were found."""

    def finish_purge_run(self, user_id: UserId, due_at: Timestamp | None) -> None:
        """Replace the account with a marker that it was cancelled, which expires after 90 days.

        If `due_at` is given, the account becomes due once more, and the marker stays until the next call.
        Change nothing if the account is not cancelled or its purge has ended.
        """


class IdempotencyStore(Protocol):
    """Idempotency records, and photos by their bytes. Reads reflect every acknowledged write."""

    def get_record(self, user_id: UserId, key: str) -> IdempotencyRecord | None:
        """Return the record of a key, or None if it does not exist or has expired. `key` is a SHA-256 digest."""

    def add(self, record: IdempotencyRecord) -> bool:
        """Add a record. Return False and change nothing if its key is taken."""

    def find_duplicate(self, user_id: UserId, sha256: str) -> PhotoId | None:
        """Return the user's first listed photo with these bytes, or None."""


class ShareLinkStore(Protocol):
    """Share links of albums. Lists reflect every acknowledged write."""

    def read_with_link(self, album_id: AlbumId, link_id: LinkId) -> tuple[Album | None, ShareLink | None]:
        """Return an album and one of its links, each None if it does not exist, in one request."""

    def add_link(self, link: ShareLink, limit: int, record: IdempotencyRecord | None = None) -> bool:
        """Add a link. See `PhotoStore.add_pending` for `record`.

        Raises:
            QuotaExceeded: the album has `limit` links. Concurrent calls cannot exceed the limit either.
            NotFound: the album does not exist or is being deleted.
        """

    def list_links(self, album_id: AlbumId, limit: int, *, after: LinkId | None = None) -> list[ShareLink]:
        """Return up to `limit` links of an album that follow `after`, the oldest first."""

    def remove_link(self, album_id: AlbumId, link_id: LinkId) -> bool:
        """Delete a link. Return False if it does not exist."""

    def count_wrong_password(self, link: ShareLink, window: int, limit: int) -> bool:
        """Count a wrong password in the time window with the number `window`. Concurrent calls cannot exceed `limit`.

        Return False and count nothing if the link does not exist or the window has `limit` wrong passwords.
        """


class AlbumStore(Protocol):
    """Albums and the photos in them. Photos enter and leave albums by `PhotoStore.replace`, which counts them too."""

    walk_sizes: WalkSizes

    def get_album(self, album_id: AlbumId) -> Album | None:
        """Return the album, even if it is being deleted, or None if it does not exist."""

    def add(self, album: Album, limit: int, record: IdempotencyRecord | None = None) -> bool:
        """Add an album, and open its owner's account if it does not exist. See `PhotoStore.add_pending` for `record`.

        Raises:
            QuotaExceeded: the owner has `limit` albums. Concurrent calls cannot exceed the limit either.
            InvalidToken: the account is cancelled.
        """

    def change(self, before: Album, after: Album) -> bool:
        """Replace `before` with `after`, except its counts, its latest photo and the progress of its propagation.

        An album with a `deleted_at` does not count towards its owner's limit.
        Return False and change nothing if another writer has changed the album.
        """

    def mark_updated(self, album: Album) -> None:
        """Mark all photos of the album as up to date with its name and visibility, unless these have changed again."""

    def store_progress(self, album: Album, through: PhotoId, due_at: Timestamp) -> None:
        """Store that the photos up to `through` are up to date, and when the sweep must enqueue the album again.

        Change nothing if the album has changed again, or all its photos are up to date.
        """

    def remove(self, album: Album) -> bool:
        """Remove an album that is being deleted and has no photos. Otherwise return False and change nothing."""

    def list_albums(self, owner: UserId | None, limit: int, *, after: AlbumId | None = None) -> list[Album]:
        """Return up to `limit` albums of the owner, or public albums if None. Start after `after`, newest first."""

    def list_due(self, now: Timestamp, limit: int) -> list[AlbumId]:
        """Return up to `limit` albums whose `due_at` has passed."""

    def list_entries(
        self, album_id: AlbumId, limit: int, *, include_private: bool, after: str | None = None
    ) -> list[Entry]:
        """Return up to `limit` photos of an album in the order of their positions, after the sort key `after`.

        Include private photos only if `include_private`. An album that does not exist has no entries.
        """

    def list_first_entries(self, albums: Sequence[tuple[AlbumId, bool]]) -> list[list[Entry]]:
        """Return for each album a list with its first entry, or []. The flag is `include_private` of `list_entries`."""

    def list_entries_by_rank(
        self, album_id: AlbumId, spans: Sequence[Span], limit: int | None = None, *, include_private: bool
    ) -> list[list[Entry]]:
        """Return for each span its photos, as `PhotoStore.list_by_rank` does. Private ones need `include_private`."""

    def list_member_ids(self, album_id: AlbumId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        """Return up to `limit` photos of an album whose ids follow `after`. The list reflects every earlier write."""

    def read_with_photos(
        self, album_id: AlbumId, photo_ids: Sequence[PhotoId]
    ) -> tuple[Album | None, dict[PhotoId, Photo]]:
        """Return an album and the photos that exist, in one request if they fit."""


class RatingStore(Protocol):
    """Ratings of photos by users. A rating and its photo's sums change together or not at all."""

    def get_rating(self, photo_id: PhotoId, user_id: UserId) -> int | None:
        """Return the user's rating of the photo, or None. The result reflects every acknowledged write."""

    def rate(self, photo: Photo, user_id: UserId, before: int | None, after: int | None) -> bool:
        """Replace the rating `before` with `after`. None means no rating. The photo must be listed.

        Return False and change nothing if the rating differs from `before`, or the photo or its sums have changed.
        """


class SearchIndex(Protocol):
    """Search for photos by their words. A new photo may be missing for about a second."""

    def search(
        self, listing: Listing, words: Sequence[SearchWord], limit: int, *, after: PhotoId | None = None
    ) -> SearchPage:
        """Return up to `limit` photos of a listing that match every word, newest first. Start after the photo `after`.

        Each photo belongs to the listing and matches every word at the time of the call.
        A word that comes only from the name of a private album matches for the photo's owner alone.
        A page may hold fewer than `limit` photos, even none, without being the last one.
        Without any word, the page is empty and the last one.
        """

    def reindex(self, photo: Photo) -> bool:
        """Add the missing words of a photo. Return False and add none if the photo has changed since it was read."""
