"""Photos in albums: their order, their visibility, uploads into an album, and the cost of reading."""

from uuid import uuid4

import pytest

from tests.support.albums import create_album, has_consistent_albums, list_album_photos, put_into_album
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo
from tests.support.lists import add_photos, join_pages, read_pages

JPEG = make_photo(64, 48)
MISSING_ID = "01900000-0000-7000-8000-000000000000"


def test_photos_are_listed_in_the_order_that_their_owner_chose(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    first, second, third = (shared_cloud.upload(ann, JPEG).photo_id for _ in range(3))
    entry = put_into_album(ann, album, first)
    assert (entry["albumId"], entry["photoId"]) == (album[8:], first)
    assert put_into_album(ann, album, first) == entry, "a repeated request keeps the position"
    put_into_album(ann, album, second)
    assert put_into_album(ann, album, third, {"position": 0})["position"] == 0
    assert (
        list_album_photos(ann, album)
        == list_album_photos(shared_cloud.visitor, album, limit=1)
        == [third, first, second]
    )
    put_into_album(ann, album, first, {"position": 2**53})
    assert list_album_photos(ann, album, limit=2) == [third, second, first]
    assert ann.delete(f"{album}/photos/{second}").status == 204
    assert ann.delete(f"{album}/photos/{second}").status == 404
    assert list_album_photos(ann, album) == [third, first]
    assert ann.get(f"/photos/{second}").status == 200
    assert has_consistent_albums(shared_cloud, ann)


def test_private_photo_in_a_public_album_is_visible_only_to_its_owner(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    public, private = add_photos(shared_cloud, 1, ann.user_id) + add_photos(shared_cloud, 1, ann.user_id, "private")
    for photo_id in (public, private):
        put_into_album(ann, album, photo_id)
    for order in ("position", "random"):
        assert {*list_album_photos(ann, album, order=order)} == {public, private}
        for other in (shared_cloud.visitor, shared_cloud.person("bob")):
            assert list_album_photos(other, album, order=order) == [public]
            assert other.get(album).json["photoCount"] == 1
            items = other.get("/albums", limit=100).json["items"]
            assert [item["photoCount"] for item in items if item["albumId"] == album[8:]] == [1]
    assert ann.get(album).json["photoCount"] == 2


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_pages_of_an_album_are_full_and_contain_each_photo_once(shared_cloud: Cloud, ann: Client, count: int) -> None:
    album = create_album(ann)
    photos = add_photos(shared_cloud, count, ann.user_id)
    for photo_id in photos:
        put_into_album(ann, album, photo_id)
    for client in (ann, shared_cloud.visitor):
        pages = read_pages(client, f"{album}/photos")
        assert join_pages(pages) == photos
        assert all(len(page) == 10 for page in pages[:-1])
        shuffled = read_pages(client, f"{album}/photos", order="random", limit=4)
        assert sorted(join_pages(shuffled)) == photos
        assert all(shuffled[:-1])


def test_random_order_of_an_album_differs_between_walks(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    for photo_id in add_photos(shared_cloud, 12, ann.user_id):
        put_into_album(ann, album, photo_id)
    assert len({tuple(list_album_photos(ann, album, order="random")) for _ in range(8)}) > 1


def test_cursor_of_an_album_is_valid_only_for_its_album_order_and_caller(shared_cloud: Cloud, ann: Client) -> None:
    album, other = create_album(ann), create_album(ann)
    for photo_id in add_photos(shared_cloud, 3, ann.user_id):
        put_into_album(ann, album, photo_id)
        put_into_album(ann, other, photo_id)
    token = ann.get(f"{album}/photos", limit=1).json["lastKey"]
    assert ann.get(f"{album}/photos", limit=2, lastKey=token).status == 200
    for answer in (
        ann.get(f"{other}/photos", lastKey=token),
        ann.get(f"{album}/photos", lastKey=token, order="random"),
        shared_cloud.visitor.get(f"{album}/photos", lastKey=token),
        ann.get(f"{album}/photos", lastKey=token[:-1]),
    ):
        assert (answer.status, answer.json["error"]) == (400, "InvalidCursor")


def test_users_can_put_only_their_own_photos_into_their_own_albums(shared_cloud: Cloud, ann: Client) -> None:
    bob = shared_cloud.person(f"bob-{uuid4()}")
    album, (public,) = create_album(ann), add_photos(shared_cloud, 1, bob.user_id)
    (private,) = add_photos(shared_cloud, 1, bob.user_id, "private")
    photo_ids = (public, private, MISSING_ID, "nonsense")
    statuses = [ann.call("PUT", f"{album}/photos/{photo_id}").status for photo_id in photo_ids]
    assert statuses == [403, 404, 404, 404]
    assert bob.call("PUT", f"{album}/photos/{public}").status == 403
    assert ann.delete(f"{album}/photos/{public}").status == 404
    assert list_album_photos(ann, album) == []


def test_rejected_and_trashed_photos_cannot_be_put_into_an_album(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    rejected = shared_cloud.upload(ann, b"no image").photo_id
    trashed = shared_cloud.upload(ann, JPEG).photo_id
    assert ann.delete(f"/photos/{trashed}").status == 204
    for photo_id in (rejected, trashed):
        answer = ann.call("PUT", f"{album}/photos/{photo_id}")
        assert (answer.status, answer.json["error"]) == (409, "NotReady")


def test_photo_can_be_in_at_most_eight_albums(shared_cloud: Cloud, ann: Client) -> None:
    photo_id = shared_cloud.upload(ann, JPEG).photo_id
    albums = [create_album(ann) for _ in range(9)]
    for album in albums[:8]:
        put_into_album(ann, album, photo_id)
    answer = ann.call("PUT", f"{albums[8]}/photos/{photo_id}")
    assert (answer.status, answer.json["error"], answer.json["details"]) == (409, "TooManyAlbums", {"limit": 8})
    put_into_album(ann, albums[0], photo_id, {"position": 1})
    assert ann.delete(f"{albums[0]}/photos/{photo_id}").status == 204
    put_into_album(ann, albums[8], photo_id)
    assert has_consistent_albums(shared_cloud, ann)


def test_trashing_removes_a_photo_from_its_albums_and_restoring_puts_it_back(shared_cloud: Cloud, ann: Client) -> None:
    album, deleted = create_album(ann), create_album(ann)
    photo_id = shared_cloud.upload(ann, JPEG, albumId=album[8:]).photo_id
    put_into_album(ann, deleted, photo_id)
    assert ann.delete(f"/photos/{photo_id}").status == 204
    assert (ann.get(album).json["photoCount"], list_album_photos(ann, album)) == (0, [])
    assert ann.patch(album, {"name": "Hills"}).status == 200
    assert ann.delete(deleted).status == 204
    assert ann.post(f"/photos/{photo_id}/restore").status == 200
    assert list_album_photos(ann, album) == [photo_id]
    assert has_consistent_albums(shared_cloud, ann), "the photo has the new album name and has left the deleted album"
    assert ann.delete(f"/photos/{photo_id}", permanent="true").status == 204
    assert ann.get(album).json["photoCount"] == 0
    assert has_consistent_albums(shared_cloud, ann)


# --- Uploads into an album


def test_photo_uploaded_into_an_album_appears_when_it_is_ready(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann, visibility="private")
    grant = shared_cloud.grant(ann, albumId=album[8:])
    assert ann.get(album).json["photoCount"] == 0
    shared_cloud.put(grant, JPEG)
    assert ann.post(f"/photos/{grant['photoId']}/complete").status == 200
    assert list_album_photos(ann, album) == [grant["photoId"]]
    assert has_consistent_albums(shared_cloud, ann)


def test_upload_into_a_missing_album_or_the_album_of_another_user_is_refused(shared_cloud: Cloud, ann: Client) -> None:
    deleted = create_album(ann)
    assert ann.delete(deleted).status == 204
    bobs_album = create_album(shared_cloud.person("bob"))
    for album_id in (bobs_album[8:], deleted[8:], MISSING_ID):
        body = {"filename": "a.jpg", "contentType": "image/jpeg", "albumId": album_id}
        assert ann.post("/upload", body).status == 404
    assert has_consistent_albums(shared_cloud, ann)


@pytest.mark.parametrize("photos", ["keep", "delete"])
def test_upload_becomes_ready_even_if_its_album_is_deleted_meanwhile(
    shared_cloud: Cloud, ann: Client, photos: str
) -> None:
    other, deleted = create_album(ann), create_album(ann)
    grant = shared_cloud.grant(ann, albumId=deleted[8:])
    put_into_album(ann, other, grant["photoId"])
    assert ann.delete(deleted, photos=photos).status == 204
    shared_cloud.put(grant, JPEG)
    assert ann.post(f"/photos/{grant['photoId']}/complete").json["status"] == "ready"
    assert list_album_photos(ann, other) == [grant["photoId"]]
    assert has_consistent_albums(shared_cloud, ann)


# --- Cost


@pytest.mark.parametrize(
    ("path", "visitor_calls", "user_calls"),
    [
        ("{album}/photos", ["Query", "BatchGetItem"], ["GetItem", "GetItem", "Query", "BatchGetItem"]),
        ("{album}", ["GetItem", "BatchGetItem"], ["GetItem", "GetItem", "BatchGetItem"]),
        ("/albums", ["Query", "BatchGetItem"], ["GetItem", "Query", "BatchGetItem"]),
    ],
)
def test_reading_albums_takes_two_requests_and_at_most_two_more_for_a_signed_in_user(
    shared_cloud: Cloud, ann: Client, path: str, visitor_calls: list[str], user_calls: list[str]
) -> None:
    albums = [create_album(ann) for _ in range(2)]
    for album in albums:
        for photo_id in add_photos(shared_cloud, 11, ann.user_id):
            put_into_album(ann, album, photo_id)
    for client, expected in ((shared_cloud.visitor, visitor_calls), (ann, user_calls)):
        shared_cloud.calls.clear()
        assert client.get(path.format(album=albums[0])).status == 200
        assert shared_cloud.calls == expected
