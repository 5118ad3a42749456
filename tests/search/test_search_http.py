"""Search over HTTP: results follow every change of a photo, pages are full, and invalid queries are rejected."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.ids import create_photo_id
from chalicelib.domain.photos import Exif
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo
from tests.support.invariants import broken
from tests.support.lists import add_photos, join_pages, read_pages
from tests.support.rows import START, pending

JPEG = make_photo(64, 48)


def search_photos(client: Client, q: str, **query: Any) -> list[str]:
    return join_pages(read_pages(client, "/search", q=q, **query))


def test_search_follows_every_change_of_a_photo(shared_cloud: Cloud, ann: Client) -> None:
    key = f"k{uuid4().hex[:12]}"
    photo = shared_cloud.upload(
        ann, JPEG, title=f"{key} Café am Fluß", description="By Night", tags=["New York", "sea"]
    )
    path, visitor = f"/photos/{photo.photo_id}", shared_cloud.visitor
    camera = str(photo.exif.camera).split()[0]
    for q in (key, key[:4], f"{key} CAFE", f"fluss {key}", f"night york {key}", f"{key} sea", f"{key} {camera}"):
        assert search_photos(visitor, q) == search_photos(ann, q, scope="mine") == [photo.photo_id], q
    for q in (f"{key} day", f"{key}x", f"af {key}", f"{key} c", f"caf {key}"):
        assert search_photos(visitor, q) == [], q
    assert ann.patch(path, {"title": f"{key} Quay", "tags": []}).status == 200
    assert search_photos(visitor, f"cafe {key}") == search_photos(visitor, f"york {key}") == []
    assert search_photos(visitor, f"quay {key}") == [photo.photo_id]
    assert broken(shared_cloud, ann.user_id) == []
    for visibility in ("unlisted", "private"):
        assert ann.patch(path, {"visibility": visibility}).status == 200
        assert (search_photos(visitor, key), search_photos(ann, key), search_photos(ann, key, scope="mine")) == (
            [],
            [],
            [photo.photo_id],
        )
        assert broken(shared_cloud, ann.user_id) == []
    assert ann.patch(path, {"visibility": "public"}).status == 200
    assert ann.delete(path).status == 204
    assert search_photos(visitor, key) == search_photos(ann, key, scope="mine") == []
    assert ann.post(f"{path}/restore").status == 200
    assert search_photos(visitor, key) == [photo.photo_id]
    assert ann.delete(path, permanent="true").status == 204
    assert search_photos(visitor, key) == []
    assert broken(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("count", [0, 9, 10, 11, 25])
@pytest.mark.parametrize("prefix", ["", "harbour "])
def test_pages_are_full_newest_first_and_end_with_null(
    shared_cloud: Cloud, ann: Client, count: int, prefix: str
) -> None:
    key = f"k{uuid4().hex[:12]}"
    photo_ids = add_photos(shared_cloud, count, ann.user_id, title=f"{key} harbour")
    for client, scope in ((shared_cloud.visitor, "public"), (ann, "mine")):
        pages = read_pages(client, "/search", q=prefix + key, scope=scope)
        assert join_pages(pages) == photo_ids[::-1]
        assert all(len(page) == 10 for page in pages[:-1])
        assert len(pages) == max(1, -(-count // 10))


@pytest.mark.parametrize("q", ["*", "%", "_", ".*", "(a+)+$", "'; --", "👍", " ", "\u0301", "#", "ann#sea", "tag#sea"])
def test_wildcards_and_index_keys_are_searched_as_plain_text(shared_cloud: Cloud, ann: Client, q: str) -> None:
    shared_cloud.stored.clear()
    add_photos(shared_cloud, 1, ann.user_id, title="Quay", tags=("seaweed",))
    answer = ann.get("/search", q=q)
    assert (answer.status, answer.json) == (200, {"items": [], "lastKey": None})


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": ""},
        {"q": "x" * 201},
        {"q": "x" * 100_000},
        {"q": "sea", "order": "newest"},
        {"q": "sea", "limit": "0"},
        {"q": "sea", "limit": "101"},
        {"q": "sea", "scope": "all"},
        {"q": "sea", "lastKey": "x"},
    ],
)
def test_undocumented_query_is_rejected(shared_cloud: Cloud, query: dict[str, str]) -> None:
    assert shared_cloud.visitor.get("/search", **query).status == 400


def test_repeated_or_undecodable_query_is_rejected(shared_cloud: Cloud) -> None:
    assert shared_cloud.visitor.get("/search?q=sea").status == 200
    assert shared_cloud.visitor.get("/search?q=sea&q=old").status == 400
    assert shared_cloud.visitor.get("/search?q=%ff").status == 400


def test_scope_mine_requires_a_token(shared_cloud: Cloud) -> None:
    assert shared_cloud.visitor.get("/search", q="sea", scope="mine").status == 401


def test_cursor_is_valid_only_for_its_caller_words_and_scope(shared_cloud: Cloud, ann: Client) -> None:
    key = f"k{uuid4().hex[:12]}"
    add_photos(shared_cloud, 12, ann.user_id, title=f"{key} old")
    last_key = ann.get("/search", q=key).json["lastKey"]
    assert len(ann.get("/search", q=key, limit=1, lastKey=last_key).json["items"]) == 1
    for client, query in (
        (shared_cloud.visitor, {"q": key}),
        (shared_cloud.person("bob"), {"q": key}),
        (ann, {"q": f"{key} old"}),
        (ann, {"q": key, "scope": "mine"}),
    ):
        answer = client.get("/search", lastKey=last_key, **query)
        assert (answer.status, answer.json["error"]) == (400, "InvalidCursor")
    assert ann.get("/photos", order="newest", lastKey=last_key).status == 400


def test_page_of_one_word_makes_four_aws_calls(shared_cloud: Cloud, ann: Client) -> None:
    add_photos(shared_cloud, 30, ann.user_id, title="Breakwaters")
    for query in ({"q": "breakw"}, {"q": "breakwaters", "scope": "mine"}, {"q": "breakwaters", "limit": 25}):
        shared_cloud.calls.clear()
        assert ann.get("/search", **query).json["lastKey"]
        assert shared_cloud.calls == ["GetItem", "Query", "Query", "BatchGetItem"]


def test_photo_present_during_the_whole_walk_is_listed_exactly_once(shared_cloud: Cloud, ann: Client) -> None:
    key = f"k{uuid4().hex[:12]}"
    photo_ids = add_photos(shared_cloud, 20, ann.user_id, title=key)
    listed: list[str] = []
    last_key = None
    while True:
        page = ann.get("/search", q=key, limit=3, **({"lastKey": last_key} if last_key else {})).json
        listed += [item["photoId"] for item in page["items"]]
        if (last_key := page["lastKey"]) is None:
            break
        ann.delete(f"/photos/{page['items'][-1]['photoId']}")
        newer = pending(ann.user_id, status="ready", title=key).with_(
            photo_id=create_photo_id(START + timedelta(days=1), secrets.randbits(128))
        )
        assert shared_cloud.store.rebuild(newer.with_(status="pending"))
        assert shared_cloud.store.replace(newer.with_(status="pending"), newer)
    assert listed == photo_ids[::-1]


def test_positions_are_neither_returned_nor_searchable(shared_cloud: Cloud, ann: Client) -> None:
    key = f"k{uuid4().hex[:12]}"
    add_photos(shared_cloud, 1, ann.user_id, title=key, exif=Exif(camera="Nikon", latitude=48.5, longitude=9.25))
    (shown,) = shared_cloud.visitor.get("/search", q=f"nikon {key}").json["items"]
    assert not {"latitude", "longitude", "altitude"} & set(shown["exif"])
    assert search_photos(ann, f"{key} 48") == search_photos(ann, f"{key} 25", scope="mine") == []
