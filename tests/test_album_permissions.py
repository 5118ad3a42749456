"""Who may do what with albums and share links: every route, by everyone, as data."""

from typing import Any

import pytest

from tests.cloud import Client, Cloud
from tests.images import photo as make_photo

JPEG = make_photo(64, 48)
ABSENT = "01900000-0000-7000-8000-000000000000"
ALBUM, PHOTOS, ENTRY = "/albums/{album_id}", "/albums/{album_id}/photos", "/albums/{album_id}/photos/{photo_id}"
LINKS, LINK = "/albums/{album_id}/links", "/albums/{album_id}/links/{link_id}"
SHARED, SHARED_PHOTOS = "/shared/{token}", "/shared/{token}/photos"
GIVEN: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/albums"): {"name": "x"},
    ("PATCH", ALBUM): {"name": "x"},
    ("POST", LINKS): {},
}
# What each of these gets: a visitor, the owner, somebody else, and somebody whose account is cancelled.
SEEN, UNSEEN = (200, 200, 200, 401), (404, 200, 404, 401)
ANYONE, NOBODY = (200, 200, 200, 200), (404, 404, 404, 404)
MATRIX: dict[tuple[str, str, str], tuple[int, int, int, int]] = {
    ("POST", "/albums", ""): (401, 201, 201, 401),
    ("GET", "/albums", ""): SEEN,
    **{("GET", path, state): SEEN for path in (ALBUM, PHOTOS) for state in ("public", "unlisted")},
    **{("GET", path, "private"): UNSEEN for path in (ALBUM, PHOTOS)},
    **{("GET", path, state): (404, 404, 404, 401) for path in (ALBUM, PHOTOS) for state in ("deleted", "absent")},
    ("PATCH", ALBUM, "public"): (401, 200, 403, 401),
    ("PATCH", ALBUM, "unlisted"): (401, 200, 403, 401),
    ("PATCH", ALBUM, "private"): (401, 200, 404, 401),
    ("PATCH", ALBUM, "deleted"): (401, 404, 404, 401),
    ("DELETE", ALBUM, "public"): (401, 204, 403, 401),
    ("DELETE", ALBUM, "private"): (401, 204, 404, 401),
    ("DELETE", ALBUM, "deleted"): (401, 404, 404, 401),
    ("PUT", ENTRY, "public"): (401, 200, 403, 401),
    ("PUT", ENTRY, "private"): (401, 200, 404, 401),
    ("PUT", ENTRY, "deleted"): (401, 404, 404, 401),
    ("DELETE", ENTRY, "public"): (401, 204, 403, 401),
    ("DELETE", ENTRY, "private"): (401, 204, 404, 401),
    ("DELETE", ENTRY, "deleted"): (401, 404, 404, 401),
    ("POST", LINKS, "public"): (401, 201, 403, 401),
    ("POST", LINKS, "private"): (401, 201, 404, 401),
    ("POST", LINKS, "deleted"): (401, 404, 404, 401),
    ("GET", LINKS, "public"): (401, 200, 403, 401),
    ("GET", LINKS, "private"): (401, 200, 404, 401),
    ("GET", LINKS, "deleted"): (401, 404, 404, 401),
    ("DELETE", LINK, "public"): (401, 204, 403, 401),
    ("DELETE", LINK, "private"): (401, 204, 404, 401),
    ("DELETE", LINK, "deleted"): (401, 404, 404, 401),
    **{("GET", path, state): ANYONE for path in (SHARED, SHARED_PHOTOS) for state in ("public", "unlisted", "private")},
    **{("GET", path, state): NOBODY for path in (SHARED, SHARED_PHOTOS) for state in ("deleted", "revoked")},
}
"""The tests of links have expiry and passwords."""
ROUTES = {(method, path) for method, path, _ in MATRIX}
CALLERS = ("visitor", "owner", "other", "cancelled")


@pytest.mark.parametrize("cell", MATRIX, ids=lambda cell: "-".join(cell))
def test_matrix(shared_cloud: Cloud, cell: tuple[str, str, str]) -> None:
    method, path, state = cell
    ann, eve = shared_cloud.person("ann"), cancelled(shared_cloud)
    people = {"visitor": shared_cloud.visitor, "owner": ann, "other": shared_cloud.person("bob"), "cancelled": eve}
    for caller, expected in zip(CALLERS, MATRIX[cell], strict=True):
        target = path.format(**album_in(shared_cloud, ann, state)) if state else path
        answer = people[caller].call(method, target, GIVEN.get((method, path)))
        assert answer.status == expected, f"{caller}: {answer.body}"


def test_an_album_that_is_not_yours_to_see_looks_like_none(shared_cloud: Cloud) -> None:
    ann, bob = shared_cloud.person("ann"), shared_cloud.person("bob")
    made = album_in(shared_cloud, ann, "private")
    bodies = set()
    for album_id in (made["album_id"], ABSENT, "nonsense", made["album_id"].upper()):
        for answer in (bob.get(f"/albums/{album_id}"), bob.get(f"/albums/{album_id}/photos")):
            assert answer.status == 404
            bodies.add(answer.body.replace(answer.json["requestId"], ""))
    assert len(bodies) == 1


def test_a_link_opens_nothing_but_its_album(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    made = album_in(shared_cloud, ann, "private")
    hidden = shared_cloud.upload(ann, JPEG, visibility="private", albumId=made["album_id"]).photo_id
    visitor = shared_cloud.visitor
    shown = visitor.get(f"/shared/{made['token']}/photos").json["items"]
    assert hidden in [photo["photoId"] for photo in shown]
    assert "sha256" not in str(shown)
    for path in (f"/photos/{hidden}", f"/photos/{hidden}/download", f"/albums/{made['album_id']}"):
        assert visitor.get(path).status == 404
        assert ann.get(path).status == 200


def album_in(cloud: Cloud, owner: Client, state: str) -> dict[str, str]:
    """An album of this visibility, or in this state, with a photo and a link."""
    if state == "absent":
        return {"album_id": ABSENT}
    visibility = state if state in ("unlisted", "private") else "public"
    album_id = owner.post("/albums", {"name": "Sea", "visibility": visibility}).json["albumId"]
    photo = cloud.upload(owner, JPEG, visibility=visibility, albumId=album_id)
    link = owner.post(f"/albums/{album_id}/links", {}).json
    if state == "deleted":
        assert owner.delete(f"/albums/{album_id}").status == 204
    if state == "revoked":
        assert owner.delete(f"/albums/{album_id}/links/{link['linkId']}").status == 204
    token = link["url"].rpartition("/")[2]
    return {"album_id": album_id, "photo_id": photo.photo_id, "link_id": link["linkId"], "token": token}


def cancelled(cloud: Cloud) -> Client:
    """Somebody with a good token, whose account is cancelled."""
    client = cloud.person("eve")
    item = {"userId": {"S": "eve"}, "record": {"S": "account"}, "cancelledAt": {"S": "2026-01-01T00:00:00.000Z"}}
    cloud.dynamodb.put_item(TableName=cloud.settings.account_table, Item=item)
    return client
