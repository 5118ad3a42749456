"""The order `taken` over HTTP: one's own photos, albums, share links, and the months."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from tests.support.albums import create_album, list_album_photos, put_into_album
from tests.support.cloud import Answer, Client, Cloud, created
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, sound
from tests.support.lists import add_photos, join_pages, read_pages

JPEG = make_photo(64, 48)
"""Taken at 2024-07-01T12:30:45, two hours ahead of UTC."""
TIMES = ["2025-06-01T00:00:00", "2023-06-30T23:59:59", "2024-02-29T12:00:00", "2025-06-01T00:00:00"]


def add_timed_photos(cloud: Cloud, owner: Client, visibility: Any = "public") -> list[PhotoId]:
    """Add photos with TIMES, and one without a time, which was uploaded in 2026. Return their ids, newest first."""
    ids = [add_photos(cloud, 1, owner.user_id, visibility, taken_local=time)[0] for time in TIMES]
    (untimed,) = add_photos(cloud, 1, owner.user_id, visibility)
    return [untimed, *sorted((ids[0], ids[3]), reverse=True), ids[2], ids[1]]


def read_months(owner: Client) -> dict[str, int]:
    """Return the photos by month, in the order of the response."""
    answer = owner.get("/photos/months", scope="mine")
    assert answer.status == 200, answer
    return {item["month"]: item["count"] for item in answer.json["items"]}


def share(owner: Client, album: str) -> str:
    """Create a share link. Return the path of its list."""
    token = owner.post(f"{album}/links").json["url"].rpartition("/")[2]
    return f"/shared/{token}/photos"


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready photo that Ann owns."""
    return shared_cloud.upload(ann, JPEG)


# --- Lists


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_own_photos_are_listed_by_local_time(shared_cloud: Cloud, ann: Client, limit: int) -> None:
    expected = add_timed_photos(shared_cloud, ann, "private")
    add_photos(shared_cloud, 1, f"{ann.user_id}0")
    pages = read_pages(ann, scope="mine", order="taken", limit=limit)
    assert join_pages(pages) == expected
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_album_is_listed_by_local_time_for_each_viewer(shared_cloud: Cloud, ann: Client, limit: int) -> None:
    album = create_album(ann)
    hidden = add_timed_photos(shared_cloud, ann, "private")
    shown = add_timed_photos(shared_cloud, ann)
    for photo_id in hidden + shown:
        put_into_album(ann, album, photo_id)
    views = {photo_id: ann.get(f"/photos/{photo_id}").json for photo_id in hidden + shown}
    everything = sorted(
        views, key=lambda photo_id: (views[photo_id]["takenLocal"] or views[photo_id]["uploadedAt"], photo_id)
    )[::-1]
    assert list_album_photos(shared_cloud.visitor, album, order="taken", limit=limit) == shown
    assert list_album_photos(ann, album, order="taken", limit=limit) == everything
    assert join_pages(read_pages(shared_cloud.visitor, share(ann, album), order="taken", limit=limit)) == everything


RANGES: list[tuple[dict[str, str], slice]] = [
    ({"from": "2024-01-01T00:00:00Z"}, slice(0, 4)),
    ({"from": "2025-06-01T00:00:00+14:00", "to": "2025-06-01T00:00:01-14:00"}, slice(1, 3)),
    ({"from": "2025-06-01T00:00:00.001Z"}, slice(0, 1)),
    ({"to": "2025-06-01T00:00:00Z"}, slice(3, 5)),
    ({"to": "2025-06-01T00:00:00.001Z"}, slice(1, 5)),
    ({"from": "9999-12-31T23:59:59.9-14:00"}, slice(0, 0)),
    ({"to": "0001-01-01T00:00:00+14:00"}, slice(0, 0)),
    ({"from": "2025-01-01T00:00:00Z", "to": "2024-01-01T00:00:00Z"}, slice(0, 0)),
]


@pytest.mark.parametrize(("bounds", "part"), RANGES)
def test_range_is_compared_with_the_local_time_and_ignores_the_offset(
    shared_cloud: Cloud, ann: Client, bounds: dict[str, str], part: slice
) -> None:
    album, photo_ids = create_album(ann), add_timed_photos(shared_cloud, ann)
    for photo_id in photo_ids:
        put_into_album(ann, album, photo_id)
    expected = photo_ids[part]
    assert join_pages(read_pages(ann, scope="mine", order="taken", limit=2, **bounds)) == expected
    assert list_album_photos(shared_cloud.visitor, album, order="taken", limit=2, **bounds) == expected
    assert join_pages(read_pages(shared_cloud.visitor, share(ann, album), order="taken", **bounds)) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"order": "taken"},
        {"order": "taken", "userId": "ann"},
        {"order": "taken", "scope": "mine", "userId": "ann"},
        {"order": "taken", "scope": "mine", "tag": "sea"},
        {"order": "taken", "scope": "mine", "from": "2025-06-01"},
        {"order": "taken", "scope": "mine", "from": "2025-06-01T00:00:00"},
    ],
)
def test_unsupported_combination_is_refused(ann: Client, query: dict[str, str]) -> None:
    answer = ann.get("/photos", **query)
    assert (answer.status, answer.json["error"]) == (400, "InvalidRequest")


@pytest.mark.parametrize("order", ["position", "random"])
def test_other_orders_of_an_album_refuse_a_range(ann: Client, shared_cloud: Cloud, order: str) -> None:
    album = create_album(ann)
    for path in (f"{album}/photos", share(ann, album)):
        for name in ("from", "to"):
            answer = shared_cloud.visitor.get(path, order=order, **{name: "2025-06-01T00:00:00Z"})
            assert (answer.status, answer.json["error"]) == (400, "InvalidRequest")


def test_order_taken_of_own_photos_requires_a_token(shared_cloud: Cloud) -> None:
    assert shared_cloud.visitor.get("/photos", scope="mine", order="taken").status == 401


def test_cursor_of_the_order_is_bound_to_the_range_and_the_list(shared_cloud: Cloud, ann: Client) -> None:
    album, bounds = create_album(ann), {"to": "2026-01-01T00:00:00Z"}
    for photo_id in add_timed_photos(shared_cloud, ann):
        put_into_album(ann, album, photo_id)
    shared = share(ann, album)
    lists: list[tuple[str, dict[str, Any]]] = [
        (path, {"order": "taken", **scope, **part})
        for path, scope in (("/photos", {"scope": "mine"}), (f"{album}/photos", {}), (shared, {}))
        for part in ({}, bounds, {"from": "2024-01-01T00:00:00Z"})
    ]
    for path, query in lists:
        last_key = ann.get(path, limit=1, **query).json["lastKey"]
        statuses = [ann.get(*other[:1], lastKey=last_key, **other[1]).status for other in lists]
        assert statuses == [200 if other == (path, query) else 400 for other in lists]


# --- Changes


def test_photo_moves_when_its_owner_changes_its_time(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    album, path = create_album(ann), f"/photos/{photo.photo_id}"
    other = shared_cloud.upload(ann, JPEG)
    for photo_id in (photo.photo_id, other.photo_id):
        put_into_album(ann, album, photo_id)
    for time, months, expected in (
        ("2024-07-02T00:00:00", {"2024-07": 2}, [photo, other]),
        ("2023-01-31T23:59:59", {"2024-07": 1, "2023-01": 1}, [other, photo]),
        (None, {photo.uploaded_at[:7]: 1, "2024-07": 1}, [photo, other]),
    ):
        assert ann.patch(path, {"takenLocal": time}).status == 200
        assert list(read_months(ann).items()) == list(months.items())
        ids = [listed.photo_id for listed in expected]
        assert join_pages(read_pages(ann, scope="mine", order="taken")) == ids
        assert list_album_photos(shared_cloud.visitor, album, order="taken") == ids
    assert sound(shared_cloud, ann)


def test_months_follow_every_change_of_a_photo(shared_cloud: Cloud, ann: Client) -> None:
    assert read_months(ann) == {}
    grant = shared_cloud.grant(ann)
    assert read_months(ann) == {}
    shared_cloud.put(grant, JPEG)
    path = f"/photos/{grant['photoId']}"
    assert ann.post(f"{path}/complete").status == 200
    assert read_months(ann) == {"2024-07": 1}
    steps: list[tuple[Callable[[], Answer], dict[str, int]]] = [
        (lambda: ann.post(f"{path}/complete"), {"2024-07": 1}),
        (lambda: ann.patch(path, {"visibility": "private", "title": "Quay"}), {"2024-07": 1}),
        (lambda: ann.delete(path), {}),
        (lambda: ann.patch(path, {"takenLocal": "1985-05-01T00:00:00"}), {}),
        (lambda: ann.delete(path), {}),
        (lambda: ann.post(f"{path}/restore"), {"1985-05": 1}),
        (lambda: ann.delete(path, permanent="true"), {}),
        (lambda: ann.delete(path, permanent="true"), {}),
    ]
    for call, months in steps:
        call()
        assert read_months(ann) == months
    assert broken(shared_cloud, ann.user_id) == []


def test_rejected_photo_is_not_counted(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.upload(ann, b"no image")
    assert read_months(ann) == {}


def test_rebuilt_photo_is_counted_once(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)
    shared_cloud.store.remove(shared_cloud.photo(grant["photoId"]))
    for _ in range(3):
        shared_cloud.deliver(created(grant["s3Key"], version))
    assert read_months(ann) == {"2024-07": 1}
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("query", [{"scope": "public"}, {"scope": "mine", "limit": "5"}, {"scope": ""}])
def test_months_reject_other_scopes(ann: Client, query: dict[str, str]) -> None:
    assert ann.get("/photos/months", **query).status == 400
