"""Compare the latency of the service on DynamoDB and on PostgreSQL: `python -m bench.stores [PHOTOS] [ROUNDS]`.

Two local clouds have the same photos. Their requests alternate, one at a time. The DynamoDB side is an emulator in
Python, so its times say nothing about DynamoDB itself. PostgreSQL is a real server, and its times are the service's.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from local.postgres import find_programs
from tests.support.images import photo as make_photo
from tests.support.rest import Answer, put
from tests.support.service import Local

STORES = ("dynamodb", "postgres")
ALBUMS, TAGS, THREADS = 6, ("sea", "hills", "town"), 4
CONTENT = make_photo(160, 120)

type Call = Callable[[], Answer]


class Route(NamedTuple):
    """A route. `prepare` makes a request ready, and its time does not count."""

    name: str
    prepare: Callable[["Gallery"], Call]


class Gallery:
    """A local cloud with photos in albums."""

    def __init__(self, service: Local, photos: int) -> None:
        self.service = service
        self.ann, self.bob = (service.sign_up(service.address(name)) for name in ("ann", "bob"))
        names = [f"Album {number}" for number in range(ALBUMS)]
        self.albums = [
            self.send("POST", "/albums", {"name": name, "visibility": "public"})["albumId"] for name in names
        ]
        with ThreadPoolExecutor(THREADS) as threads:
            self.photos = [*threads.map(self._upload, range(photos))]
        for photo_id in self.photos:
            service.patience = 120
            service.wait_ready(photo_id, self.ann)
        self.token = self.send("POST", f"/albums/{self.albums[0]}/links", {})["url"].rpartition("/")[2]
        self._next = 0

    def _upload(self, number: int) -> str:
        words = {"title": f"The harbour, number {number}", "tags": [TAGS[number % len(TAGS)]], "size": len(CONTENT)}
        grant = self.service.grant(self.ann, albumId=self.albums[number % ALBUMS], **words)
        assert put(grant, CONTENT) == 200
        return str(grant["photoId"])

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request of the owner. Return the response."""
        answer = self.service.call(method, path, body, self.ann)
        assert answer.status < 300, answer
        return answer.json

    def take_photo(self) -> str:
        """Return the path of another photo each time."""
        self._next += 1
        return f"/photos/{self.photos[self._next % len(self.photos)]}"


def read(name: str, token: bool = False, **query: Any) -> Route:
    """Return a route that reads."""

    def prepare(gallery: Gallery) -> Call:
        path = name.partition("?")[0].replace("{album}", gallery.albums[0]).replace("{token}", gallery.token)
        path = path.replace("/photos/{photo}", gallery.take_photo())
        return lambda: gallery.service.call("GET", path, token=gallery.ann if token else "", **query)

    return Route(f"GET {name}", prepare)


def prepare_grant(gallery: Gallery) -> Call:
    """Request a grant."""
    return lambda: gallery.service.call("POST", "/upload", {"filename": "a.jpg", "size": len(CONTENT)}, gallery.ann)


def prepare_complete(gallery: Gallery) -> Call:
    """Upload a photo whose event has not arrived yet."""
    grant = gallery.service.grant(gallery.ann, size=len(CONTENT))
    assert put(grant, CONTENT) == 200
    return lambda: gallery.service.call("POST", f"/photos/{grant['photoId']}/complete", token=gallery.ann)


def prepare_change(gallery: Gallery) -> Call:
    """Change the title of a photo."""
    path, body = gallery.take_photo(), {"title": f"Storm {time.monotonic_ns()}"}
    return lambda: gallery.service.call("PATCH", path, body, gallery.ann)


def prepare_rating(gallery: Gallery) -> Call:
    """Rate a photo of another user."""
    path = f"{gallery.take_photo()}/rating"
    return lambda: gallery.service.call("PUT", path, {"rating": 4}, gallery.bob)


def prepare_trash(gallery: Gallery) -> Call:
    """Move a photo to the trash, after the photo before was restored."""
    path = gallery.take_photo()
    gallery.service.call("POST", f"{path}/restore", token=gallery.ann)
    return lambda: gallery.service.call("DELETE", path, token=gallery.ann)


def prepare_restore(gallery: Gallery) -> Call:
    """Restore a photo from the trash."""
    path = gallery.take_photo()
    gallery.service.call("DELETE", path, token=gallery.ann)
    return lambda: gallery.service.call("POST", f"{path}/restore", token=gallery.ann)


ROUTES = (
    read("/photos?limit=10", limit=10),
    read("/photos?limit=50", limit=50),
    read("/photos?order=newest", order="newest"),
    read("/photos?order=newest&tag=", order="newest", tag=TAGS[0]),
    read("/photos?order=top", order="top"),
    read("/photos?order=taken&scope=mine", True, order="taken", scope="mine"),
    read("/search?q=", q="harbour"),
    read("/photos/{photo}"),
    read("/albums/{album}"),
    read("/albums/{album}/photos"),
    read("/shared/{token}/photos"),
    read("/trash", True),
    read("/account", True),
    Route("POST /upload", prepare_grant),
    Route("POST /photos/{photo}/complete", prepare_complete),
    Route("PATCH /photos/{photo}", prepare_change),
    Route("PUT /photos/{photo}/rating", prepare_rating),
    Route("DELETE /photos/{photo}", prepare_trash),
    Route("POST /photos/{photo}/restore", prepare_restore),
)


@contextmanager
def opened(folder: Path, store: str) -> Iterator[Local]:
    """Run a local cloud on a store."""
    (folder / store).mkdir()
    service = Local(folder / store / "data", store=store)
    try:
        yield service
    finally:
        service.stop()


def measure(galleries: list[Gallery], route: Route, rounds: int) -> list[float]:
    """Return the median latency of a route in seconds for each gallery."""
    seconds: list[list[float]] = [[] for _ in galleries]
    for number in range(1 + rounds):
        for times, gallery in zip(seconds, galleries, strict=True):
            call = route.prepare(gallery)
            started = time.perf_counter()
            answer = call()
            if number:  # The first request opens connections.
                times.append(time.perf_counter() - started)
            assert answer.status < 300, (route.name, answer)
    return [*map(median, seconds)]


def main(photos: int = 300, rounds: int = 15) -> None:
    """Print a table of the routes."""
    if find_programs() is None:
        print("PostgreSQL is not installed (Debian: apt install postgresql), so the stores are not compared.")
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        services = [stack.enter_context(opened(Path(folder), store)) for store in STORES]
        galleries = [Gallery(service, photos) for service in services]
        print(f"{photos} photos in {ALBUMS} albums, median of {rounds} requests, one at a time")
        print("| route | emulator of DynamoDB | PostgreSQL | ratio |\n|---|---:|---:|---:|")
        for route in ROUTES:
            emulator, postgres = measure(galleries, route, rounds)
            print(
                f"| `{route.name}` | {1000 * emulator:.0f} ms | {1000 * postgres:.0f} ms | {postgres / emulator:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
