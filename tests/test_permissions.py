"""Who may do what: every route, by everyone, as data."""

from typing import Any

import pytest

import app as service
from tests import test_album_permissions
from tests.cloud import Client, Cloud
from tests.images import photo as make_photo

JPEG = make_photo(64, 48)
GIVEN: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/upload"): {"filename": "a.jpg", "contentType": "image/jpeg"},
    ("PATCH", "/photos/{photo_id}"): {"title": "x"},
    ("POST", "/token"): {"refreshToken": "x"},
    ("PUT", "/photos/{photo_id}/rating"): {"rating": 4},
}
ASKED = {"/search": "?q=sea"}
# What each of these gets: a visitor, the owner, somebody else, and somebody whose account is cancelled.
OPEN = (200, 200, 200, 200)
LOCKED = (401, 200, 200, 401)
SIGN_IN = {
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/callback"),
    ("POST", "/token"),
    ("POST", "/logout"),
    ("POST", "/signup"),
    ("POST", "/signup/confirm"),
    ("POST", "/signup/resend"),
}
"""These know no access token; the tests of sign-in have them."""
MATRIX: dict[tuple[str, str, str], tuple[int, int, int, int]] = {
    ("GET", "/", ""): OPEN,
    ("GET", "/web/{name}", ""): OPEN,
    ("GET", "/health", ""): OPEN,
    ("GET", "/openapi.json", ""): OPEN,
    ("GET", "/photos", ""): (200, 200, 200, 401),
    ("GET", "/search", ""): (200, 200, 200, 401),
    ("GET", "/trash", ""): LOCKED,
    ("POST", "/upload", ""): (401, 201, 201, 401),
    ("GET", "/photos/{photo_id}", "public"): (200, 200, 200, 401),
    ("GET", "/photos/{photo_id}", "unlisted"): (200, 200, 200, 401),
    ("GET", "/photos/{photo_id}", "private"): (404, 200, 404, 401),
    ("GET", "/photos/{photo_id}", "trashed"): (404, 200, 404, 401),
    ("GET", "/photos/{photo_id}", "pending"): (404, 200, 404, 401),
    ("GET", "/photos/{photo_id}", "rejected"): (404, 200, 404, 401),
    ("GET", "/photos/{photo_id}", "erased"): (404, 404, 404, 401),
    ("GET", "/photos/{photo_id}/download", "public"): (200, 200, 200, 401),
    ("GET", "/photos/{photo_id}/download", "private"): (404, 200, 404, 401),
    ("GET", "/photos/{photo_id}/download", "trashed"): (404, 200, 404, 401),
    ("GET", "/photos/{photo_id}/download", "pending"): (404, 409, 404, 401),
    ("PATCH", "/photos/{photo_id}", "public"): (401, 200, 403, 401),
    ("PATCH", "/photos/{photo_id}", "private"): (401, 200, 404, 401),
    ("PATCH", "/photos/{photo_id}", "erased"): (401, 404, 404, 401),
    ("DELETE", "/photos/{photo_id}", "public"): (401, 204, 403, 401),
    ("DELETE", "/photos/{photo_id}", "private"): (401, 204, 404, 401),
    ("DELETE", "/photos/{photo_id}", "pending"): (401, 409, 404, 401),
    ("PUT", "/photos/{photo_id}/rating", "public"): LOCKED,
    ("PUT", "/photos/{photo_id}/rating", "private"): (401, 200, 404, 401),
    ("PUT", "/photos/{photo_id}/rating", "trashed"): (401, 409, 404, 401),
    ("PUT", "/photos/{photo_id}/rating", "erased"): (401, 404, 404, 401),
    ("GET", "/photos/{photo_id}/rating", "public"): LOCKED,
    ("GET", "/photos/{photo_id}/rating", "private"): (401, 200, 404, 401),
    ("DELETE", "/photos/{photo_id}/rating", "public"): LOCKED,
    ("DELETE", "/photos/{photo_id}/rating", "private"): (401, 200, 404, 401),
    ("POST", "/photos/{photo_id}/restore", "trashed"): (401, 200, 404, 401),
    ("POST", "/photos/{photo_id}/restore", "public"): (401, 409, 403, 401),
    ("POST", "/photos/{photo_id}/complete", "public"): (401, 200, 403, 401),
    ("POST", "/photos/{photo_id}/complete", "private"): (401, 200, 404, 401),
    ("POST", "/photos/{photo_id}/complete", "pending"): (401, 409, 404, 401),
    ("POST", "/photos/{photo_id}/complete", "rejected"): (401, 422, 404, 401),
}
CALLERS = ("visitor", "owner", "other", "cancelled")


def test_every_route_is_in_the_matrix() -> None:
    declared = {(method, path) for path, methods in service.app.routes.items() for method in methods}
    known = {(method, path) for method, path, _ in MATRIX} | SIGN_IN
    known |= test_album_permissions.ROUTES
    # The tests on the emulator have the one, those of cancelling the other: they ask Cognito.
    known |= {("GET", "/account"), ("DELETE", "/account")}
    assert {each for each in declared if each[0] != "OPTIONS"} == known


@pytest.mark.parametrize("cell", MATRIX, ids=lambda cell: "-".join(cell))
def test_matrix(cloud: Cloud, cell: tuple[str, str, str]) -> None:
    method, path, state = cell
    people = {"visitor": cloud.visitor, "other": cloud.person("bob"), "cancelled": cancelled(cloud)}
    for caller, expected in zip(CALLERS, MATRIX[cell], strict=True):
        ann = cloud.person("ann")
        target = path.format(photo_id=photo_in(cloud, ann, state) if state else "", name="app.js") + ASKED.get(path, "")
        answer = {**people, "owner": ann}[caller].call(method, target, GIVEN.get((method, path)))
        assert answer.status == expected, f"{caller}: {answer.body}"


def test_a_photo_that_is_not_yours_to_see_looks_like_none(cloud: Cloud) -> None:
    hidden = photo_in(cloud, cloud.person("ann"), "private")
    bob = cloud.person("bob")
    for photo_id in (hidden, "01900000-0000-7000-8000-000000000000", "nonsense", hidden.upper()):
        answer = bob.get(f"/photos/{photo_id}")
        body = {name: value for name, value in answer.json.items() if name != "requestId"}
        assert (answer.status, body) == (404, {"error": "NotFound", "message": MESSAGE})


MESSAGE = "There is no such thing, or it is not yours to see."


def photo_in(cloud: Cloud, owner: Client, state: str) -> str:
    """A photo of this visibility, or in this state."""
    if state == "pending":
        return str(cloud.grant(owner)["photoId"])
    if state == "rejected":
        return cloud.upload(owner, b"no image").photo_id
    visibility = state if state in ("unlisted", "private") else "public"
    path = f"/photos/{cloud.upload(owner, JPEG, visibility=visibility).photo_id}"
    if state == "trashed":
        assert owner.delete(path).status == 204
    if state == "erased":
        assert owner.delete(path, permanent="true").status == 204
    return path.rpartition("/")[2]


def cancelled(cloud: Cloud) -> Client:
    """Somebody with a good token, whose account is cancelled."""
    client = cloud.person("eve")
    item = {"userId": {"S": "eve"}, "record": {"S": "account"}, "cancelledAt": {"S": "2026-01-01T00:00:00.000Z"}}
    cloud.dynamodb.put_item(TableName=cloud.settings.account_table, Item=item)
    return client
