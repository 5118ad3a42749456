"""Checksums of an account in one database. See docs/decisions/0148-checksums-of-both-sides.md."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec

from chalicelib.domain.albums import Album, Entry
from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.listing import Listing
from chalicelib.stores.copies import KINDS, CopyStore, Mismatch, PhotoCopy, encode_canonically
from chalicelib.stores.protocols import AlbumStore, PhotoStore
from chalicelib.stores.timeline import TimelineStore

_PAGE = 100
_SCOPES: tuple[Literal["owner", "public", "trash"], ...] = ("owner", "public", "trash")


class Side(NamedTuple):
    """One database: its records, and the lists that the service reads."""

    copies: CopyStore
    photos: PhotoStore
    albums: AlbumStore
    timeline: TimelineStore


class Checksum(NamedTuple):
    """The number of records, and the SHA-256 over all of them."""

    size: int
    sha256: str


class Checksums(NamedTuple):
    """The checksums of an account in one database."""

    by_kind: dict[str, Checksum]
    expected_months: Checksum
    """The numbers of photos by month, counted from the photos themselves."""


class _Sum:
    def __init__(self) -> None:
        self._count, self._hash = 0, hashlib.sha256()

    def add(self, record: bytes) -> None:
        self._count += 1
        self._hash.update(record + b"\n")

    def end(self) -> Checksum:
        return Checksum(self._count, self._hash.hexdigest())


def find_mismatches(source: Side, target: Side, user_id: UserId) -> tuple[list[Mismatch], dict[str, int]]:
    """Return the kinds of an account's records that differ, and the number of records in the source by kind."""
    expected, actual = compute_checksums(source, user_id), compute_checksums(target, user_id)
    pairs = [(kind, checksum, actual.by_kind[kind]) for kind, checksum in expected.by_kind.items()]
    pairs.append(("months", actual.expected_months, _sum_months(target.timeline.count_by_month(user_id))))
    mismatches = [
        Mismatch(
            account=user_id,
            kind=kind,
            source_count=one.size,
            target_count=other.size,
            source_sha256=one.sha256,
            target_sha256=other.sha256,
        )
        for kind, one, other in pairs
        if one != other
    ]
    return mismatches, {kind: expected.by_kind[kind].size for kind in KINDS}


def compute_checksums(side: Side, user_id: UserId) -> Checksums:
    """Return the checksums of an account. Read its records and lists a page at a time."""
    sums, months = {kind: _Sum() for kind in (*KINDS, "entries", "lists")}, Counter[str]()
    for kind in KINDS:
        for record in side.copies.read(kind, user_id):
            sums[kind].add(encode_canonically(record))
            if isinstance(record, PhotoCopy) and record.photo.listed:
                months[record.photo.local_month] += 1
            elif isinstance(record, Album):
                for entry in _iterate_entries(side.albums, record.album_id):
                    sums["entries"].add(f"{record.album_id} {entry.photo_id}".encode())
    for scope in _SCOPES:
        for photo_id in _iterate_list(side.photos, Listing(scope=scope, owner=user_id)):
            sums["lists"].add(f"{scope} {photo_id}".encode())
    return Checksums({kind: one.end() for kind, one in sums.items()}, _sum_months(months))


def _sum_months(months: Mapping[str, int]) -> Checksum:
    total = _Sum()
    total.add(msgspec.json.encode(months, order="sorted"))
    return total.end()._replace(size=sum(months.values()))


def _iterate_entries(albums: AlbumStore, album_id: AlbumId) -> Iterator[Entry]:
    after = None
    while page := albums.list_entries(album_id, _PAGE, include_private=True, after=after):
        yield from page
        after = page[-1].sort_key


def _iterate_list(photos: PhotoStore, listing: Listing) -> Iterator[PhotoId]:
    after = None
    while page := photos.list_by_time(listing, _PAGE, newest_first=False, after=after):
        yield from (photo.photo_id for photo in page)
        after = page[-1].photo_id
