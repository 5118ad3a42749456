"""Storage contract of the reconciliation: reads and repairs of rows. The rules in `protocols` apply.

The other stores read rows as records of the domain. The reconciliation compares the rows themselves, because a damaged
row may contain keys that no record shows. Only the implementation reads the values named `row`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from msgspec import Struct

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId, Timestamp, UserId
from chalicelib.domain.photos import Photo

_PAGE = 500

RowKind = Literal["entry", "search-row", "list-row", "digest"]
"""A kind of rows that are written with a photo."""


CountName = Literal["photo_count", "bytes", "album_count"]
"""A count of an account, by its field of `StoredAccount`."""


class RowId(NamedTuple):
    """The primary key of a row that is written with a photo."""

    kind: RowKind
    key: tuple[str, ...]
    """The values of the key. Those of an entry are the album and the photo."""

    @property
    def name(self) -> str:
        """Return the name of the row in a report."""
        return " ".join(self.key)


class DerivedRow(Struct, frozen=True, kw_only=True):
    """A row that is written with a photo. Two rows with the same id are equal if all their values are."""

    photo_id: PhotoId
    row: Any
    user_id: UserId | None = None
    """The owner of the photo, or None if the row does not name them."""
    album_id: AlbumId | None = None
    """The album of an entry."""
    position: int = 0
    """The position of an entry."""
    tag: str | None = None
    """The normalized tag under which the row lists the photo, or None."""


class StoredPhoto(Struct, frozen=True, kw_only=True):
    """The row of a photo."""

    photo_id: PhotoId
    photo: Photo | None
    """None if the row is unreadable."""
    row: Any


class WrongKeys(NamedTuple):
    """Index keys that do not follow from a photo."""

    score: bool = False
    others: bool = False


class StoredAccount(Struct, frozen=True, kw_only=True):
    """The row of an account."""

    user_id: UserId
    photo_count: int
    bytes: int
    album_count: int
    cancelled_at: Timestamp | None
    is_due: bool
    """True if a purge of the account is due now or later."""
    expires: bool
    row: Any

    @property
    def is_cancelled(self) -> bool:
        """Return whether the account is cancelled."""
        return self.cancelled_at is not None


class StoredAlbum(Struct, frozen=True, kw_only=True):
    """The row of an album."""

    album: Album
    has_wrong_keys: bool
    """True if any index key does not follow from the album."""
    row: Any


class StoredLink(Struct, frozen=True, kw_only=True):
    """The row of a share link."""

    album_id: AlbumId
    link_id: LinkId
    row: Any


class StoredRating(Struct, frozen=True, kw_only=True):
    """The row of a rating."""

    photo_id: PhotoId
    user_id: UserId
    rating: int
    row: Any


class RowPage[Record](NamedTuple):
    """Some rows of a table, and the cursor of the next page. The cursor is None at the end of the table."""

    rows: list[Record]
    end: str | None


def iterate_rows[Record](scan: Callable[[int, str | None], RowPage[Record]]) -> Iterator[Record]:
    """Yield all rows of a table. `scan` is a method of a `RowReader`."""
    rows, end = scan(_PAGE, None)
    yield from rows
    while end:
        rows, end = scan(_PAGE, end)
        yield from rows


class RowReader(Protocol):
    """Rows, as they are now or as they were when they were exported.

    A page can have fewer rows than its limit, or none, although more rows follow.
    """

    @property
    def kinds(self) -> Sequence[RowKind]:
        """Return the kinds of rows that the database has."""

    def build_rows(self, photo: Photo) -> Mapping[RowId, DerivedRow]:
        """Return the rows that should be stored with a photo."""

    def list_row_ids(self, photo: Photo) -> Iterable[RowId]:
        """Return the ids of `build_rows`, but do not build the rows if this is faster."""

    def check_keys(self, stored: StoredPhoto) -> WrongKeys:
        """Compare the index keys of a readable row with its photo, and return which of them are wrong."""

    def find_month(self, photo: Photo) -> tuple[str, str] | None:
        """Return the record and the month that count a photo, or None if no month does."""

    def scan_photos(self, limit: int, after: str | None) -> RowPage[StoredPhoto]:
        """Return the next photos after a cursor, tombstones included."""

    def scan_accounts(self, limit: int, after: str | None) -> RowPage[StoredAccount]:
        """Return the next accounts after a cursor."""

    def scan_rows(self, kind: RowKind, limit: int, after: str | None) -> RowPage[tuple[RowId, DerivedRow]]:
        """Return the next rows of a kind after a cursor."""

    def scan_ratings(self, limit: int, after: str | None) -> RowPage[StoredRating]:
        """Return the next ratings after a cursor."""

    def scan_albums(self, limit: int, after: str | None) -> RowPage[tuple[AlbumId, UserId | None]]:
        """Return the next albums, each with its owner, and the albums of the next share links, each with None."""

    def read_photos(self, photo_ids: Iterable[PhotoId]) -> dict[PhotoId, StoredPhoto]:
        """Return the photos that exist, tombstones included."""

    def read_rows(self, row_ids: Iterable[RowId]) -> dict[RowId, DerivedRow]:
        """Return the rows that exist."""

    def read_accounts(self, user_ids: Iterable[UserId]) -> dict[UserId, StoredAccount]:
        """Return the accounts that exist."""

    def read_months(self, user_id: UserId) -> dict[str, dict[str, int]]:
        """Return the numbers of a user's photos by record, and within a record by month."""

    def read_albums(self, album_ids: Iterable[AlbumId]) -> dict[AlbumId, StoredAlbum]:
        """Return the albums that exist, including albums that are being deleted."""

    def read_with_links(self, album_id: AlbumId) -> tuple[StoredAlbum | None, list[StoredLink]]:
        """Return an album, or None if it does not exist, and all its share links."""

    def list_ratings(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, list[StoredRating]]:
        """Return all ratings of each photo, in the order of their users."""

    def list_photo_ids(self, owner: UserId, limit: int, after: str) -> list[PhotoId]:
        """Return up to `limit` ids of the photos and tombstones of a user that follow `after`, in their order."""

    def list_album_ids(self, owner: UserId) -> list[AlbumId]:
        """Return the ids of all albums of a user, including albums that are being deleted."""

    def list_surviving_ids(self, user_id: UserId, photo_id: PhotoId) -> list[RowId]:
        """Return the ids of rows that may have survived their photo. Rows of words and tags may be left out."""

    def has_records(self, user_id: UserId) -> bool:
        """Return whether a user has records beside the account, such as digests or counts by month."""

    def has_digest(self, user_id: UserId, sha256: str, photo_id: PhotoId) -> bool:
        """Return whether the row exists that finds a photo by its bytes."""

    def has_rated(self, user_id: UserId) -> bool:
        """Return whether a user has given a rating."""


class RowAudit(RowReader, Protocol):
    """Rows as they are now, and their repairs. All reads are consistent, except the lists by user.

    A repair returns False and changes nothing if a row that it depends on has changed since it was read.
    """

    def rewrite_photo(
        self, photo_id: PhotoId, stored: StoredPhoto | None, after: Photo | None, rows: Mapping[RowId, DerivedRow]
    ) -> bool:
        """Replace a photo, and the `rows` that were read, by `after` and the rows that follow from it.

        `stored` is None if the photo does not exist. In this case, `after` is None, and the rows are deleted.
        If the rows do not fit into one transaction, replace the photo first. If the repair is interrupted, the next run
        finds the other rows, because they follow from the photo.
        """

    def delete_rating(self, rating: StoredRating, stored: StoredPhoto | None) -> bool:
        """Delete a rating if its photo is still `stored`."""

    def set_counts(
        self, user_id: UserId, stored: StoredAccount | None, counts: Mapping[CountName, int], now: Timestamp
    ) -> bool:
        """Set counts of an account. If `stored` is None, add the account with these counts."""

    def make_account_due(self, stored: StoredAccount, due_at: Timestamp) -> bool:
        """Make a cancelled account due for its purge. Its row does not expire before the purge has ended."""

    def replace_month(
        self, user_id: UserId, record: str, before: Mapping[str, int] | None, after: Mapping[str, int]
    ) -> bool:
        """Replace the counts of a record of `read_months`. None means no record. Delete a record without counts."""

    def set_album_counts(self, stored: StoredAlbum, photo_count: int, non_private_count: int) -> bool:
        """Set the number of photos and of non-private photos of an album."""

    def replace_album(self, stored: StoredAlbum, after: Album) -> bool:
        """Replace an album and its index keys."""

    def delete_link(self, link: StoredLink) -> bool:
        """Delete a share link if its album does not exist."""
