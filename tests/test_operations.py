"""docs/reference/costs.md has the cost of each operation, and these tests count it again."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import app as service
from tests.conftest import deployment
from tests.support.cloud import Answer, Cloud, created
from tests.support.cognito import Cognito
from tests.support.idp import IdentityProvider
from tests.support.images import photo as make_photo
from tests.support.meter import metered
from tests.support.routes import DECLARED

pytestmark = pytest.mark.xdist_group("operations")

DOCUMENT = Path(__file__).parent.parent / "docs" / "reference" / "costs.md"
JPEG = make_photo(320, 240)
ELSEWHERE = {
    *("GET /login", "GET /callback", "POST /login", "POST /token", "POST /logout"),
    *("POST /signup", "POST /signup/confirm", "POST /signup/resend"),
    *("GET /", "GET /web/{name}", "GET /health", "GET /openapi.json"),
}
"""What asks Cognito alone, or nobody."""
_SENT = ("version", "account", "region", "detail-type", "source", "time", "id", "resources")
HOUR: dict[str, Any] = dict.fromkeys(_SENT, "") | {"detail": {}}
AGAIN = "in four times the gallery: "
WORDS = {"title": "The harbour before the storm", "description": "Taken from the north pier.", "tags": ["sea", "storm"]}


def table() -> dict[str, tuple[str, ...]]:
    """The rows of the document by their operation."""
    section = DOCUMENT.read_text().partition("## Cost of each operation")[2].partition("\n## ")[0]
    lines = [re.split(r" *\| *", line.strip("| \n")) for line in section.splitlines() if line.startswith("| `")]
    return {operation.replace("`", ""): tuple(rest) for operation, *rest in lines}


@pytest.fixture(scope="module")
def counted(provider: IdentityProvider) -> Iterator[dict[str, tuple[str, ...]]]:
    """Every operation, done once in a gallery of fifteen photos and one album."""
    provider.reset()
    with deployment(provider) as cloud:
        yield {name: _count(cloud, call) for name, call in _Operations(cloud).all()}


def _count(cloud: Cloud, call: Callable[[], Any]) -> tuple[str, ...]:
    with metered(cloud) as meter:
        answer = call()
    assert not isinstance(answer, Answer) or answer.status < 300, answer
    return meter.line


Operation = tuple[str, Callable[[], Any]]


class _Operations:
    """Every operation, in the order of the table. Each one depends on those before it."""

    def __init__(self, cloud: Cloud) -> None:
        Cognito(cloud).answers["GetUser"] = {"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}
        self.cloud, self.ann, self.bob, self.visitor = cloud, cloud.person("ann"), cloud.person("bob"), cloud.visitor
        self.album_id = self.ann.post("/albums", {"name": "Sea"}).json["albumId"]
        self.album = f"/albums/{self.album_id}"
        _fill(cloud, 15, self.album_id)
        self.other = self.ann.post("/albums", {"name": "Hills"}).json["albumId"]
        self.link = self.ann.post(f"{self.album}/links").json
        self.photo = ""
        """The path of the photo that is uploaded first."""

    def all(self) -> Iterator[Operation]:
        for group in (self.uploads, self.photos, self.ratings_and_entries, self.trash, self.albums, self.links):
            yield from group()
        ann, visitor = self.ann, self.visitor
        yield "GET /account", lambda: ann.get("/account")
        yield "hourly schedule, nothing due", lambda: service.sweep(HOUR, None)
        _fill(self.cloud, 45, self.album_id)
        yield f"{AGAIN}GET /search of one word as a visitor", lambda: visitor.get("/search", q="filler")
        yield f"{AGAIN}GET /search of two words as a visitor", lambda: visitor.get("/search", q="filler evening")
        yield f"{AGAIN}GET /albums/{{album_id}}/photos as a visitor", lambda: visitor.get(f"{self.album}/photos")
        yield "DELETE /account", lambda: ann.delete("/account")

    def uploads(self) -> Iterator[Operation]:
        ann, wanted = self.ann, {"filename": "x.jpg", "contentType": "image/jpeg", **WORDS}
        digest = sha256(JPEG).hexdigest()
        in_album = wanted | {"sha256": "ab" * 32, "albumId": self.album_id}
        yield "POST /upload", lambda: ann.post("/upload", wanted)
        yield (
            "POST /upload with sha256, Idempotency-Key and albumId",
            lambda: ann.post("/upload", in_album, **{"Idempotency-Key": "k"}),
        )
        grant = self.cloud.grant(ann, **WORDS)
        yield "S3 event, one photo", _event(self.cloud, grant)
        self.photo = f"/photos/{grant['photoId']}"
        yield "POST /upload of bytes that are there", lambda: ann.post("/upload", wanted | {"sha256": digest})
        second = self.cloud.grant(ann, **WORDS)
        self.cloud.put(second, JPEG)
        yield "POST /photos/{photo_id}/complete", lambda: ann.post(f"/photos/{second['photoId']}/complete")

    def photos(self) -> Iterator[Operation]:
        ann, visitor, path = self.ann, self.visitor, self.photo
        yield "GET /photos/{photo_id} as a visitor", lambda: visitor.get(path)
        yield "GET /photos/{photo_id}", lambda: ann.get(path)
        yield "GET /photos/{photo_id}/download", lambda: ann.get(f"{path}/download")
        renamed = {"title": "The harbour after the storm"}
        yield "PATCH /photos/{photo_id} of the title", lambda: ann.patch(path, renamed)
        yield "PATCH /photos/{photo_id} to private", lambda: ann.patch(path, {"visibility": "private"})
        ann.patch(path, {"visibility": "public"})
        for order in ("newest", "oldest", "top"):
            yield f"GET /photos?order={order} as a visitor", partial(visitor.get, "/photos", order=order)
        yield "GET /photos?order=newest&tag= as a visitor", lambda: visitor.get("/photos", order="newest", tag="sea")
        yield "GET /search of one word as a visitor", lambda: visitor.get("/search", q="filler")
        yield "GET /search of two words as a visitor", lambda: visitor.get("/search", q="filler pier")
        yield "GET /search of three words as a visitor", lambda: visitor.get("/search", q="filler common pier")

    def ratings_and_entries(self) -> Iterator[Operation]:
        ann, bob, path = self.ann, self.bob, self.photo
        yield "PUT /photos/{photo_id}/rating", lambda: bob.call("PUT", f"{path}/rating", {"rating": 4})
        yield "GET /photos/{photo_id}/rating", lambda: bob.get(f"{path}/rating")
        yield "DELETE /photos/{photo_id}/rating", lambda: bob.delete(f"{path}/rating")
        entry = f"/albums/{self.other}{path}"
        yield "PUT /albums/{album_id}/photos/{photo_id}", lambda: ann.call("PUT", entry)
        yield "DELETE /albums/{album_id}/photos/{photo_id}", lambda: ann.delete(entry)

    def trash(self) -> Iterator[Operation]:
        ann, path = self.ann, self.photo
        yield "DELETE /photos/{photo_id}", lambda: ann.delete(path)
        yield "GET /trash", lambda: ann.get("/trash")
        yield "POST /photos/{photo_id}/restore", lambda: ann.post(f"{path}/restore")
        yield "DELETE /photos/{photo_id}?permanent=true", lambda: ann.delete(path, permanent="true")

    def albums(self) -> Iterator[Operation]:
        ann, visitor, album = self.ann, self.visitor, self.album
        yield "POST /albums", lambda: ann.post("/albums", {"name": "Town"})
        yield "GET /albums as a visitor", lambda: visitor.get("/albums")
        yield "GET /albums/{album_id} as a visitor", lambda: visitor.get(album)
        yield "GET /albums/{album_id}/photos as a visitor", lambda: visitor.get(f"{album}/photos")
        yield "GET /albums/{album_id}/photos", lambda: ann.get(f"{album}/photos")
        yield "PATCH /albums/{album_id} of its country", lambda: ann.patch(album, {"country": "Denmark"})
        yield "DELETE /albums/{album_id}, empty", lambda: ann.delete(f"/albums/{self.other}")

    def links(self) -> Iterator[Operation]:
        ann, visitor, album, link = self.ann, self.visitor, self.album, self.link
        token = link["url"].rpartition("/")[2]
        yield "POST /albums/{album_id}/links", lambda: ann.post(f"{album}/links")
        yield "GET /albums/{album_id}/links", lambda: ann.get(f"{album}/links")
        yield "GET /shared/{token}", lambda: visitor.get(f"/shared/{token}")
        yield "GET /shared/{token}/photos", lambda: visitor.get(f"/shared/{token}/photos")
        yield "DELETE /albums/{album_id}/links/{link_id}", lambda: ann.delete(f"{album}/links/{link['linkId']}")


def _event(cloud: Cloud, grant: dict[str, Any]) -> Callable[[], None]:
    record = created(grant["s3Key"], cloud.put(grant, JPEG))
    return lambda: cloud.deliver(record)


def _fill(cloud: Cloud, count: int, album_id: str) -> None:
    """Photos of typical rows, each with all words, half of them with one more."""
    photo = cloud.upload(cloud.person("ann"), JPEG, albumId=album_id, **WORDS | {"title": "Filler common"})
    for number in range(1, count):
        title = "Filler common" if number % 2 else "Filler common evening"
        grant = cloud.grant(cloud.person("ann"), albumId=album_id, **WORDS | {"title": title})
        pending = cloud.photo(grant["photoId"])
        facts = {name: getattr(photo, name) for name in ("exif", "width", "height", "renditions", "sha256", "size")}
        assert cloud.store.replace(pending, pending.with_(status="ready", version_id="v", **facts))


def test_every_route_has_a_row() -> None:
    said = {" ".join(operation.split("?")[0].split(" ")[:2]).rstrip(",") for operation in table()}
    assert DECLARED - said == ELSEWHERE


def test_table_holds_every_operation_that_is_counted(counted: dict[str, tuple[str, ...]]) -> None:
    said, done = table(), {name: line for name, line in counted.items() if not name.startswith(AGAIN)}
    wrong = [f"| `{name}` | {' | '.join(line)} |" for name, line in done.items() if said.get(name) != line]
    assert not wrong, "the table should say\n" + "\n".join(wrong)
    assert list(said) == list(done)


def test_pages_cost_the_same_in_every_gallery(counted: dict[str, tuple[str, ...]]) -> None:
    again = {name.removeprefix(AGAIN): requests(calls) for name, (calls, *_) in counted.items() if AGAIN in name}
    assert again == {name: requests(counted[name][0]) for name in again}


@pytest.mark.parametrize(
    ("operation", "most"),
    [
        ("GET /search of one word as a visitor", 4),
        ("GET /albums/{album_id}/photos as a visitor", 2),
        ("GET /photos/{photo_id}", 2),
        ("GET /photos/{photo_id} as a visitor", 1),
    ],
)
def test_reads_stay_within_what_was_promised(operation: str, most: int) -> None:
    assert requests(table()[operation][0]) <= most


def test_a_rating_is_one_transaction() -> None:
    assert table()["PUT /photos/{photo_id}/rating"][0].split(", ").count("TransactWriteItems") == 1


def requests(calls: str) -> int:
    """How many requests a cell of the table is."""
    return sum(int(each.partition(" ")[2] or 1) for each in calls.split(", "))
