"""The `Store` protocol: what the use cases need of a database, and what each call promises."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chalicelib.domain.accounts import Account, IdempotencyRecord, Limits
from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.feed import Span
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp, UserId
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.share_links import ShareLink
from chalicelib.domain.terms import Sought


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

    def grant(self, photo: Photo, limits: Limits, record: IdempotencyRecord | None = None) -> bool:
        """Write a pending photo and charge its owner's account, which is opened where there is none.

        Returns False, and changes nothing, where there is a record under the key of `record`; else keeps it as well.

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
        that arrived meanwhile are kept and are no obstacle. Its entries in albums, and their counts, change with it.
        A photo that comes into an album is given the name and visibility that the album then has; albums that are
        gone, or are being deleted, it forgets.
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
        """Up to `limit` photos whose `due_at` has come, but for those that are postponed."""

    def postpone(self, photo_ids: Sequence[PhotoId], until: Timestamp) -> None:
        """Leave these photos out of `due` until then, or until their `due_at` changes."""


class AlbumStore(Protocol):
    """Albums, the photos in them, and share links.

    Photos come into albums and leave them by `Store.replace`, which counts them too. Reads by id see every write that
    was acknowledged; lists may lag behind it for about a second, but for `members`. Every call may raise `Busy`, and
    may then be repeated.
    """

    def album(self, album_id: AlbumId) -> Album | None:
        """The album, also one that is being deleted."""

    def add(self, album: Album, limit: int) -> None:
        """Write a new album, and open its owner's account where there is none.

        Raises:
            QuotaExceeded: its owner has `limit` albums, however many are asked for at once.
            InvalidToken: the account is cancelled.
        """

    def change(self, before: Album, after: Album) -> bool:
        """Write `after` over `before`, but for its counts and its latest photo.

        An album that gets a `deleted_at` counts for its owner's limit no more. Returns False, and changes nothing,
        where the row is no longer as `before`.
        """

    def settle(self, album: Album) -> None:
        """Note that every photo in it knows its name and visibility, unless these have changed again."""

    def store_progress(self, album: Album, through: PhotoId, due_at: Timestamp) -> None:
        """Store that the photos up to `through` are up to date, and when the sweep should look at the album again.

        Change nothing if the album has changed again, or all its photos are up to date.
        """

    def remove(self, album: Album) -> bool:
        """Delete the row of a deleted album.

        Returns False, and changes nothing, where photos count in it or it is not being deleted.
        """

    def albums(self, owner: UserId | None, limit: int, *, after: AlbumId | None = None) -> list[Album]:
        """Up to `limit` albums of this person, or public ones of everybody, newest first, those beyond `after`."""

    def due(self, now: Timestamp, limit: int) -> list[AlbumId]:
        """Up to `limit` albums whose `due_at` has come."""

    def entries(self, album_id: AlbumId, limit: int, *, whole: bool, after: str | None = None) -> list[Entry]:
        """Up to `limit` photos of an album in its order, those beyond the place `after`.

        `whole`: also the private ones. There are none in an album that does not exist.
        """

    def first_entries(self, wanted: Sequence[tuple[AlbumId, bool]]) -> list[list[Entry]]:
        """For each album its first photo, or none; the flag is `whole`, as in `entries`."""

    def entries_by_rank(
        self, album_id: AlbumId, spans: Sequence[Span], limit: int | None = None, *, whole: bool
    ) -> list[list[Entry]]:
        """For each span its photos in the order of their ranks, the first `limit` or all."""

    def members(self, album_id: AlbumId, limit: int, *, after: PhotoId | None = None) -> list[PhotoId]:
        """Up to `limit` photos of an album in the order of their ids, those beyond `after`; none is missing."""

    def photos(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        """Those of these photos that exist, tombstones as well."""

    def with_photos(self, album_id: AlbumId, photo_ids: Sequence[PhotoId]) -> tuple[Album | None, dict[PhotoId, Photo]]:
        """An album and those of these photos that exist, in one request where they fit into it."""

    def with_link(self, album_id: AlbumId, link_id: LinkId) -> tuple[Album | None, ShareLink | None]:
        """An album and one of its share links, in one request."""

    def add_link(self, link: ShareLink, limit: int) -> None:
        """Write a new link.

        Raises:
            QuotaExceeded: the album has `limit` links, however many are asked for at once.
            NotFound: there is no such album, or it is being deleted.
        """

    def links(self, album_id: AlbumId, limit: int, *, after: LinkId | None = None) -> list[ShareLink]:
        """Up to `limit` links of an album, oldest first, those beyond `after`."""

    def remove_link(self, album_id: AlbumId, link_id: LinkId) -> bool:
        """Delete a link. Returns False where there is none."""

    def begin_guess(self, link: ShareLink, window: int, limit: int) -> bool:
        """Count a guess of its password in this window of time.

        Returns False where there were `limit` in it that were not taken back, however many are made at once.
        """

    def take_back_guess(self, link: ShareLink, window: int) -> None:
        """Uncount a guess that was right."""


class Repeats(Protocol):
    """What tells a repeated upload from a new one. Reads see every write that was acknowledged."""

    def record(self, user_id: UserId, key: str) -> IdempotencyRecord | None:
        """The record under this key, given as its SHA-256; None where there is none, or it has expired."""

    def keep(self, record: IdempotencyRecord) -> bool:
        """Write a record. Returns False, and changes nothing, where there is one under its key."""

    def same_bytes(self, user_id: UserId, sha256: str) -> PhotoId | None:
        """A listed photo of this person that has these bytes, the first that was uploaded; None where there is none."""


class Cancellations(Protocol):
    """Accounts that are cancelled, and what they leave. Of a purge each call does a part, and may be repeated.

    The lists that purges go by may lag behind by about a second, so that only a later purge finds what came last.
    """

    def begin(self, user_id: UserId, now: Timestamp, due_at: Timestamp) -> None:
        """Cancel an account, whether or not anything was ever written for it. One that is cancelled stays as it is.

        `due_at`: when its purge must be looked after, unless somebody has ended it before.
        """

    def cancelled_at(self, user_id: UserId) -> Timestamp | None:
        """When an account was cancelled whose purge has not ended; None for every other account."""

    def postpone(self, user_id: UserId, due_at: Timestamp) -> None:
        """Have the purge looked after at `due_at`; nothing where it has ended."""

    def due(self, now: Timestamp, limit: int) -> list[UserId]:
        """Up to `limit` accounts whose `due_at` has come, those that have waited longest first."""

    def purge_albums(self, user_id: UserId) -> int:
        """Remove some of their albums with all links. How many rows were found; 0 at the end."""

    def purge_photos(self, user_id: UserId) -> int:
        """Remove some of their photos with terms, entries, and the ratings of others. How many were found."""

    def purge_ratings(self, user_id: UserId) -> int:
        """Take back some of the ratings they gave, from the sums as well. How many were found."""

    def purge_records(self, user_id: UserId) -> int:
        """Remove some of the rows beside the account's own. How many were found."""

    def end(self, user_id: UserId, due_at: Timestamp | None) -> None:
        """Leave nothing of the account's row but that it was cancelled, and nothing at all after 90 days.

        `due_at`: when to look again, after which this must be called once more; None for never.
        """


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
    """Photos that hold the word, newest first, each once; `through` is among them whether or not it does."""
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
