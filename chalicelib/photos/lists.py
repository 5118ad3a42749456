"""The lists of photos: everybody's, one's own and the trash, in every order, a page at a time."""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.domain import errors, feed
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import PhotoId, UserId, first_photo_id
from chalicelib.domain.listing import Listing, Page
from chalicelib.domain.photos import Photo
from chalicelib.domain.requests import PageQuery, PhotoQuery
from chalicelib.infra import metrics
from chalicelib.stores.protocols import Store


def page(store: Store, keys: Sequence[str], query: PhotoQuery, *, by: UserId | None) -> Page[Photo]:
    """One page of photos in the order that `query` asks for. `keys`: of the cursors, newest last.

    Raises:
        InvalidToken: `scope=mine` without being signed in.
        InvalidRequest: a filter that this order or scope does not take.
        InvalidCursor: `lastKey` is not of this list.
    """
    listing = _listing(query, by)
    times = [first_photo_id(moment) if moment else None for moment in (query.from_, query.to)]
    cursors = Cursors(keys, by, "photos", query.order, query.scope, query.user_id, query.tag, *times)
    place = cursors.open(query.last_key)
    if query.order == "random":
        requests = 0

        def read(spans: list[feed.Span], limit: int | None = None) -> list[list[Photo]]:
            nonlocal requests
            requests += len(spans)
            return store.by_rank(listing, spans, limit)

        min_depth = feed.PUBLIC_MIN_DEPTH if listing.scope == "public" else 0
        found, then = shuffled(read, query.limit, place, min_depth=min_depth)
        metrics.note("FeedRequests", requests)
        return Page(found, cursors.seal(then) if then else None)
    if query.order == "top":
        after = (place[0], PhotoId(place[1])) if place else None
        found = store.by_score(listing, query.limit + 1, after=after)
        return _cut(found, query.limit, cursors, top=True)
    return _by_time(store, listing, query, cursors, place)


def trash(store: Store, keys: Sequence[str], query: PageQuery, *, by: UserId) -> Page[Photo]:
    """One page of a person's trash, newest uploads first.

    Raises:
        InvalidCursor: `lastKey` is not of this list.
    """
    cursors = Cursors(keys, by, "trash")
    place = cursors.open(query.last_key)
    listing = Listing(scope="trash", owner=by)
    found = store.by_time(listing, query.limit + 1, newest=True, after=PhotoId(place[0]) if place else None)
    return _cut(found, query.limit, cursors)


def shuffled[Item: feed.HasId](
    read: feed.Read[Item], limit: int, place: list[Any] | None, *, min_depth: int = 0
) -> tuple[list[Item], list[Any] | None]:
    """The next items in random order, and the place behind them; None at the end of the walk.

    `read`: by rank; `place`: as a token held it, None for a new walk; `min_depth`: as `feed` has it.
    """
    if place:
        found, then = feed.page(msgspec.convert(place, feed.Place), limit, read, min_depth)
    else:
        found, then = feed.begin(_new_walk(read, min_depth), limit, read, min_depth)
    return found, msgspec.to_builtins(then) if then else None


def _listing(query: PhotoQuery, by: UserId | None) -> Listing:
    narrowed = query.user_id or query.tag or query.from_ or query.to
    if query.order in ("random", "top") and narrowed:
        raise errors.InvalidRequest("userId, tag, from and to narrow the orders newest and oldest only.")
    if query.scope == "public":
        return Listing(scope="public", owner=UserId(query.user_id) if query.user_id else None, tag=query.tag)
    if by is None:
        raise errors.InvalidToken
    if query.user_id:
        raise errors.InvalidRequest("userId narrows scope=public only.", details={"field": "userId"})
    return Listing(scope="owner", owner=by, tag=query.tag)


def _new_walk[Item: feed.HasId](read: feed.Read[Item], min_depth: int) -> feed.Place:
    """The start of a walk with a fresh seed, as deep as the density beyond a random rank asks for."""
    looked_at = feed.sample_span(secrets.randbits(feed.RANK_BITS), min_depth)
    (found,) = read([looked_at], feed.SAMPLE)
    ranks = [feed.rank(item.photo_id) for item in found]
    return feed.Place(secrets.randbits(64), feed.depth_for(ranks, looked_at, min_depth))


def _by_time(
    store: Store, listing: Listing, query: PhotoQuery, cursors: Cursors, place: list[Any] | None
) -> Page[Photo]:
    read = store.by_tag if listing.tag else store.by_time
    found = read(
        listing,
        query.limit + 1,
        newest=query.order == "newest",
        after=PhotoId(place[0]) if place else None,
        since=first_photo_id(query.from_) if query.from_ else None,
        until=first_photo_id(query.to) if query.to else None,
    )
    return _cut(found, query.limit, cursors)


def _cut(found: list[Photo], limit: int, cursors: Cursors, *, top: bool = False) -> Page[Photo]:
    """A page of `limit`; one photo beyond it tells that there is another."""
    shown = found[:limit]
    if len(found) == len(shown):
        return Page(shown, None)
    last = shown[-1]
    return Page(shown, cursors.seal([last.score, last.photo_id] if top else [last.photo_id]))
