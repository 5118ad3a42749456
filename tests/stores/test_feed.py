"""Every order of photos is exact while photos come, go and change between its pages."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.accounts import Caller
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.listing import Page
from chalicelib.domain.photos import Photo
from chalicelib.domain.queries import Order, PhotoQuery
from chalicelib.domain.requests import Scope
from chalicelib.photos.lists import PhotoLists
from tests.support.presenters import RowPresenter
from tests.support.rows import START, Backend, ids, pending

KEYS, ANN = ["key"], UserId("ann")
FEW = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Empty = Callable[[], Backend]
SORT_KEYS: dict[str, Callable[[Photo], Any]] = {
    **dict.fromkeys(("newest", "oldest"), lambda _: 0),
    "top": lambda photo: photo.score,
    "taken": lambda photo: photo.taken_local or photo.uploaded_at[:19],
}


class Step(msgspec.Struct, frozen=True):
    """The changes of a gallery between two pages."""

    insert: int
    erase: int
    hide: int
    show: int
    rate: int
    remaining: int | None
    """The number of photos that a mass deletion leaves, or None if there is none."""


STEPS = st.lists(
    st.builds(Step, *[st.integers(0, 2)] * 5, st.sampled_from([None] * 9 + [0, 1, 3])), min_size=1, max_size=6
)
SIZES = st.lists(st.integers(1, 7), min_size=1, max_size=4)


class Gallery:
    """Ann's photos in a store. They change while a client walks through them."""

    def __init__(self, backend: Backend, count: int) -> None:
        self.backend, self.photos, self.hidden = backend, list[Photo](), list[Photo]()
        self.created = 0
        self.insert(count)
        self.unmoved = {photo.photo_id for photo in self.photos}

    def insert(self, count: int) -> None:
        for _ in range(count):
            facts: dict[str, Any] = {"rating_sum": 4 * (self.created % 3), "rating_count": self.created % 3}
            if self.created % 4:
                facts["taken_local"] = f"2025-0{1 + self.created % 4}-01T00:00:0{self.created % 3}"
            photo = pending(minute=self.created, status="ready", **facts)
            self.photos.append(self.backend.add_ready(photo))
            self.created += 1

    def change(self, step: Step) -> None:
        """Apply all changes of `step`. Erased, hidden and rated photos come from the middle of the gallery."""
        self._erase(len(self.photos) - step.remaining if step.remaining is not None else step.erase)
        for photo in self._take(step.hide):
            self.hidden.append(self.backend.put(photo, visibility="private"))
        for photo in self._take(step.rate):
            rating = {"rating_sum": photo.rating_sum + 5, "rating_count": photo.rating_count + 1}
            self.photos.insert(0, self.backend.put(photo, **rating))
        for _ in range(min(step.show, len(self.hidden))):
            self.photos.append(self.backend.put(self.hidden.pop(0), visibility="public"))
        self.insert(step.insert)

    def _erase(self, count: int) -> None:
        for number, photo in enumerate(self._take(count)):
            if number % 2:
                self.backend.put(photo, trashed_at=format_timestamp(START))
            else:
                self.backend.erase(photo)

    def _take(self, count: int) -> list[Photo]:
        taken = [self.photos.pop(len(self.photos) // 2) for _ in range(min(max(count, 0), len(self.photos)))]
        self.unmoved -= {photo.photo_id for photo in taken}
        return taken


def build_lists(backend: Backend) -> PhotoLists:
    return PhotoLists(backend.store, backend.timeline, RowPresenter(), KEYS)


def walk(gallery: Gallery, order: Order, scope: Scope, sizes: list[int], steps: list[Step]) -> list[Photo]:
    """Walk to the end in pages of `sizes` in turn. Apply `steps` between the first pages. Return the photos shown."""
    shown: list[Photo] = []
    last_key, number = None, 0
    while number == 0 or last_key:
        query = PhotoQuery(order=order, scope=scope, limit=sizes[number % len(sizes)], last_key=last_key)
        page: Page[Any] = build_lists(gallery.backend).list_page(query, by=Caller(ANN))
        assert page.items or not page.last_key, "only the last page may be empty"
        shown += page.items
        last_key = page.last_key
        if number < len(steps):
            gallery.change(steps[number])
        number += 1
    return shown


@pytest.mark.parametrize("scope", ["public", "mine"])
@FEW
@given(count=st.integers(0, 30), sizes=SIZES, steps=STEPS)
def test_random_order_shows_every_remaining_photo_exactly_once(
    empty_backend: Empty, scope: Scope, count: int, sizes: list[int], steps: list[Step]
) -> None:
    gallery = Gallery(empty_backend(), count)
    shown = ids(walk(gallery, "random", scope, sizes, steps))
    assert len(shown) == len(set(shown))
    assert gallery.unmoved <= set(shown)


@pytest.mark.parametrize(
    ("order", "scope"), [("newest", "public"), ("oldest", "public"), ("top", "public"), ("taken", "mine")]
)
@FEW
@given(count=st.integers(0, 20), sizes=SIZES, steps=STEPS)
def test_other_orders_neither_skip_nor_repeat_unmoved_photos(
    empty_backend: Empty, order: Order, scope: Scope, count: int, sizes: list[int], steps: list[Step]
) -> None:
    gallery = Gallery(empty_backend(), count)
    shown = walk(gallery, order, scope, sizes, steps)
    stayed = [photo_id for photo_id in ids(shown) if photo_id in gallery.unmoved]
    assert sorted(stayed) == sorted(gallery.unmoved)
    sort_keys = [(SORT_KEYS[order](photo), photo.photo_id) for photo in shown]
    in_order = sort_keys if order == "oldest" else sort_keys[::-1]
    assert all(before < after for before, after in pairwise(in_order)), "the photos must be sorted and unique"
