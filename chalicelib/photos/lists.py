"""Use cases of photo lists: list public photos, the caller's own photos and the trash."""

from collections.abc import Sequence
from typing import Any

from chalicelib.domain import errors, feed
from chalicelib.domain.accounts import Caller
from chalicelib.domain.cursors import Cursors
from chalicelib.domain.ids import PhotoId, UserId, get_first_photo_id
from chalicelib.domain.listing import Listing, Page
from chalicelib.domain.photos import Photo
from chalicelib.domain.queries import PhotoQuery
from chalicelib.domain.requests import PageQuery
from chalicelib.domain.timeline import build_taken_range, round_up_local_time
from chalicelib.infra import metrics
from chalicelib.photos import random_walk
from chalicelib.photos.views import AnyPhotoView, MonthsView, MonthView, OwnPhotoView, PhotoPresenter
from chalicelib.stores.protocols import PhotoStore
from chalicelib.stores.timeline import TimelineStore


class PhotoLists:
    """List photos one page at a time."""

    def __init__(
        self, store: PhotoStore, timeline: TimelineStore, presenter: PhotoPresenter, signing_keys: Sequence[str]
    ) -> None:
        """`signing_keys` sign the cursors. The newest key comes last."""
        self._store, self._timeline, self._presenter, self._keys = store, timeline, presenter, signing_keys

    def list_page(self, query: PhotoQuery, *, by: Caller | None) -> Page[AnyPhotoView]:
        """Return one page of photos in the requested order.

        Raises:
            InvalidToken: a visitor requests `scope=mine`.
            InvalidRequest: the order or the scope does not support one of the filters.
            InvalidCursor: `lastKey` is not a cursor of this list.
        """
        listing = _select_listing(query, by)
        build_bound = round_up_local_time if query.order == "taken" else get_first_photo_id
        bounds = [build_bound(time) if time else None for time in (query.from_, query.to)]
        owner = by.user_id if by else None
        cursors = Cursors(self._keys, owner, "photos", query.order, query.scope, query.user_id, query.tag, *bounds)
        readers = {"random": self._read_randomly, "top": self._read_by_score, "taken": self._read_by_taken}
        read = readers.get(query.order, self._read_by_time)
        return self._presenter.build_page(read(listing, query, cursors), by)

    def count_by_month(self, *, by: Caller) -> MonthsView:
        """Return the number of the caller's photos in each month of the order `taken`, newest first."""
        counts = self._timeline.count_by_month(by.user_id)
        return MonthsView(items=[MonthView(month=month, count=counts[month]) for month in sorted(counts, reverse=True)])

    def list_trash(self, query: PageQuery, *, by: Caller) -> Page[OwnPhotoView]:
        """Return one page of the caller's trash, newest uploads first.

        Raises:
            InvalidCursor: `lastKey` is not a cursor of this list.
        """
        cursors = Cursors(self._keys, by.user_id, "trash")
        position = cursors.open(query.last_key)
        listing = Listing(scope="trash", owner=by.user_id)
        after = PhotoId(position[0]) if position else None
        photos = self._store.list_by_time(listing, query.limit + 1, newest_first=True, after=after)
        return self._presenter.build_own_page(cursors.build_page(photos, query.limit, _get_cursor_position))

    def _read_randomly(self, listing: Listing, query: PhotoQuery, cursors: Cursors) -> Page[Photo]:
        requests = 0

        def read(spans: list[feed.Span], limit: int | None = None) -> list[list[Photo]]:
            nonlocal requests
            requests += len(spans)
            return self._store.list_by_rank(listing, spans, limit)

        position = cursors.open(query.last_key)
        min_depth = feed.PUBLIC_MIN_DEPTH if listing.scope == "public" else 0
        sizes = self._store.walk_sizes
        photos, next_position = random_walk.read_next_items(read, query.limit, position, sizes, min_depth=min_depth)
        metrics.record_value("FeedRequests", requests)
        return Page(photos, cursors.seal(next_position) if next_position else None)

    def _read_by_score(self, listing: Listing, query: PhotoQuery, cursors: Cursors) -> Page[Photo]:
        position = cursors.open(query.last_key)
        after = (position[0], PhotoId(position[1])) if position else None
        photos = self._store.list_by_score(listing, query.limit + 1, after=after)
        return cursors.build_page(photos, query.limit, lambda photo: [photo.score, photo.photo_id])

    def _read_by_taken(self, listing: Listing, query: PhotoQuery, cursors: Cursors) -> Page[Photo]:
        position = cursors.open(query.last_key)
        part = build_taken_range(query, position[0] if position else None)
        photos = self._timeline.list_photos(UserId(str(listing.owner)), query.limit + 1, part)
        return cursors.build_page(photos, query.limit, lambda photo: [photo.taken_key])

    def _read_by_time(self, listing: Listing, query: PhotoQuery, cursors: Cursors) -> Page[Photo]:
        position = cursors.open(query.last_key)
        read = self._store.list_by_tag if listing.tag else self._store.list_by_time
        photos = read(
            listing,
            query.limit + 1,
            newest_first=query.order == "newest",
            after=PhotoId(position[0]) if position else None,
            since=get_first_photo_id(query.from_) if query.from_ else None,
            until=get_first_photo_id(query.to) if query.to else None,
        )
        return cursors.build_page(photos, query.limit, _get_cursor_position)


def _get_cursor_position(photo: Photo) -> list[Any]:
    return [photo.photo_id]


def _select_listing(query: PhotoQuery, by: Caller | None) -> Listing:
    has_filter = query.user_id or query.tag or query.from_ or query.to
    if query.order in ("random", "top") and has_filter:
        raise errors.InvalidRequest(
            "The filters `userId`, `tag`, `from` and `to` require `order=newest` or `order=oldest`. "
            "`from` and `to` also work with `order=taken`."
        )
    if query.order == "taken":
        if query.scope == "public":
            raise errors.InvalidRequest("The order `taken` requires `scope=mine`.", details={"field": "order"})
        if query.tag:
            raise errors.InvalidRequest(
                "The filter `tag` requires `order=newest` or `order=oldest`.", details={"field": "tag"}
            )
    if query.scope == "public":
        return Listing(scope="public", owner=UserId(query.user_id) if query.user_id else None, tag=query.tag)
    if by is None:
        raise errors.InvalidToken
    if query.user_id:
        raise errors.InvalidRequest("The filter `userId` requires `scope=public`.", details={"field": "userId"})
    return Listing(scope="owner", owner=by.user_id, tag=query.tag)
