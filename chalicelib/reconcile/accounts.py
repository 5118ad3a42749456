"""Compare the row of an account with its photos, its albums and its Cognito user."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from chalicelib.auth.restored_users import MAX_USER_ID_LENGTH
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, format_timestamp
from chalicelib.reconcile.findings import Finding, Fix, Look, Suspicion
from chalicelib.reconcile.photo_loader import PhotoLoader
from chalicelib.reconcile.sources import Sources
from chalicelib.stores.row_audit import CountName, RowAudit, StoredAccount, StoredAlbum

_COUNTS = {"usage", "album-quota", "album-count", "month-count"}
_USAGE: tuple[CountName, ...] = ("photo_count", "bytes")

Months = Mapping[str, Mapping[str, int]]
"""Counts of photos by record and month."""


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """An account, and what follows from its photos and albums."""

    user_id: UserId
    stored: StoredAccount | None
    has_user: bool
    counts: Mapping[CountName, int] = {}
    """The counts that the row should have."""
    months: Months = {}
    """The counts by month that should be stored, without zeros."""
    stored_months: Months = {}
    albums: Mapping[AlbumId, StoredAlbum] = {}
    """The user's albums."""
    album_counts: Mapping[AlbumId, tuple[int, int]] = {}
    """The numbers of listed photos and of non-private listed photos by album. An album without photos is missing."""
    has_leftovers: bool = False
    """True if the account is cancelled, but has rows, objects or a Cognito user."""
    is_stable: bool = True
    """False if the account changed while its photos were counted."""


def check_account(state: AccountState) -> Iterator[Finding]:
    """Yield the findings of an account."""
    stored = state.stored
    if stored and stored.is_cancelled:
        if not stored.is_due and (state.has_leftovers or not stored.expires):
            yield Finding("account-leftovers", state.user_id)
        return
    if not state.has_user and stored:
        yield Finding("account-without-user", state.user_id)
    if not state.is_stable:
        return
    wrong = {name for name, count in state.counts.items() if count != (getattr(stored, name) if stored else 0)}
    if wrong.intersection(_USAGE):
        yield Finding("usage", state.user_id)
    if "album_count" in wrong:
        yield Finding("album-quota", state.user_id)
    for record in {**state.months, **state.stored_months}:
        # A record can keep months without photos.
        if Counter(state.stored_months.get(record, {})) != Counter(state.months.get(record, {})):
            yield Finding("month-count", f"{state.user_id} {record}")
    for album_id, album in state.albums.items():
        counts = (album.album.photo_count, album.album.non_private_count)
        if counts != state.album_counts.get(album_id, (0, 0)):
            yield Finding("album-count", album_id)


class AccountLoader:
    """Load the states of accounts."""

    def __init__(self, sources: Sources, photos: PhotoLoader) -> None:
        self._rows, self._listings, self._has_user = sources.rows, sources.listings, sources.has_user
        self._photos = photos

    def has_user(self, user_id: UserId) -> bool:
        """Return whether the user pool has this user."""
        # Cognito rejects requests with longer ids, and no user has one.
        return 0 < len(user_id) <= MAX_USER_ID_LENGTH and self._has_user(user_id)

    def load(self, user_id: UserId) -> AccountState:
        """Read an account, and count its photos and albums."""
        stored, stored_months = self._read_records(user_id)
        has_user = self.has_user(user_id)
        if stored and stored.is_cancelled:
            has_leftovers = not stored.is_due and (has_user or self._has_leftovers(user_id))
            return AccountState(user_id=user_id, stored=stored, has_user=has_user, has_leftovers=has_leftovers)
        albums = self._read_albums(user_id)
        album_count = sum(album.album.deleted_at is None for album in albums.values())
        counts: dict[CountName, int] = {"photo_count": 0, "bytes": 0, "album_count": album_count}
        members, non_private, months = Counter[AlbumId](), Counter[AlbumId](), dict[str, Counter[str]]()
        for photo in self._photos.iterate_photos(user_id):
            counts["photo_count"] += photo.counted
            counts["bytes"] += photo.charged_bytes
            if found := self._rows.find_month(photo):
                record, month = found
                months.setdefault(record, Counter())[month] += 1
            album_ids = photo.memberships if photo.listed else {}
            members.update(album_ids.keys())
            non_private.update(album_ids.keys() if photo.visibility != "private" else ())
        return AccountState(
            user_id=user_id,
            stored=stored,
            counts=counts,
            months=months,
            stored_months=stored_months,
            albums=albums,
            album_counts={album_id: (count, non_private[album_id]) for album_id, count in members.items()},
            has_user=has_user,
            is_stable=(stored, stored_months) == self._read_records(user_id) and albums == self._read_albums(user_id),
        )

    def _read_records(self, user_id: UserId) -> tuple[StoredAccount | None, Months]:
        return self._rows.read_accounts([user_id]).get(user_id), self._rows.read_months(user_id)

    def _read_albums(self, user_id: UserId) -> dict[AlbumId, StoredAlbum]:
        return self._rows.read_albums(self._rows.list_album_ids(user_id))

    def _has_leftovers(self, user_id: UserId) -> bool:
        """Return whether a purge has left something of an account."""
        prefix = f"{user_id}/"
        return bool(
            self._rows.has_records(user_id)
            or self._rows.list_photo_ids(user_id, 1, "")
            or self._rows.list_album_ids(user_id)
            or self._rows.has_rated(user_id)
            or any(not version.is_marker for version in self._listings.list_versions(prefix))
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
        """Yield a suspicion if an account has findings.

        `lost` are photos whose rows were lost at the first look. If one is still lost, ignore findings about counts.
        """
        # If rows were rebuilt during this run, an export does not contain them, so take the first look at the stage.
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
            return self._fix_month(state, finding.name.removeprefix(f"{state.user_id} "))
        if finding.kind == "album-count":
            return self._fix_album(state, AlbumId(finding.name))
        now = format_timestamp(self._clock())
        if finding.kind == "account-leftovers":
            return state.stored is not None and self._audit.make_account_due(state.stored, now)
        names: tuple[CountName, ...] = ("album_count",) if finding.kind == "album-quota" else _USAGE
        counts = {name: state.counts[name] for name in names}
        return self._audit.set_counts(state.user_id, state.stored, counts, now)

    def _fix_album(self, state: AccountState, album_id: AlbumId) -> bool:
        return self._audit.set_album_counts(state.albums[album_id], *state.album_counts.get(album_id, (0, 0)))

    def _fix_month(self, state: AccountState, record: str) -> bool:
        before, after = state.stored_months.get(record), state.months.get(record, {})
        return self._audit.replace_month(state.user_id, record, before, after)
