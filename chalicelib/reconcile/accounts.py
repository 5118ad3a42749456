"""Compare the row of an account with its photos, its albums and its Cognito user."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.reconcile.findings import Finding, Fix, Look, Suspicion
from chalicelib.reconcile.photo_loader import PhotoLoader
from chalicelib.reconcile.sources import Sources
from chalicelib.stores.dynamodb import items, months
from chalicelib.stores.dynamodb.items import Item, PlainItem
from chalicelib.stores.row_audit import Replacement, RowAudit, RowId

_COUNTS = {"usage", "album-quota", "album-count", "month-count"}
_ALBUM_COUNTS = ("photoCount", "openCount")

Usage = dict[str, int]
"""The counts of an account by the attributes of its row."""


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """An account, and what follows from its photos and albums."""

    user_id: UserId
    row: Item | None
    has_user: bool
    usage: Usage = {}
    """The counts that the row should have."""
    months: Mapping[RowId, PlainItem] = {}
    """The counts by month that should be stored, without zeros."""
    stored_months: Mapping[RowId, Item] = {}
    albums: Mapping[AlbumId, Item] = {}
    """The rows of the user's albums."""
    album_counts: Mapping[AlbumId, tuple[int, int]] = {}
    """The numbers of listed photos and of non-private photos by album, without zeros."""
    has_leftovers: bool = False
    """True if the account is cancelled, but has rows, objects or a Cognito user."""
    is_stable: bool = True
    """False if the account changed while its photos were counted."""


def check_account(state: AccountState) -> Iterator[Finding]:
    """Yield what is wrong with an account."""
    if state.row and "cancelledAt" in state.row:
        is_stuck = "expiresAt" not in state.row
        if "dueAt" not in state.row and (state.has_leftovers or is_stuck):
            yield Finding("account-leftovers", state.user_id)
        return
    if not state.has_user and state.row:
        yield Finding("account-without-user", state.user_id)
    if not state.is_stable:
        return
    stored = {name: _read_number(state.row, name) for name in state.usage}
    if any(stored[name] != state.usage[name] for name in ("photoCount", "bytes")):
        yield Finding("usage", state.user_id)
    if stored["albumCount"] != state.usage["albumCount"]:
        yield Finding("album-quota", state.user_id)
    for row_id in {**state.months, **state.stored_months}:
        if _get_counts(state.stored_months.get(row_id)) != state.months.get(row_id, {}):
            yield Finding("month-count", " ".join(row_id[1:]))
    for album_id, row in state.albums.items():
        counts = tuple(_read_number(row, name) for name in _ALBUM_COUNTS)
        if counts != state.album_counts.get(album_id, (0, 0)):
            yield Finding("album-count", album_id)


def _read_number(row: Item | None, name: str) -> int:
    return int((row or {}).get(name, {"N": "0"})["N"])


def _get_counts(row: Item | None) -> PlainItem:
    return {name: int(value["N"]) for name, value in (row or {}).items() if "N" in value and int(value["N"])}


class AccountLoader:
    """Load the states of accounts."""

    def __init__(self, sources: Sources, photos: PhotoLoader) -> None:
        self._rows, self._listings, self._has_user = sources.rows, sources.listings, sources.has_user
        self._photos = photos

    def has_user(self, user_id: UserId) -> bool:
        """Return whether the user pool has this user."""
        # No Cognito user has a longer name. Cognito would reject the request.
        return 0 < len(user_id) <= 128 and self._has_user(user_id)

    def load(self, user_id: UserId) -> AccountState:
        """Read an account, and count its photos and albums."""
        row, stored_months = self._read_records(user_id)
        has_user = self.has_user(user_id)
        if row and "cancelledAt" in row:
            has_leftovers = "dueAt" not in row and (has_user or self._has_leftovers(user_id))
            return AccountState(user_id=user_id, row=row, has_user=has_user, has_leftovers=has_leftovers)
        albums = self._read_albums(user_id)
        album_count = sum("deletedAt" not in album for album in albums.values())
        usage: Counter[str] = Counter(photoCount=0, bytes=0, albumCount=album_count)
        members, non_private = Counter[AlbumId](), Counter[AlbumId]()
        counts: dict[RowId, Counter[str]] = {}
        for photo in self._photos.iterate_photos(user_id):
            usage.update(photoCount=photo.counted, bytes=photo.charged_bytes)
            _count_month(counts, photo)
            entries = items.encode_entries(photo)
            members.update(entries.keys())
            non_private.update(album_id for album_id, entry in entries.items() if "openKey" in entry)
        return AccountState(
            user_id=user_id,
            row=row,
            usage=dict(usage),
            months={row_id: dict(count) for row_id, count in counts.items()},
            stored_months=stored_months,
            albums=albums,
            album_counts={album_id: (count, non_private[album_id]) for album_id, count in members.items()},
            has_user=has_user,
            is_stable=(row, stored_months) == self._read_records(user_id) and albums == self._read_albums(user_id),
        )

    def _read_records(self, user_id: UserId) -> tuple[Item | None, dict[RowId, Item]]:
        row = self._rows.read_one(("account_table", user_id, "account"))
        rows = self._rows.query("account_table", user_id, months.PREFIX)
        return row, {("account_table", user_id, month["record"]["S"]): month for month in rows}

    def _read_albums(self, user_id: UserId) -> dict[AlbumId, Item]:
        found = self._rows.read(("album_table", album_id, "album") for album_id in self._rows.list_album_ids(user_id))
        return {AlbumId(row["albumId"]["S"]): row for row in found.values()}

    def _has_leftovers(self, user_id: UserId) -> bool:
        """Return whether a purge has left something of an account."""
        others = [row for row in self._rows.query("account_table", user_id) if row["record"]["S"] != "account"]
        prefix = f"{user_id}/"
        return bool(
            others
            or self._rows.list_photo_ids(user_id, 1, "")
            or self._rows.list_album_ids(user_id)
            or self._rows.has_rated(user_id)
            or next(self._listings.list_versions(prefix), None)
            or next(self._listings.list_renditions(prefix), None)
        )


class AccountRepairs:
    """Check accounts, and repair single findings."""

    def __init__(
        self, first: AccountLoader, current: AccountLoader, photos: PhotoLoader, audit: RowAudit, clock: Clock
    ) -> None:
        """Take the first look with `first`, and every other look with `current` and `photos`."""
        self._first, self._current, self._photos, self._audit, self._clock = first, current, photos, audit, clock

    def suspect(self, user_id: UserId, lost: Sequence[PhotoId]) -> Iterator[Suspicion]:
        """Yield a suspicion if an account has findings. If a row of the photos `lost` is still lost, count nothing."""
        # If rows were rebuilt during this run, an export does not contain them.
        findings = [*check_account((self._current if lost else self._first).load(user_id))]
        if {*lost} - self._photos.load_photos(lost).keys():
            findings = [finding for finding in findings if finding.kind not in _COUNTS]
        if findings:
            yield Suspicion(findings, self._build_look(user_id))

    def _build_look(self, user_id: UserId) -> Look:
        def look() -> Mapping[Finding, Fix | None]:
            state = self._current.load(user_id)
            fixes = {finding: partial(self._fix, state, finding) for finding in check_account(state)}
            return fixes | {finding: None for finding in fixes if finding.kind == "account-without-user"}

        return look

    def _fix(self, state: AccountState, finding: Finding) -> bool:
        if finding.kind == "month-count":
            return self._fix_month(state, finding)
        if finding.kind == "album-count":
            return self._fix_album(state, AlbumId(finding.name))
        user_id, row = state.user_id, state.row
        now = format_timestamp(self._clock())
        if finding.kind == "account-leftovers" and row:
            due = items.encode({"dueShard": "cancelled", "dueAt": now})
            kept = {name: value for name, value in row.items() if name != "expiresAt"}
            return self._audit.replace(Replacement("account_table", row, kept | due))
        names = ("albumCount",) if finding.kind == "album-quota" else ("photoCount", "bytes")
        before = row or {**items.build_account_key(user_id), "createdAt": {"S": now}}
        after = before | items.encode({name: state.usage[name] for name in names})
        return self._audit.replace(Replacement("account_table", row, after))

    def _fix_album(self, state: AccountState, album_id: AlbumId) -> bool:
        row, counts = state.albums[album_id], state.album_counts.get(album_id, (0, 0))
        after = row | items.encode(dict(zip(_ALBUM_COUNTS, counts, strict=True)))
        return self._audit.replace(Replacement("album_table", row, after))

    def _fix_month(self, state: AccountState, finding: Finding) -> bool:
        (row_id,) = (
            row_id for row_id in {**state.months, **state.stored_months} if finding.name == " ".join(row_id[1:])
        )
        user_id, record = row_id[1:]
        counts = state.months.get(row_id, {})
        after = items.encode({"userId": user_id, "record": record, **counts}) if counts else None
        return self._audit.replace(Replacement("account_table", state.stored_months.get(row_id), after))


def _count_month(counts: dict[RowId, Counter[str]], photo: Photo) -> None:
    if taken_key := items.get_stored_taken_key(photo):
        record, month = months.find_count(photo, taken_key)
        counts.setdefault(("account_table", photo.user_id, record), Counter())[month] += 1
