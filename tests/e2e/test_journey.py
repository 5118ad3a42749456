"""Three people and a visitor on the local cloud, from signing up to one of them leaving."""

import json
import time
from hashlib import sha256
from typing import Any

import pytest

from tests.e2e.conftest import Local, post_form, put, send, wait_until
from tests.support.images import photo as make_photo

pytestmark = pytest.mark.xdist_group("local")


class Person:
    """Somebody who is signed in, and what they ask for."""

    def __init__(self, local: Local, name: str) -> None:
        self.local, self.token = local, local.sign_up(f"{name}@journey.example.com")

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        """The answer's body, where it has this status."""
        answer = self.local.call(method, path, body, self.token, **query)
        assert answer.status == status, answer
        return answer.json if answer.content else None

    def upload(self, content: bytes, **wanted: Any) -> str:
        """A photo that is ready."""
        grant = self.local.grant(self.token, **wanted)
        assert (post_form if grant["method"] == "POST" else put)(grant, content) in (200, 201)
        return str(self.local.ready(grant["photoId"], self.token)["photoId"])


def found(answer: Any) -> list[str]:
    return [photo["photoId"] for photo in answer["items"]]


def test_three_people_share_photos_until_one_of_them_leaves(local: Local) -> None:
    ann, ben, cid = (Person(local, name) for name in ("ann", "ben", "cid"))
    pictures = [make_photo(320 + number, 240) for number in range(4)]
    digest = sha256(pictures[0]).hexdigest()
    album = f"/albums/{ann.ask('POST', '/albums', {'name': 'Fjörd'}, 201)['albumId']}"
    first = ann.upload(pictures[0], sha256=digest, title="Ærøskøbing at dawn", tags=["journey"], albumId=album[8:])
    hidden = ann.upload(pictures[1], method="POST", visibility="private", tags=["journey"], albumId=album[8:])
    theirs = ben.upload(pictures[2], title="Crêperie, lighthouse", tags=["journey"])
    third = cid.upload(pictures[3], title="Lighthouses", tags=["journey"])

    # --- Uploading again
    body = {"filename": "x.jpg", "contentType": "image/jpeg", "sha256": digest}
    assert ann.ask("POST", "/upload", body) == {"photoId": first, "duplicate": True}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ben.token}", "Idempotency-Key": "once"}
    sent = [send("POST", f"{local.url}/upload", json.dumps(body).encode(), headers) for _ in range(2)]
    assert [each.status for each in sent] == [201, 201]
    assert sent[0].content == sent[1].content

    # --- Finding
    listed = local.call("GET", "/photos", order="newest", tag="journey").json
    assert found(listed) == [third, theirs, first]
    assert {first, theirs, third} <= {*found(local.call("GET", "/photos", limit=100).json)}
    for words, expected in (("lighth", [third, theirs]), ("crepe", [theirs]), ("CRÊPERIE lighthouse", [theirs])):
        assert found(local.call("GET", "/search", q=words).json) == expected
    assert found(local.call("GET", "/search", q="fjord journey").json) == [first]
    assert found(ann.ask("GET", "/search", q="fjord", scope="mine")) == [hidden, first]

    # --- A link
    link = ann.ask("POST", f"{album}/links", {"password": "open sesame"}, 201)
    shared = f"{local.url}/shared/{link['url'].rpartition('/')[2]}/photos"
    assert send("GET", shared).status == 401
    opened = send("GET", shared, headers={"X-Link-Password": "open sesame"})
    assert {*found(opened.json)} == {first, hidden}
    assert found(local.call("GET", f"{album}/photos").json) == [first]
    assert local.call("GET", f"/photos/{hidden}").status == 404

    # --- Ratings
    for person, photo_id, stars in ((ann, theirs, 5), (cid, theirs, 5), (ann, third, 2), (ben, first, 3)):
        person.ask("PUT", f"/photos/{photo_id}/rating", {"rating": stars})
    ours = {first, theirs, third}

    def top() -> list[str]:
        return [each for each in found(local.call("GET", "/photos", order="top", limit=100).json) if each in ours]

    assert top()[0] == theirs
    ben_before = {theirs: ben.ask("GET", f"/photos/{theirs}"), "account": ben.ask("GET", "/account")}

    # --- The trash
    cid.ask("DELETE", f"/photos/{third}", status=204)
    assert found(cid.ask("GET", "/trash")) == [third]
    assert third not in found(local.call("GET", "/search", q="lighthouses").json)
    cid.ask("POST", f"/photos/{third}/restore")
    assert found(local.call("GET", "/search", q="lighthouses").json) == [third]

    # --- One leaves
    rendition = local.call("GET", f"/photos/{first}").json["renditions"]["256"]
    time.sleep(1)  # The emulator counts in whole seconds.
    ann.ask("DELETE", "/account", status=202)
    ann.ask("GET", "/account", status=401)

    def gone() -> bool:
        rated = ben.ask("GET", f"/photos/{theirs}")["rating"]
        return rated == {"average": 5.0, "count": 1} and send("GET", rendition).status == 404

    wait_until(gone, 30)
    for path in (f"/photos/{first}", f"/photos/{hidden}", album, f"{album}/photos"):
        assert local.call("GET", path).status == 404
    assert send("GET", shared, headers={"X-Link-Password": "open sesame"}).status == 404
    assert found(local.call("GET", "/search", q="fjord journey").json) == []
    assert found(local.call("GET", "/photos", order="newest", tag="journey").json) == [third, theirs]
    assert cid.ask("GET", f"/photos/{third}/rating") == {"average": None, "count": 0, "mine": None}
    after = {theirs: ben.ask("GET", f"/photos/{theirs}"), "account": ben.ask("GET", "/account")}
    for each in (ben_before, after):
        # A URL is signed anew from window to window.
        each[theirs] = {name: value for name, value in each[theirs].items() if name not in ("rating", "renditions")}
    assert after == ben_before
