"""Permissions: the tests request every cell of the matrix over HTTP."""

from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from tests.support.cloud import Answer, Client, Cloud
from tests.support.cognito import Cognito
from tests.support.images import photo as make_photo
from tests.support.permissions import ABSENT, ASKED, CALLERS, FILE_PARAMETERS, GIVEN, HEADERS, MATRIX, SHOWN
from tests.support.routes import DECLARED

JPEG = make_photo(64, 48)
NOT_FOUND = {"error": "NotFound", "message": "The resource does not exist, or you do not have access to it."}
ROWS = [(route, state) for route, states in MATRIX.items() for state in states]


class Scene(NamedTuple):
    """A photo in an album with a share link, and their owner."""

    owner: Client
    ids: dict[str, str]


@pytest.fixture(scope="module")
def scenes() -> dict[str, Scene]:
    """The scenes by state. Requests that only read share them."""
    return {}


@pytest.fixture(autouse=True)
def cognito(shared_cloud: Cloud) -> None:
    """A user pool that accepts every user."""
    email = {"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}
    Cognito(shared_cloud).answers |= {"GetUser": email, "SignUp": {"UserSub": "ann", "UserConfirmed": False}}


def test_every_route_is_in_the_matrix() -> None:
    assert {*MATRIX} == DECLARED
    for states in MATRIX.values():
        assert all(len(cells.split()) == len(CALLERS) for cells in states.values())


@pytest.mark.parametrize(("route", "state"), ROWS, ids=lambda value: value.replace("/", " ") or "any")
def test_each_caller_gets_the_status_in_the_matrix(
    shared_cloud: Cloud, scenes: dict[str, Scene], route: str, state: str
) -> None:
    method, path = route.split()
    scene = scenes.get(state) if method == "GET" else None
    scene = scene or arrange_scene(shared_cloud, state)
    if method == "GET":
        scenes[state] = scene
    expected = dict(zip(CALLERS, map(int, MATRIX[route][state].split()), strict=True))
    clients = make_clients(shared_cloud, scene)
    # The owner comes last. The request of the owner fails if a rejected request before it changed the scene.
    for caller in sorted(CALLERS, key="owner".__eq__):
        target = path.format(**scene.ids | FILE_PARAMETERS.get(path, {}))
        answer = clients[caller].call(method, target + ASKED.get(route, ""), GIVEN.get(route), HEADERS.get(route))
        assert answer.status == expected[caller], f"{caller}: {answer}"
        if answer.status == 404 and method != "HEAD":
            assert remove_request_id(answer) == NOT_FOUND


@pytest.mark.parametrize("path", SHOWN)
def test_private_photo_is_listed_only_for_permitted_callers(
    shared_cloud: Cloud, scenes: dict[str, Scene], path: str
) -> None:
    if "listed" not in scenes:
        owner = shared_cloud.person(f"ann-{uuid4()}")
        scenes["listed"] = arrange_scene(shared_cloud, "private", owner, album_visibility="public", title="Hidden")
    scene = scenes["listed"]
    callers = {
        name
        for name, client in make_clients(shared_cloud, scene).items()
        if scene.ids["photo_id"] in client.call("GET", path.format(**scene.ids)).body
    }
    assert callers == SHOWN[path]


@pytest.mark.parametrize("path", ["/photos/{}", "/photos/{}/download", "/albums/{}", "/albums/{}/photos", "/shared/{}"])
@pytest.mark.parametrize("name", ["nonsense", ABSENT.upper(), "%00", "..%2f", "x" * 2000])
def test_invalid_id_gets_the_same_404_as_an_unknown_id(shared_cloud: Cloud, path: str, name: str) -> None:
    answer = shared_cloud.visitor.get(path.format(name))
    assert (answer.status, remove_request_id(answer)) == (404, NOT_FOUND)


def make_clients(cloud: Cloud, scene: Scene) -> dict[str, Client]:
    """Return a client for each of CALLERS. The holder has already used the share link."""
    shared = cloud.visitor.get(f"/shared/{scene.ids['token']}/photos")
    if scene.ids["shown"]:
        assert scene.ids["photo_id"] in [photo["photoId"] for photo in shared.json["items"]]
    return {
        "visitor": cloud.visitor,
        "owner": scene.owner,
        "other": cloud.person(f"bob-{uuid4()}"),
        "holder": cloud.visitor,
        "cancelled": make_cancelled_client(cloud),
    }


def arrange_scene(
    cloud: Cloud, state: str, owner: Client | None = None, album_visibility: str = "", **fields: Any
) -> Scene:
    """Create a photo in an album with a share link, in the given state or with the given visibility."""
    owner = owner or cloud.person(f"ann-{uuid4()}")
    ids = {"user_id": owner.user_id, "shown": ""}
    if state in ("", "absent"):
        return Scene(owner, ids | dict.fromkeys(("photo_id", "album_id", "link_id"), ABSENT) | {"token": "x"})
    visibility = state if state in ("unlisted", "private") else "public"
    album_id = owner.post("/albums", {"name": "Sea", "visibility": album_visibility or visibility}).json["albumId"]
    link = owner.post(f"/albums/{album_id}/links").json
    fields |= {"visibility": visibility, "albumId": album_id}
    if state == "pending":
        photo_id = cloud.grant(owner, **fields)["photoId"]
    else:
        photo_id = cloud.upload(owner, b"no image" if state == "rejected" else JPEG, **fields).photo_id
    token = link["url"].rpartition("/")[2]
    ids |= {"photo_id": photo_id, "album_id": album_id, "link_id": link["linkId"], "token": token}
    deletions = {
        "trashed": f"/photos/{photo_id}",
        "erased": f"/photos/{photo_id}?permanent=true",
        "deleted": f"/albums/{album_id}",
        "removed": f"/albums/{album_id}/photos/{photo_id}",
        "revoked": f"/albums/{album_id}/links/{link['linkId']}",
    }
    if state in deletions:
        assert owner.call("DELETE", deletions[state]).status == 204
    if state == "guessed":
        ids["token"] = token[:-8] + token[-8:].swapcase()
    return Scene(owner, ids | {"shown": "yes" if state in ("public", "unlisted", "private") else ""})


def make_cancelled_client(cloud: Cloud) -> Client:
    """Return a client with a valid token whose account is cancelled."""
    cloud.stored.mark_cancelled("eve")
    return cloud.person("eve")


def remove_request_id(answer: Answer) -> dict[str, Any]:
    """Return the error without the request ID, which differs for each request."""
    return {name: value for name, value in answer.json.items() if name != "requestId"}
