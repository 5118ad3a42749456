"""Compare the row of an album with its share links and its index keys. `accounts` compares it with its photos."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from chalicelib.domain.albums import Album
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import AlbumId, format_timestamp
from chalicelib.reconcile.findings import Finding, Fix, Look, Suspicion
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.albums import encode_album
from chalicelib.stores.dynamodb.items import Item
from chalicelib.stores.row_audit import Replacement, RowAudit, RowId, RowReader

_INDEX_KEYS = ("ownerKey", "publicKey", "dueShard", "visibility")


class AlbumState(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one album, or those that are left of it."""

    album_id: AlbumId
    row: Item | None
    album: Album | None
    """The album of `row`."""
    links: Sequence[Item]


def check_album(state: AlbumState) -> Iterator[Finding]:
    """Yield what is wrong with the rows of an album."""
    album, row = state.album, state.row
    if album is None or row is None:
        yield from (Finding("link-orphaned", name_link(link)) for link in state.links)
        return
    if album.link_count != len(state.links):
        yield Finding("link-count", album.album_id)
    if album.deleted_at and album.due_at is None:
        yield Finding("album-not-due", album.album_id)
    expected = encode_album(album)
    if any(row.get(name) != expected.get(name) for name in _INDEX_KEYS):
        yield Finding("album-keys", album.album_id)


def name_link(row: Item) -> str:
    """Return the name of a link in a report."""
    return f"{row['albumId']['S']} {row['record']['S'].removeprefix('link#')}"


class AlbumRepairs:
    """Check albums, and repair single findings."""

    def __init__(self, first: RowReader, audit: RowAudit, clock: Clock) -> None:
        """Take the first look at the rows of `first`, and every other look at those of `audit`."""
        self._first, self._audit, self._clock = first, audit, clock

    def suspect(self, album_ids: Sequence[AlbumId]) -> Iterator[Suspicion]:
        """Yield a suspicion for each album with findings."""
        for album_id in album_ids:
            if findings := [*check_album(_load(self._first, album_id))]:
                yield Suspicion(findings, self._build_look(album_id))

    def _build_look(self, album_id: AlbumId) -> Look:
        def look() -> Mapping[Finding, Fix | None]:
            state = _load(self._audit, album_id)
            return {finding: partial(self._fix, state, finding) for finding in check_album(state)}

        return look

    def _fix(self, state: AlbumState, finding: Finding) -> bool:
        album, row = state.album, state.row
        if album is None or row is None:
            (link,) = (link for link in state.links if name_link(link) == finding.name)
            return self._audit.replace(
                Replacement("album_table", link, None), unless_changed=[(_identify(state.album_id), None)]
            )
        if finding.kind == "link-count":
            album = album.with_(link_count=len(state.links))
        else:
            if album.deleted_at and album.due_at is None:
                # The new number makes the propagation start from the first photo.
                due_at = format_timestamp(self._clock())
                album = album.with_(due_at=due_at, change_number=album.change_number + 1)
            # A change that has read the album before must fail.
            album = album.with_(revision=album.revision + 1)
        old = encode_album(state.album) if state.album else {}
        kept = {name: value for name, value in row.items() if name not in old and name not in _INDEX_KEYS}
        return self._audit.replace(Replacement("album_table", row, kept | encode_album(album)))


def _load(source: RowReader, album_id: AlbumId) -> AlbumState:
    rows = source.query("album_table", album_id)
    row = next((row for row in rows if row["record"]["S"] == "album"), None)
    return AlbumState(
        album_id=album_id,
        row=row,
        album=items.decode_album(row) if row else None,
        links=[row for row in rows if row["record"]["S"].startswith("link#")],
    )


def _identify(album_id: AlbumId) -> RowId:
    return "album_table", album_id, "album"
