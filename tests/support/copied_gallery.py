"""A store with records of every kind and state, and everything that the contracts of a store show."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from chalicelib.domain.accounts import Account, IdempotencyRecord
from chalicelib.domain.albums import Album
from chalicelib.domain.feed import RANKS, Span
from chalicelib.domain.ids import PhotoId, Timestamp, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Exif, Photo, RejectionDetails
from chalicelib.domain.share_links import ShareLink
from chalicelib.domain.terms import parse_query_words
from chalicelib.domain.timeline import TakenRange
from tests.support.album_rows import add_album, build_memberships, mark_album_deleted, new_link, read_album
from tests.support.rows import START, Backend

USERS = tuple(map(UserId, ("ann", "bob", "cancelled", "purged", "rater", "new")))
_FAR = Timestamp("9999-01-01T00:00:00.000Z")
_QUERIES = ("sea", "coast", "nikon", "summer", "su", "海", "secret")
_ALL_RANKS = [Span(0, RANKS - 1)]


class Gallery(NamedTuple):
    """The ids of everything that was stored."""

    photos: list[Photo]
    albums: list[Album]
    links: list[ShareLink]
    keys: list[tuple[UserId, str]]


def at(minutes: int) -> Timestamp:
    """Return the time `minutes` after START."""
    return format_timestamp(START + timedelta(minutes=minutes))


def furnish(backend: Backend) -> Gallery:
    """Store records of every kind and state."""
    albums = _add_albums(backend)
    photos = _add_photos(backend, albums)
    links = _add_links(backend, albums[0])
    keys = [_add_key(backend, UserId(name), "ab" * 32, hours) for name, hours in (("ann", 24), ("bob", 48))]
    backend.trash_requests.add(UserId("ann"), at(9), at(10))
    backend.accounts.open_account(Account(user_id=UserId("new"), created_at=at(5)))
    _rate(backend, photos[0], {"rater": 5, "bob": 2, "ann": 4})
    _rate(backend, photos[1], {"rater": 1})
    for name in ("cancelled", "purged"):
        photos.append(backend.ready(name, title="gone"))
        backend.cancel(UserId(name))
    purge(backend, UserId("purged"))
    backend.deletions.finish_purge_run(UserId("purged"), None)
    mark_album_deleted(backend, albums[2])
    backend.albums.store_progress(read_album(backend, albums[1]), photos[0].photo_id, at(99))
    return Gallery(photos, albums, links, keys)


def purge(backend: Backend, user_id: UserId) -> None:
    """Purge the photos and the records of a cancelled account."""
    while backend.deletions.purge_photos(user_id) + backend.deletions.purge_records(user_id):
        pass


def _add_albums(backend: Backend) -> list[Album]:
    facts: list[dict[str, Any]] = [
        {"name": "Coast", "years": (2024, 2026), "country": "Italy"},
        {"name": "Secret", "visibility": "private", "minute": 1, "due_at": at(30), "change_number": 3},
        {"name": "Deleted", "minute": 2},
    ]
    return [*(add_album(backend, **fact) for fact in facts), add_album(backend, "bob", name="Pier")]


def _add_photos(backend: Backend, albums: list[Album]) -> list[Photo]:
    coast, secret, deleted, pier = albums
    exif = Exif(camera="Nikon", iso=100, aperture=4.0, latitude=-0.0, longitude=1e-7, altitude=-12.25)
    photos = [
        backend.ready(
            minute=1,
            title="Sea \0 海辺",
            tags=("Summer", "a#b"),
            exif=exif,
            memberships=build_memberships(coast, 3),
            sha256="ab" * 32,
        ),
        backend.ready(
            minute=2,
            title="sea",
            visibility="private",
            memberships=build_memberships(secret, 2) | build_memberships(coast, 1),
        ),
        backend.ready(
            minute=3, visibility="unlisted", tags=("summer",), memberships=build_memberships(coast, 2), charged_bytes=7
        ),
        backend.ready(
            minute=4, taken_local="2019-08-01T10:00:00", memberships=build_memberships(coast, 2), sha256="ab" * 32
        ),
        backend.ready(
            minute=5,
            memberships=build_memberships(deleted, 1),
            rotation_due_at=at(20),
            renditions={"256": "x/256.webp"},
        ),
        backend.ready("bob", title="pier", tags=("summer",), memberships=build_memberships(pier, 1)),
    ]
    photos.append(
        backend.put(backend.ready(minute=6, title="bin"), trashed_at=at(7), due_at=at(60), visibility="private")
    )
    photos.append(backend.granted(minute=7, due_at=at(30), sha256="cd" * 32))
    details = RejectionDetails(limit=9, actual=10, unit="bytes")
    photos.append(
        backend.put(backend.granted(minute=8), status="rejected", rejection="TooLarge", rejection_details=details)
    )
    photos.append(backend.erase(backend.ready(minute=9)))
    backend.store.postpone([photos[6].photo_id], at(90))
    return photos


def _add_links(backend: Backend, album: Album) -> list[ShareLink]:
    links = [new_link(album), new_link(album, 1).with_(expires_at=at(500), salt="aa", password_hash="bb")]
    for link in links:
        assert backend.links.add_link(link, 9)
    for _ in range(3):
        assert backend.links.count_wrong_password(links[1], 77, 9)
    return links


def _add_key(backend: Backend, user_id: UserId, key: str, hours: int) -> tuple[UserId, str]:
    expires_at = int((START + timedelta(hours=hours)).timestamp())
    record = IdempotencyRecord(
        user_id=user_id, key=key, request="ee" * 32, resource_id="x", expires_at=expires_at, response='{"a": "\0"}'
    )
    assert backend.idempotency.add(record)
    return user_id, key


def _rate(backend: Backend, photo: Photo, ratings: dict[str, int]) -> None:
    for name, rating in ratings.items():
        assert backend.ratings.rate(backend.now(photo), UserId(name), None, rating)


def observe(backend: Backend, gallery: Gallery) -> dict[str, Any]:
    """Return everything that the contracts show, in an order that no database chooses."""
    return {
        "photos": [backend.store.get_photo(photo.photo_id) for photo in gallery.photos],
        "lists": {str(listing): _observe_list(backend, listing) for listing in _list_listings()},
        "albums": [_observe_album(backend, album) for album in gallery.albums],
        "links": [backend.links.read_with_link(link.album_id, link.link_id)[1] for link in gallery.links],
        "keys": [backend.idempotency.get_record(*key) for key in gallery.keys],
        "users": {user_id: _observe_user(backend, user_id, gallery.photos) for user_id in USERS},
        "due photos": sorted(backend.store.list_due(_FAR, 99)),
        "due soon": sorted(backend.store.list_due(at(61), 99)),
        "due albums": sorted(backend.albums.list_due(_FAR, 99)),
        "due accounts": backend.deletions.list_due(_FAR, 99),
        "due requests": backend.trash_requests.list_due(_FAR, 99),
        "public albums": backend.albums.list_albums(None, 99),
    }


def _list_listings() -> Iterable[Listing]:
    yield Listing(scope="public")
    for user_id in USERS:
        yield Listing(scope="public", owner=user_id)
        yield Listing(scope="owner", owner=user_id)
        yield Listing(scope="trash", owner=user_id)


def _observe_list(backend: Backend, listing: Listing) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "newest": backend.store.list_by_time(listing, 99, newest_first=True),
        "oldest": backend.store.list_by_time(listing, 99, newest_first=False),
    }
    if listing.scope != "trash":
        for tag in ("summer", "a#b"):
            tagged = listing.with_(tag=tag)
            shown[tag] = backend.store.list_by_tag(tagged, 99, newest_first=True)
    if (listing.scope, listing.owner is None) in (("public", True), ("owner", False)):
        shown["top"] = backend.store.list_by_score(listing, 99)
        shown["feed"] = backend.store.list_by_rank(listing, _ALL_RANKS)
        for query in _QUERIES:
            shown[query] = backend.search.search(listing, parse_query_words(query), 99)
    return shown


def _observe_album(backend: Backend, album: Album) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "album": backend.albums.get_album(album.album_id),
        "members": backend.albums.list_member_ids(album.album_id, 99),
        "links": backend.links.list_links(album.album_id, 99),
    }
    for include_private in (True, False):
        options: Any = {"include_private": include_private}
        shown[f"position {include_private}"] = backend.albums.list_entries(album.album_id, 99, **options)
        by_rank = backend.albums.list_entries_by_rank(album.album_id, _ALL_RANKS, **options)
        shown[f"rank {include_private}"] = [entry.photo_id for entry in by_rank[0]]
        by_time = backend.timeline.list_entries(album.album_id, 99, TakenRange(), **options)
        shown[f"taken {include_private}"] = by_time
    return shown


def _observe_user(backend: Backend, user_id: UserId, photos: list[Photo]) -> dict[str, Any]:
    return {
        "account": backend.accounts.get_account(user_id),
        "cancelled": backend.deletions.get_cancellation_time(user_id),
        "albums": backend.albums.list_albums(user_id, 99),
        "months": backend.timeline.count_by_month(user_id),
        "taken": backend.timeline.list_photos(user_id, 99, TakenRange()),
        "ids": backend.timeline.list_all_ids(user_id, 99),
        "duplicates": [backend.idempotency.find_duplicate(user_id, digits * 32) for digits in ("ab", "cd")],
        "request": backend.trash_requests.get_time(user_id),
        "ratings": [backend.ratings.get_rating(PhotoId(photo.photo_id), user_id) for photo in photos],
    }
