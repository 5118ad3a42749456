"""Albums over HTTP: their fields, lists and covers."""

from typing import Any

from tests.support.albums import create_album, has_consistent_albums, put_into_album
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo

JPEG = make_photo(64, 48)
MISSING_ID = "01900000-0000-7000-8000-000000000000"
FIELDS = {"description": "Two weeks", "continent": "Europe", "country": "Åland", "years": [1999, 2000, 2001]}


def test_album_can_be_created_changed_and_deleted(shared_cloud: Cloud, ann: Client) -> None:
    answer = ann.post("/albums", {"name": "Sea", **FIELDS, "visibility": "unlisted"})
    assert answer.status == 201
    path = f"/albums/{answer.json['albumId']}"
    assert answer.json == ann.get(path).json == shared_cloud.visitor.get(path).json
    fresh = {"photoCount": 0, "coverPhotoId": None, "coverUrl": None, "visibility": "unlisted", "name": "Sea"}
    expected = {"albumId": path.rpartition("/")[2], "userId": ann.user_id, **fresh, **FIELDS}
    assert {name: value for name, value in answer.json.items() if name not in ("createdAt", "updatedAt")} == expected
    assert answer.json["createdAt"] == answer.json["updatedAt"]
    changed = ann.patch(path, {"name": "Hills", "years": [], "visibility": "public"}).json
    assert (changed["name"], changed["years"], changed["visibility"]) == ("Hills", [], "public")
    assert changed["createdAt"] < changed["updatedAt"]
    assert ann.get(path).json == changed
    assert ann.patch(path, {}).json == changed
    assert ann.delete(path).status == 204
    assert ann.get(path).status == ann.delete(path).status == 404
    assert has_consistent_albums(shared_cloud, ann)


def test_album_lists_are_complete_and_newest_first_with_full_pages(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.stored.clear()
    bob = shared_cloud.person("bob")
    paths = [create_album(ann, name=str(number)) for number in range(5)]
    private, unlisted = create_album(ann, visibility="private"), create_album(ann, visibility="unlisted")
    bobs_album = create_album(bob)
    public_albums = [bobs_album, *reversed(paths)]
    for client in (shared_cloud.visitor, ann, bob):
        assert [len(page) for page in read_album_pages(client, limit=4)] == [4, 2]
        assert [path for page in read_album_pages(client, limit=4) for path in page] == public_albums
    assert read_album_pages(ann, scope="mine", limit=7) == [[unlisted, private, *reversed(paths)]]
    assert read_album_pages(bob, scope="mine") == [[bobs_album]]
    assert shared_cloud.visitor.get("/albums", scope="mine").status == 401
    token = ann.get("/albums", limit=1).json["lastKey"]
    for other in (ann.get("/albums", scope="mine", lastKey=token), bob.get("/albums", lastKey=token)):
        assert (other.status, other.json["error"]) == (400, "InvalidCursor")


def read_album_pages(client: Client, **query: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    last_key = None
    while not pages or last_key:
        page = client.get("/albums", **query, **({"lastKey": last_key} if last_key else {})).json
        pages.append([f"/albums/{album['albumId']}" for album in page["items"]])
        last_key = page["lastKey"]
    return pages


def test_cover_is_the_chosen_photo_or_else_the_latest_or_else_the_first(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    first, second, third = (shared_cloud.upload(ann, JPEG, albumId=album[8:]).photo_id for _ in range(3))

    def read_cover(client: Client) -> tuple[str | None, str | None]:
        view = client.get(album).json
        page = client.get("/albums", scope="mine").json["items"] if client is ann else [view]
        assert view in page
        url = view["coverUrl"]
        assert url is None or "/1024." in url
        return view["coverPhotoId"], next(
            (photo_id for photo_id in (first, second, third) if photo_id in str(url)), None
        )

    visitor = shared_cloud.visitor
    assert read_cover(ann) == read_cover(visitor) == (None, third)
    assert ann.patch(album, {"coverPhotoId": second}).json["coverPhotoId"] == second
    assert read_cover(ann) == read_cover(visitor) == (second, second)
    assert ann.patch(f"/photos/{second}", {"visibility": "private"}).status == 200
    assert (read_cover(ann), read_cover(visitor)) == ((second, second), (None, third))
    assert ann.patch(f"/photos/{third}", {"visibility": "private"}).status == 200
    assert read_cover(visitor) == (None, first)
    assert ann.delete(f"{album}/photos/{second}").status == 204
    assert read_cover(ann) == (None, third)
    assert ann.delete(f"/photos/{third}").status == 204
    assert read_cover(ann) == (None, first)
    assert ann.patch(album, {"coverPhotoId": first}).json["coverPhotoId"] == first
    assert ann.patch(album, {"coverPhotoId": None}).json["coverPhotoId"] is None
    assert ann.delete(f"/photos/{first}").status == 204
    assert read_cover(ann) == read_cover(visitor) == (None, None)


def test_cover_must_be_in_the_album(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    outside, trashed = (shared_cloud.upload(ann, JPEG).photo_id for _ in range(2))
    put_into_album(ann, album, trashed)
    assert ann.delete(f"/photos/{trashed}").status == 204
    for photo_id in (outside, trashed, MISSING_ID, "f0000000-0000-7000-8000-000000000000"):
        answer = ann.patch(album, {"coverPhotoId": photo_id})
        assert (answer.status, answer.json["error"]) == (409, "NotInAlbum")
    assert ann.get(album).json["coverPhotoId"] is None
