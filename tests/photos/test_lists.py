"""The lists of photos over HTTP are complete and sorted, and contain only photos that the caller may see."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.ids import format_timestamp
from tests.support.cloud import Client, Cloud
from tests.support.lists import add_photos, join_pages, read_pages
from tests.support.rows import START


@pytest.mark.parametrize("scope", ["public", "mine"])
@pytest.mark.parametrize("count", [0, 9, 10, 11, 25])
def test_newest_and_oldest_orders_are_complete_and_their_pages_are_full(cloud: Cloud, count: int, scope: str) -> None:
    photo_ids = add_photos(cloud, count)
    ann = cloud.person("ann")
    oldest = read_pages(ann, order="oldest", scope=scope)
    newest = read_pages(ann, order="newest", scope=scope)
    assert join_pages(oldest) == photo_ids
    assert join_pages(newest) == photo_ids[::-1]
    assert all(len(page) == 10 for page in oldest[:-1])
    assert len(oldest) == max(1, -(-count // 10))


def test_random_order_shows_every_photo_once(cloud: Cloud) -> None:
    photo_ids = add_photos(cloud, 60)
    hidden = add_photos(cloud, 5, visibility="private") + add_photos(cloud, 5, visibility="unlisted")
    for scope, client, expected in (
        ("public", cloud.visitor, photo_ids),
        ("mine", cloud.person("ann"), photo_ids + hidden),
    ):
        listed = join_pages(read_pages(client, scope=scope, limit=7))
        assert sorted(listed) == sorted(expected)
    assert join_pages(read_pages(cloud.visitor)) != join_pages(read_pages(cloud.visitor))


def test_top_order_puts_better_ratings_first_and_ties_newest_first(cloud: Cloud) -> None:
    unrated = add_photos(cloud, 12)
    best = add_photos(cloud, 2, rating_sum=50, rating_count=10)
    rated_once = add_photos(cloud, 1, rating_sum=5, rating_count=1)
    worst = add_photos(cloud, 1, rating_sum=10, rating_count=10)
    assert (
        join_pages(read_pages(cloud.visitor, order="top", limit=3)) == best[::-1] + rated_once + unrated[::-1] + worst
    )


def test_lists_can_be_filtered_by_user_tag_and_time(cloud: Cloud) -> None:
    anns_photos = add_photos(cloud, 6, tags=("Sea",))
    bobs_photos = add_photos(cloud, 6, "bob", tags=("sea", "harbour"))
    private = add_photos(cloud, 1, visibility="private", tags=("sea",))
    visitor = cloud.visitor

    def list_ids(client: Client, **query: Any) -> set[str]:
        return set(join_pages(read_pages(client, order="oldest", limit=4, **query)))

    assert list_ids(visitor, userId="ann") == set(anns_photos)
    for spelling in ("SEA", " sea ", "sea\u00a0", "\uff53ea"):
        assert list_ids(visitor, tag=spelling) == {*anns_photos, *bobs_photos}
    assert list_ids(visitor, tag="harbour") == set(bobs_photos)
    assert list_ids(visitor, tag="sea", userId="bob") == set(bobs_photos)
    assert list_ids(cloud.person("ann"), tag="sea", scope="mine") == {*anns_photos, *private}
    times = {
        "from": format_timestamp(START + timedelta(minutes=2)),
        "to": format_timestamp(START + timedelta(minutes=4)),
    }
    assert list_ids(visitor, **times) == {*anns_photos[2:4], *bobs_photos[2:4]}
    assert list_ids(visitor, tag="sea", userId="ann", **times) == set(anns_photos[2:4])
    assert list_ids(visitor, **{"from": "2027-01-01T00:00:00Z"}) == set()
    assert list_ids(visitor, to="1960-01-01T00:00:00Z") == set()


@pytest.mark.parametrize(
    "query",
    [
        {"order": "random", "tag": "sea"},
        {"order": "top", "userId": "ann"},
        {"order": "random", "from": "2026-01-01T00:00:00Z"},
        {"order": "newest", "scope": "mine", "userId": "ann"},
        {"order": "best"},
        {"scope": "all"},
        {"from": "2026-01-01", "order": "newest"},
        {"from": "2026-01-01T00:00:00", "order": "newest"},
        {"from": "1767225600", "order": "newest"},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "1e3"},
        {"limit": "1000000000"},
        {"limit": ""},
        {"lastKey": ""},
        {"sort": "newest"},
    ],
)
def test_invalid_query_is_refused(cloud: Cloud, query: dict[str, str]) -> None:
    answer = cloud.person("ann").get("/photos", **query)
    assert answer.status == 400
    assert answer.json["message"]


def test_repeated_or_undecodable_parameter_is_refused(cloud: Cloud) -> None:
    assert cloud.visitor.get("/photos?limit=5").status == 200
    assert cloud.visitor.get("/photos?limit=5&limit=6").status == 400
    assert cloud.visitor.get("/photos?order=newest&tag=%ff").status == 400


def test_cursor_is_bound_to_its_caller_and_filters_but_not_to_its_limit(cloud: Cloud) -> None:
    add_photos(cloud, 30)
    ann, bob = cloud.person("ann"), cloud.person("bob")
    last_key = ann.get("/photos", order="newest").json["lastKey"]
    assert len(ann.get("/photos", order="newest", limit=7, lastKey=last_key).json["items"]) == 7
    for client, query in (
        (bob, {"order": "newest"}),
        (cloud.visitor, {"order": "newest"}),
        (ann, {"order": "oldest"}),
        (ann, {"order": "newest", "scope": "mine"}),
        (ann, {"order": "newest", "userId": "ann"}),
        (ann, {"order": "newest", "tag": "sea"}),
        (ann, {"order": "newest", "to": "2030-01-01T00:00:00Z"}),
    ):
        answer = client.get("/photos", lastKey=last_key, **query)
        assert (answer.status, answer.json["error"]) == (400, "InvalidCursor")
    assert ann.get("/trash", lastKey=last_key).status == 400


def test_photos_leave_every_public_list_when_they_are_hidden_or_trashed(cloud: Cloud) -> None:
    public, hidden, unlisted, trashed = add_photos(cloud, 4, tags=("sea",))
    ann = cloud.person("ann")
    ann.patch(f"/photos/{hidden}", {"visibility": "private"})
    ann.patch(f"/photos/{unlisted}", {"visibility": "unlisted"})
    ann.delete(f"/photos/{trashed}")
    for query in ({"order": "random"}, {"order": "top"}, {"order": "newest"}, {"order": "oldest", "tag": "sea"}):
        assert join_pages(read_pages(cloud.visitor, **query)) == [public]
    assert set(join_pages(read_pages(ann, scope="mine"))) == {public, hidden, unlisted}
    assert join_pages(read_pages(ann, "/trash")) == [trashed]
    assert cloud.visitor.get(f"/photos/{unlisted}").status == 200
    assert cloud.visitor.get(f"/photos/{hidden}").status == 404


def test_scope_mine_requires_a_token(cloud: Cloud) -> None:
    assert cloud.visitor.get("/photos", scope="mine").status == 401


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_time_bounds_outside_the_utc_calendar_still_apply(cloud: Cloud, moment: str) -> None:
    (photo_id,) = add_photos(cloud, 1)
    assert join_pages(read_pages(cloud.visitor, order="newest", **{"from": moment})) == (
        [photo_id] if moment < "2026" else []
    )
    assert join_pages(read_pages(cloud.visitor, order="newest", to=moment)) == ([] if moment < "2026" else [photo_id])
