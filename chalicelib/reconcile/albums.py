"""Compare the row of an album with its share links and its index keys. `accounts` compares it with its photos."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import msgspec

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import AlbumId, format_timestamp
from chalicelib.reconcile.findings import Finding, Fix, Look, Suspicion
from chalicelib.stores.row_audit import RowAudit, RowReader, StoredAlbum, StoredLink


class AlbumState(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one album, or those that are left of it."""

    stored: StoredAlbum | None
    links: Sequence[StoredLink]


def check_album(state: AlbumState) -> Iterator[Finding]:
    """Yield the findings of the rows of an album."""
    if state.stored is None:
        yield from (Finding("link-orphaned", name_link(link)) for link in state.links)
        return
    album = state.stored.album
    if album.link_count != len(state.links):
        yield Finding("link-count", album.album_id)
    if album.deleted_at and album.due_at is None:
        yield Finding("album-not-due", album.album_id)
    if state.stored.has_wrong_keys:
        yield Finding("album-keys", album.album_id)


def name_link(link: StoredLink) -> str:
    """Return the name of a link in a report."""
    return f"{link.album_id} {link.link_id}"


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
        if state.stored is None:
            (link,) = (link for link in state.links if name_link(link) == finding.name)
            return self._audit.delete_link(link)
        album = state.stored.album
        if finding.kind == "link-count":
            album = album.with_(link_count=len(state.links))
        else:
            if album.deleted_at and album.due_at is None:
                # The new number makes the propagation start from the first photo.
                due_at = format_timestamp(self._clock())
                album = album.with_(due_at=due_at, change_number=album.change_number + 1)
            # A change that has read the album before must fail.
            album = album.with_(revision=album.revision + 1)
        return self._audit.replace_album(state.stored, album)


def _load(source: RowReader, album_id: AlbumId) -> AlbumState:
    stored, links = source.read_with_links(album_id)
    return AlbumState(stored=stored, links=links)
