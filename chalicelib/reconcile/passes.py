"""The passes of a run. Each reads one table or listing in pages, so that a run can resume after any page.

The order matters. The entries come before the accounts, which count the photos of albums. The accounts come before the
words and ratings, because they rebuild lost rows, to which words and ratings belong.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple, Protocol

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.reconcile.accounts import AccountLoader, AccountRepairs
from chalicelib.reconcile.albums import AlbumRepairs
from chalicelib.reconcile.content import ContentChecks
from chalicelib.reconcile.findings import Finding, Fix, Suspicion
from chalicelib.reconcile.object_checks import is_row_lost
from chalicelib.reconcile.photo_loader import BATCH, Owner, PhotoLoader
from chalicelib.reconcile.photo_repairs import PhotoRepairs
from chalicelib.reconcile.row_checks import name_rating
from chalicelib.reconcile.sources import Sources
from chalicelib.storage.listings import ObjectListings, Upload
from chalicelib.stores.row_audit import DerivedRow, RowId, RowKind, RowPage, RowReader, StoredAccount, StoredRating

_ROWS = 500
_FOLDERS = 500
_UPLOAD_LIFETIME = timedelta(days=1)

Tally = Callable[[int], None]
"""Add to the number of rows and objects that were examined."""


class Page(NamedTuple):
    """A page of a pass. `end` is the cursor of the next page, or None after the last page.

    The pass looks for each group of suspicions only after the previous group was repaired.
    """

    groups: Iterator[Sequence[Suspicion]]
    end: str | None


class Pass(Protocol):
    """One part of a run."""

    @property
    def name(self) -> str:
        """Return the name of the pass in the stored progress."""

    def read(self, start: str | None, tally: Tally, /) -> Page:
        """Read the page at the cursor `start`, or the first page if None."""


class _TablePass[Record]:
    """A pass that scans a table."""

    def __init__(self, scan: Callable[[int, str | None], RowPage[Record]], account: UserId | None) -> None:
        self._scan, self._account = scan, account

    def read(self, start: str | None, tally: Tally) -> Page:
        """Read the page at the cursor `start`, or the first page if None."""
        rows, end = self._scan(_ROWS, start)
        return Page(self._examine(rows, tally), end)

    def _examine(self, rows: Sequence[Record], tally: Tally) -> Iterator[Sequence[Suspicion]]:
        raise NotImplementedError

    def _is_wanted(self, user_id: str) -> bool:
        return self._account in (None, user_id)


class AccountPass(_TablePass[StoredAccount]):
    """Examine the accounts with all their photos and objects."""

    name = "accounts"

    def __init__(
        self,
        reader: RowReader,
        loader: PhotoLoader,
        photos: PhotoRepairs,
        accounts: AccountRepairs,
        content: ContentChecks | None,
        account: UserId | None,
    ) -> None:
        super().__init__(reader.scan_accounts, account)
        self._loader, self._photos, self._accounts, self._content = loader, photos, accounts, content

    def _examine(self, rows: Sequence[StoredAccount], tally: Tally) -> Iterator[Sequence[Suspicion]]:
        for row in rows:
            if self._is_wanted(row.user_id):
                yield from self.examine_user(Owner(row.user_id), row, tally)

    def examine_user(self, owner: Owner, row: StoredAccount | None, tally: Tally) -> Iterator[Sequence[Suspicion]]:
        """Yield the suspicions about one user. The purge handles the photos of a cancelled account."""
        lost: list[PhotoId] = []
        if row is None or not row.is_cancelled:
            for number, states in enumerate(self._loader.load_account(owner)):
                if self._loader.max_photos and number * BATCH >= self._loader.max_photos:
                    finding = Finding("account-too-large", owner.user_id)
                    yield [Suspicion([finding], partial(_repeat, finding))]
                    return
                lost += [state.photo_id for state in states if is_row_lost(state)]
                tally(sum(1 + len(state.versions) + len(state.renditions) for state in states))
                yield self._photos.suspect(owner, states, self._content)
        if owner.is_known:
            yield [*self._accounts.suspect(owner.user_id, lost)]


class FolderPass:
    """Examine the objects of users without an account row, and objects outside the folders of users."""

    name = "folders"

    def __init__(
        self,
        first: Sources,
        current: Sources,
        accounts: AccountLoader,
        users: AccountPass,
        account: UserId | None,
    ) -> None:
        """Take the first look at `first`, and every other look at `current` and `accounts`."""
        self._first, self._current, self._accounts, self._users = first, current, accounts, users
        self._account = account

    def read(self, start: str | None, tally: Tally) -> Page:
        """Read the page at the cursor `start`, or the first page if None."""
        folders, objects, end = self._first.listings.list_folders(_FOLDERS, start or "")
        return Page(self._examine(folders, objects, tally), end)

    def _examine(self, folders: Sequence[str], objects: Sequence[str], tally: Tally) -> Iterator[Sequence[Suspicion]]:
        user_ids = [UserId(name.removesuffix("/")) for name in folders if name != "/"]
        wanted = [user_id for user_id in user_ids if self._account in (None, user_id)]
        accounts = self._first.rows.read_accounts(wanted)
        for user_id in wanted:
            if user_id not in accounts:
                owner = Owner(user_id, self._accounts.has_user(user_id))
                yield from self._users.examine_user(owner, None, tally)
        if self._account is None:
            for name in [*objects, *(name for name in folders if name == "/")]:
                finding = Finding("object-unexpected", name)
                yield [Suspicion([finding], partial(self._look, finding))]

    def _look(self, finding: Finding) -> Mapping[Finding, Fix | None]:
        """Look again at an object outside the folders of users."""
        listings, name = self._current.listings, finding.name
        found = (item.key for items in (listings.list_versions, listings.list_renditions) for item in items(name))
        return {finding: None} if any(name in (key, "/") for key in found) else {}


class DerivedRowPass(_TablePass[tuple[RowId, DerivedRow]]):
    """Find rows of one kind that do not belong to a photo, such as words or entries."""

    def __init__(
        self, reader: RowReader, kind: RowKind, loader: PhotoLoader, photos: PhotoRepairs, account: UserId | None
    ) -> None:
        super().__init__(partial(reader.scan_rows, kind), account)
        self.name: str = kind
        self._rows, self._loader, self._photos = reader, loader, photos

    def _examine(self, rows: Sequence[tuple[RowId, DerivedRow]], tally: Tally) -> Iterator[Sequence[Suspicion]]:
        tally(len(rows))
        photos = self._loader.load_photos(row.photo_id for _, row in rows)
        expected = {photo_id: {*self._rows.list_row_ids(photo)} for photo_id, photo in photos.items() if photo}
        orphans: dict[PhotoId, dict[RowId, DerivedRow]] = {}
        for row_id, row in rows:
            if row_id not in expected.get(row.photo_id, ()):
                orphans.setdefault(row.photo_id, {})[row_id] = row
        suspicions = []
        for photo_id, found in orphans.items():
            owner = self._find_owner(photos.get(photo_id), found.values())
            if self._is_wanted(owner.user_id):
                findings = [Finding(f"{row_id.kind}-orphaned", row_id.name) for row_id in found]
                suspicions.append(Suspicion(findings, self._photos.build_look(owner, photo_id, found)))
        yield suspicions

    def _find_owner(self, photo: Photo | None, rows: Iterable[DerivedRow]) -> Owner:
        """Return the owner of a photo, or the user that its rows name. For an entry, return the owner of its album.

        Rows of lists for everyone name no user.
        """
        if photo:
            return Owner(photo.user_id)
        if named := next((row.user_id for row in rows if row.user_id), None):
            return Owner(named)
        albums = self._rows.read_albums(row.album_id for row in rows if row.album_id)
        return Owner(next((album.album.user_id for album in albums.values()), UserId("")))


class RatingPass(_TablePass[StoredRating]):
    """Find ratings of photos that do not exist or were erased."""

    name = "ratings"

    def __init__(self, reader: RowReader, loader: PhotoLoader, photos: PhotoRepairs, account: UserId | None) -> None:
        super().__init__(reader.scan_ratings, account)
        self._loader, self._photos = loader, photos

    def _examine(self, rows: Sequence[StoredRating], tally: Tally) -> Iterator[Sequence[Suspicion]]:
        tally(len(rows))
        photos = self._loader.load_photos(row.photo_id for row in rows)
        suspicions = []
        for row in rows:
            photo = photos.get(row.photo_id)
            if photo:
                is_orphaned = photo.status == "erased" and photo.due_at is None
                is_wanted = self._is_wanted(row.user_id) or self._is_wanted(photo.user_id)
            else:
                # The row of the photo may be lost. Only a run without `account` has looked at all originals before.
                is_orphaned, is_wanted = True, self._account is None
            if is_orphaned and is_wanted:
                finding = Finding("rating-orphaned", name_rating(row))
                suspicions.append(Suspicion([finding], self._photos.build_look(Owner(row.user_id), row.photo_id)))
        yield suspicions


class AlbumPass(_TablePass[tuple[AlbumId, UserId | None]]):
    """Examine the albums and their share links."""

    name = "albums"

    def __init__(self, reader: RowReader, albums: AlbumRepairs, account: UserId | None) -> None:
        super().__init__(reader.scan_albums, account)
        self._rows, self._albums = reader, albums

    def _examine(self, rows: Sequence[tuple[AlbumId, UserId | None]], tally: Tally) -> Iterator[Sequence[Suspicion]]:
        tally(len(rows))
        owners = {album_id: owner for album_id, owner in rows if owner is not None}
        wanted = [album_id for album_id, owner in owners.items() if self._is_wanted(owner)]
        # The row of the album of a link can be on another page.
        others = dict.fromkeys(album_id for album_id, _ in rows if album_id not in owners)
        found = self._rows.read_albums(others)
        orphaned = [album_id for album_id in others if album_id not in found]
        yield [*self._albums.suspect([*wanted, *(orphaned if self._account is None else [])])]


class UploadPass:
    """Find unfinished multipart uploads. The service makes none, but its bucket accepts them."""

    name = "uploads"

    def __init__(self, listings: ObjectListings, clock: Clock) -> None:
        self._listings, self._clock = listings, clock

    def read(self, _start: str | None, _tally: Tally, /) -> Page:
        """Read all uploads as one page."""
        return Page(self._examine(), None)

    def _examine(self) -> Iterator[Sequence[Suspicion]]:
        begun_before = self._clock() - _UPLOAD_LIFETIME
        for upload in self._listings.list_uploads():
            if upload.begun <= begun_before:
                finding = Finding("upload-unfinished", f"{upload.key}?uploadId={upload.upload_id}")
                yield [Suspicion([finding], partial(self._look, upload, finding))]

    def _look(self, upload: Upload, finding: Finding) -> Mapping[Finding, Fix | None]:
        def abort() -> bool:
            self._listings.abort_upload(upload)
            return True

        return {finding: abort} if upload in self._listings.list_uploads() else {}


def _repeat(finding: Finding) -> Mapping[Finding, Fix | None]:
    return {finding: None}
