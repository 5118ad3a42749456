"""Simulated users, who record what the service has acknowledged."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import uuid4

from tests.support.images import photo as make_photo
from tests.support.rest import Answer, request_with, send
from tests.support.service import Local

TOKEN_LIFETIME = 600.0
"""The seconds after which a user logs in again. The token itself expires later."""
MAX_RETRY_SECONDS = 60.0
"""The seconds after which a user stops retrying a request."""


class Violations:
    """The violations that were found, and the number of answers by status."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.statuses: Counter[int] = Counter()

    def check(self, method: str, path: str, answer: Answer) -> None:
        """Record an answer. A server error must be a 503 that says when to retry."""
        self.statuses[answer.status] += 1
        is_busy = answer.status == 503 and answer.headers["Retry-After"]
        if answer.status >= 500 and not is_busy:
            self.texts.append(f"{method} {path}: {answer.status} {answer.content[:200]!r}")


class User(threading.Thread):
    """A user with photos, albums and links. The user stops at `stop`."""

    def __init__(self, local: Local, number: int, shared: dict[str, list[str]], stop: threading.Event) -> None:
        super().__init__(name=f"user {number}", daemon=True)
        self.local, self.stop, self.violations = local, stop, Violations()
        self.email = local.address(f"soak{number}")
        self.token = local.sign_up(self.email)
        self._token_time = time.monotonic()
        self.random = random.Random(number)
        self.shared = shared
        """The ids of the public photos of all users."""
        self.photos: dict[str, tuple[str, str]] = {}
        """The title and the SHA-256 of each photo that the service has acknowledged as ready."""
        self.erased: set[str] = set()
        self.albums: dict[str, str] = {}
        self.actions: Counter[str] = Counter()

    def run(self) -> None:
        """Take one action after another."""
        actions: list[tuple[int, Callable[[], None]]] = [
            (4, self._upload),
            (3, self._look),
            (2, self._change),
            (2, self._rate),
            (2, self._fill_album),
            (1, self._share),
            (1, self._trash_and_restore),
            (1, self._erase),
            (1, self._rotate),
        ]
        weights = [weight for weight, _ in actions]
        while not self.stop.is_set():
            _, action = self.random.choices(actions, weights)[0]
            try:
                action()
            except Exception as error:
                self.violations.texts.append(f"{action.__name__} ended with {error!r}")
            self.actions[action.__name__] += 1

    def call(self, method: str, path: str, body: Any = None, key: str = "", token: str | None = None) -> Answer:
        """Send a request, and retry it while the service answers 429 or 503, as a client does."""
        deadline = time.monotonic() + MAX_RETRY_SECONDS
        while True:
            if time.monotonic() > self._token_time + TOKEN_LIFETIME:
                self.token, self._token_time = self.local.log_in(self.email), time.monotonic()
            answer = self._send(method, path, body, key, self.token if token is None else token)
            if answer.status not in (429, 503):
                return answer
            if time.monotonic() > deadline:
                self.violations.texts.append(
                    f"{method} {path} was refused with {answer.status} for {MAX_RETRY_SECONDS:.0f} s"
                )
                return answer
            time.sleep(min(5.0, float(answer.headers["Retry-After"] or 1)))

    def _send(self, method: str, path: str, body: Any, key: str, token: str) -> Answer:
        extra = {"Idempotency-Key": key} if key else {}
        answer = request_with(self.local.url, method, path, extra, body, token)
        self.violations.check(method, path, answer)
        return answer

    def _pick(self) -> str | None:
        return self.random.choice([*self.photos]) if self.photos else None

    def _upload(self) -> None:
        content = make_photo(200 + self.random.randrange(200), 150, seed=self.random.randrange(10**9))
        title = f"photo {uuid4().hex[:8]}"
        visibility = self.random.choice(("public", "private"))
        wanted = {"filename": "photo.jpg", "contentType": "image/jpeg", "title": title, "visibility": visibility}
        grant = self.call("POST", "/upload", wanted | {"tags": ["soak", title[-1]]}, key=uuid4().hex).json
        send("PUT", grant["uploadUrl"], content, grant["headers"])
        path = f"/photos/{grant['photoId']}"
        if self.random.random() < 0.5:
            self.call("POST", f"{path}/complete")
        deadline = time.monotonic() + 2 * MAX_RETRY_SECONDS
        while (answer := self.call("GET", path)).json.get("status") == "pending" and time.monotonic() < deadline:
            time.sleep(0.5)
        if answer.json.get("status") != "ready":
            # After three kills, the event can be in the dead-letter queue. The client's request must then be enough.
            answer = self.call("POST", f"{path}/complete")
        if answer.json.get("status") == "ready":
            self.photos[grant["photoId"]] = (title, sha256(content).hexdigest())
            if visibility == "public":
                self.shared["photos"].append(grant["photoId"])
        else:
            self.violations.texts.append(f"{path} is not ready: {answer.status} {answer.content[:200]!r}")

    def _look(self) -> None:
        for path in ("/photos?limit=50", "/photos?scope=mine&order=newest", "/search?q=photo", "/albums"):
            self._require(self.call("GET", path), 200)

    def _change(self) -> None:
        if photo := self._pick():
            title = f"photo {uuid4().hex[:8]}"
            self._require(self.call("PATCH", f"/photos/{photo}", {"title": title}), 200)
            self.photos[photo] = (title, self.photos[photo][1])

    def _rate(self) -> None:
        if self.shared["photos"]:
            photo = self.random.choice(self.shared["photos"])
            self._require(
                self.call("PUT", f"/photos/{photo}/rating", {"rating": 1 + self.random.randrange(5)}), 200, 404, 409
            )

    def _fill_album(self) -> None:
        if len(self.albums) < 3:
            answer = self.call("POST", "/albums", {"name": f"album {len(self.albums)}"}, key=uuid4().hex)
            self._require(answer, 201)
            self.albums[answer.json["albumId"]] = ""
        if photo := self._pick():
            album = self.random.choice([*self.albums])
            self._require(self.call("PUT", f"/albums/{album}/photos/{photo}", {}), 200, 201, 204, 409)
            if self.random.random() < 0.3:
                self._require(self.call("PATCH", f"/albums/{album}", {"name": f"album {uuid4().hex[:4]}"}), 200)

    def _share(self) -> None:
        if self.albums:
            album = self.random.choice([*self.albums])
            made = self.call("POST", f"/albums/{album}/links", {}, key=uuid4().hex)
            self._require(made, 201)
            self._require(self.call("GET", f"/shared/{made.json['url'].rpartition('/')[2]}", token=""), 200)
            self._require(self.call("DELETE", f"/albums/{album}/links/{made.json['linkId']}"), 204, 404)

    def _trash_and_restore(self) -> None:
        if photo := self._pick():
            self._require(self.call("DELETE", f"/photos/{photo}"), 204, 404, 409)
            self._require(self.call("POST", f"/photos/{photo}/restore"), 200, 409)

    def _erase(self) -> None:
        if len(self.photos) > 5 and (photo := self._pick()):
            self._require(self.call("DELETE", f"/photos/{photo}?permanent=true"), 204, 404)
            self.erased.add(photo)
            del self.photos[photo]

    def _rotate(self) -> None:
        if photo := self._pick():
            rotation = self.random.choice((0, 90, 180, 270))
            self._require(self.call("PATCH", f"/photos/{photo}", {"rotation": rotation}), 200, 409)

    def _require(self, answer: Answer, *statuses: int) -> None:
        if answer.status < 500 and answer.status not in (429, *statuses):
            raise AssertionError(f"{answer.status} {answer.content[:200]!r}")

    def find_lost(self) -> list[str]:
        """Return each photo that differs from its acknowledged state, and each erased photo that is still shown."""
        lost = []
        for photo, (title, digest) in self.photos.items():
            answer = self.call("GET", f"/photos/{photo}")
            found = answer.json if answer.status == 200 else {}
            if found.get("status") != "ready" or found.get("title") != title:
                lost.append(f"{photo} of {self.name} is {answer.status} {answer.content[:200]!r}")
                continue
            download = self.call("GET", f"/photos/{photo}/download")
            url = download.headers["Location"] or download.json["url"]
            if sha256(send("GET", url).content).hexdigest() != digest:
                lost.append(f"the original of {photo} of {self.name} differs")
        shown = [photo for photo in self.erased if self.call("GET", f"/photos/{photo}").status != 404]
        return lost + [f"{photo} of {self.name} was erased and is shown" for photo in shown]
