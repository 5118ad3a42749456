"""One history: the clients, what they know, and the comparison after each step."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import time_machine

from chalicelib import wiring
from tests.support.cloud import Answer, Client, created
from tests.support.histories import views
from tests.support.histories.twins import Difference, Twins
from tests.support.images import photo as make_photo
from tests.support.sweeps import drain_queue

START = datetime(2030, 1, 31, 12, tzinfo=UTC)
PEOPLE, WORDS = ("ann", "bob", "cy"), ("alps", "lake", "Éclair 2")
NAMES = ("Harbour", "Mole 7", "alps")
"""The names of albums. Their words find public photos only if the album is public too."""
CONTENTS = (make_photo(16, 12, exif=False), make_photo(12, 16, exif=False), b"<html>")
VISITOR = "visitor"


class History:
    """The facts of a history that its operations need. Every request goes to both databases."""

    def __init__(self, twins: Twins) -> None:
        self.twins = twins
        self.people = [*PEOPLE]
        self.everyone = [*PEOPLE]
        """All users, cancelled ones included."""
        self.owners: dict[str, str] = {}
        """The owner of each photo and album that ever existed."""
        self.photos: list[str] = []
        self.albums: list[str] = []
        self.links: list[tuple[str, str, str, str]] = []
        """The album, the id, the token and the password of each link."""
        self.grants: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.clock: Any = None
        """The frozen clock."""
        self.keys = itertools.count()
        self.turns = itertools.count()

    def copy(self) -> "History":
        """Return a history that begins in the present state."""
        copied = History(self.twins)
        for name in ("owners", "grants"):
            setattr(copied, name, dict(getattr(self, name)))
        for name in ("people", "everyone", "photos", "albums", "links", "events"):
            setattr(copied, name, list(getattr(self, name)))
        return copied

    def client(self, name: str) -> Client:
        """Return the client of a user, or of a visitor."""
        return self.twins.cloud.visitor if name == VISITOR else self.twins.cloud.person(name)

    def send(self, name: str, method: str, path: str, body: Any = None, key: str = "", **query: Any) -> Answer:
        """Send a request to both sides. Return the answer."""
        client, headers = self.client(name), {"Idempotency-Key": key} if key else {}
        return self.twins.run(lambda: views.simplify(client.call(method, path, body, headers, **query)))

    def send_together(self, requests: Sequence[tuple[str, str, str, Any]]) -> None:
        """Send requests concurrently, and compare their statuses, because the bodies depend on the order."""

        def call(client: Client, method: str, path: str, body: Any) -> int:
            statuses = (client.call(method, path, body).status for _ in range(20))
            return next(status for status in statuses if status != 503)

        acts = [partial(call, self.client(name), method, path, body) for name, method, path, body in requests]
        self.twins.run_together(acts)

    def upload(self, photo_id: str, content: bytes) -> None:
        """Upload under a grant. Keep the event for `deliver`."""
        grant = self.grants[photo_id]
        version = self.twins.run(lambda: self.twins.cloud.put(grant, content))
        self.events.append(created(grant["s3Key"], version))

    def deliver(self, event: dict[str, Any]) -> None:
        """Deliver an event of S3."""
        self.twins.run(lambda: self.twins.cloud.deliver(event))

    def wait(self, minutes: int = 0, seconds: int = 0) -> None:
        """Move the clock."""
        self.clock.shift(timedelta(minutes=minutes, seconds=seconds))

    def run_jobs(self) -> None:
        """Run the queued jobs until none is left."""
        while bodies := self.twins.run(lambda: sorted(drain_queue(self.twins.cloud))):
            for body in bodies:
                self.twins.run(partial(self._work, body))

    def sweep(self) -> None:
        """Run the sweep and its jobs at the time of the frozen clock."""
        self.twins.run(self._sweep)
        self.run_jobs()

    def compare(self, count: int | None = None) -> None:
        """Compare all stored facts, and the next `count` views in turn, or all views if `count` is None."""
        self.twins.compare_facts(self.everyone)
        every = [*views.list_views(self)]
        turns = range(len(every)) if count is None else [next(self.turns) * 7 % len(every) for _ in range(count)]
        for turn in turns:
            name, path = every[turn]
            try:
                self.twins.run(partial(views.walk, self.client(name), path))
            except Difference as error:
                raise Difference(f"{name} reads {path}\n{error}") from None

    def _work(self, body: str) -> None:
        with self.twins.cloud.recorder.during("run-job"):
            wiring.jobs().handle(body)

    def _sweep(self) -> int:
        with self.twins.cloud.recorder.during("sweep"):
            return wiring.jobs().sweep()


def furnish(twins: Twins) -> History:
    """Give each user a public photo, and put two of them into albums, as the start of all histories.

    A private album has a public photo, whose public words leave out the name of the album. The newest photo of a public
    album is private, so its public cover is another one. Random steps alone rarely lead to these states.
    """
    history = History(twins)
    with time_machine.travel(START - timedelta(hours=1), tick=False) as clock:
        history.clock = clock
        for number, name in enumerate(PEOPLE):
            _add_photo(history, name, WORDS[number])
        for number, visibility in enumerate(("private", "public")):
            owner, body = PEOPLE[number], {"name": NAMES[number], "visibility": visibility}
            album_id = history.send(owner, "POST", "/albums", body).json["albumId"]
            history.albums.append(album_id)
            history.owners[album_id] = owner
            history.send(owner, "PUT", f"/albums/{album_id}/photos/{history.photos[number]}")
        _add_photo(history, PEOPLE[1], WORDS[2], visibility="private", albumId=history.albums[1])
    return history


def _add_photo(history: History, owner: str, tag: str, **facts: str) -> None:
    history.wait(seconds=1)
    body = {"filename": "x.jpg", "contentType": "image/jpeg", "tags": [tag], "title": WORDS[0], **facts}
    grant = history.send(owner, "POST", "/upload", body).json
    history.owners[grant["photoId"]], history.grants[grant["photoId"]] = owner, grant
    history.photos.append(grant["photoId"])
    history.upload(grant["photoId"], CONTENTS[0])
    history.deliver(history.events.pop())


Operation = Callable[[History, int], None]
