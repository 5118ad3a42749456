"""Three users and a visitor share photos, from sign-up until one user cancels."""

import json
import time
from hashlib import sha256
from typing import Any
from uuid import uuid4

from tests.support.images import photo as make_photo
from tests.support.person import Person
from tests.support.rest import send
from tests.support.service import Service


def list_ids(answer: Any) -> list[str]:
    return [photo["photoId"] for photo in answer["items"]]


class Journey:
    """The users Ann, Ben and Cid. Ann has an album with two photos. Ben and Cid have one photo each."""

    def __init__(self, service: Service) -> None:
        self.service = service
        # No other photo of the service has this tag.
        self.tag = f"journey{uuid4().hex[:8]}"
        self.ann, self.ben, self.cid = (Person(service, name) for name in ("ann", "ben", "cid"))
        pictures = [make_photo(320 + number, 240) for number in range(4)]
        self.digest = sha256(pictures[0]).hexdigest()
        ann, album_id = self.ann, self.ann.create_album("Fjörd")
        self.album = f"/albums/{album_id}"
        fields: dict[str, Any] = {"tags": [self.tag], "albumId": album_id}
        self.first = ann.upload(pictures[0], sha256=self.digest, title="Ærøskøbing at dawn", **fields)
        self.hidden = ann.upload(pictures[1], method="POST", visibility="private", **fields)
        self.bens = self.ben.upload(pictures[2], title="Crêperie, lighthouse", tags=[self.tag])
        self.cids = self.cid.upload(pictures[3], title="Lighthouses", tags=[self.tag])
        self.shared = ""
        """The URL of the photos behind the share link."""

    def await_list(self, expected: list[str], path: str, token: str = "", **query: Any) -> None:
        """Wait until a list has these photos. On AWS, an index follows its table with a delay."""
        self.service.wait(lambda: list_ids(self.service.call("GET", path, token=token, **query).json) == expected)

    def await_search(self, expected: list[str], words: str) -> None:
        self.await_list(expected, "/search", q=f"{self.tag} {words}")

    def upload_again(self) -> None:
        service, body = self.service, {"filename": "x.jpg", "contentType": "image/jpeg", "sha256": self.digest}
        assert self.ann.ask("POST", "/upload", body) == {"photoId": self.first, "duplicate": True}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.ben.token}"}
        headers["Idempotency-Key"] = "once"
        sent = [send("POST", f"{service.url}/upload", json.dumps(body).encode(), headers) for _ in range(2)]
        assert [response.status for response in sent] == [201, 201]
        assert sent[0].content == sent[1].content

    def find_photos(self) -> None:
        first, bens, cids = self.first, self.bens, self.cids
        self.await_list([cids, bens, first], "/photos", order="newest", tag=self.tag)
        assert {first, bens, cids} <= {*list_ids(self.service.call("GET", "/photos", limit=100).json)}
        for words, expected in (("lighth", [cids, bens]), ("crepe", [bens]), ("CRÊPERIE lighthouse", [bens])):
            self.await_search(expected, words)
        self.await_search([first], "fjord")
        self.await_list([self.hidden, first], "/search", self.ann.token, q=f"{self.tag} fjord", scope="mine")

    def share_album(self) -> None:
        link = self.ann.ask("POST", f"{self.album}/links", {"password": "open sesame"}, 201)
        self.shared = f"{self.service.url}/shared/{link['url'].rpartition('/')[2]}/photos"
        assert send("GET", self.shared).status == 401
        opened = send("GET", self.shared, headers={"X-Link-Password": "open sesame"})
        assert {*list_ids(opened.json)} == {self.first, self.hidden}
        self.await_list([self.first], f"{self.album}/photos")
        assert self.service.call("GET", f"/photos/{self.hidden}").status == 404

    def rate_photos(self) -> None:
        ann, ben, cid = self.ann, self.ben, self.cid
        ratings = ((ann, self.bens, 5), (cid, self.bens, 5), (ann, self.cids, 2), (ben, self.first, 3))
        for user, photo_id, stars in ratings:
            user.ask("PUT", f"/photos/{photo_id}/rating", {"rating": stars})
        ours = {self.first, self.bens, self.cids}

        def is_bens_first() -> bool:
            listed = list_ids(self.service.call("GET", "/photos", order="top", limit=100).json)
            return next((photo_id for photo_id in listed if photo_id in ours), None) == self.bens

        self.service.wait(is_bens_first)

    def trash_and_restore(self) -> None:
        self.cid.ask("DELETE", f"/photos/{self.cids}", status=204)
        self.await_list([self.cids], "/trash", self.cid.token)
        self.await_search([], "lighthouses")
        self.cid.ask("POST", f"/photos/{self.cids}/restore")
        self.await_search([self.cids], "lighthouses")

    def read_view_of_ben(self) -> dict[str, Any]:
        photo = self.ben.ask("GET", f"/photos/{self.bens}")
        # The signed URLs change with each window.
        stable = {name: value for name, value in photo.items() if name not in ("rating", "renditions")}
        return {"photo": stable, "account": self.ben.ask("GET", "/account")}

    def cancel_ann(self) -> None:
        rendition = self.service.call("GET", f"/photos/{self.first}").json["renditions"]["256"]
        time.sleep(1)  # The emulator revokes only tokens from an earlier second.
        self.ann.ask("DELETE", "/account", status=202)
        self.ann.ask("GET", "/account", status=401)

        def is_gone() -> bool:
            rated = self.ben.ask("GET", f"/photos/{self.bens}")["rating"]
            return rated == {"average": 5.0, "count": 1} and send("GET", rendition).status == 404

        self.service.wait(is_gone)

    def require_nothing_of_ann(self) -> None:
        for path in (f"/photos/{self.first}", f"/photos/{self.hidden}", self.album, f"{self.album}/photos"):
            assert self.service.call("GET", path).status == 404
        assert send("GET", self.shared, headers={"X-Link-Password": "open sesame"}).status == 404
        self.await_search([], "fjord")
        self.await_list([self.cids, self.bens], "/photos", order="newest", tag=self.tag)
        rating = self.cid.ask("GET", f"/photos/{self.cids}/rating")
        assert rating == {"average": None, "count": 0, "mine": None}


def test_three_users_share_photos_until_one_cancels(service: Service) -> None:
    journey = Journey(service)
    journey.upload_again()
    journey.find_photos()
    journey.share_album()
    journey.rate_photos()
    before = journey.read_view_of_ben()
    journey.trash_and_restore()
    journey.cancel_ann()
    journey.require_nothing_of_ann()
    assert journey.read_view_of_ben() == before
