"""The paths of everything that a user or a visitor can read."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.support.cloud import Answer, Client

if TYPE_CHECKING:
    from tests.support.histories.history import History

_HEADERS = ("Content-Type", "ETag", "Location", "Retry-After", "Set-Cookie")
_REQUEST_ID = re.compile(r',? ?"requestId": ?"[^"]*"')
_PUBLIC = (
    *(f"/photos?order={order}&limit=2" for order in ("random", "newest", "oldest", "top")),
    *(f"/photos?order=newest&tag={tag}&limit=2" for tag in ("alps", "lake", "%C3%A9clair%202")),
    *(f"/photos?order={order}&userId=ann&limit=2" for order in ("newest", "oldest", "top", "random", "taken")),
    "/photos?order=oldest&userId=bob&tag=alps&limit=2",
    "/photos?order=newest&from=2030-01-31T12:00:10Z&to=2030-02-01T12:00:00Z&limit=2",
    "/albums?scope=public&limit=2",
    *(f"/search?q={words}&limit=2" for words in ("alps", "lak", "eclair%202", "coa", "harbour", "mole", "alps%20harb")),
)
_OWN = (
    *(f"/photos?scope=mine&order={order}&limit=2" for order in ("random", "newest", "oldest", "top", "taken")),
    *(f"/photos?scope=mine&order={order}&tag=alps&limit=1" for order in ("newest", "oldest")),
    "/photos?scope=mine&order=taken&from=2001-01-01T00:00:00Z&to=2030-01-31T12:00:30Z&limit=2",
    *("/trash?limit=2", "/photos/months", "/account", "/albums?scope=mine&limit=2"),
    *(f"/search?scope=mine&q={words}&limit=2" for words in ("alps", "lake", "ecl", "coast", "harb", "mole%207", "x")),
)


def list_views(history: "History") -> Iterator[tuple[str, str]]:
    """Yield the name of a client and a path for each view. Paths with a limit are read to the end."""
    for name in (*history.everyone, "visitor"):
        yield from ((name, path) for path in _PUBLIC)
        if name != "visitor":
            yield from ((name, path) for path in _OWN)
        for photo_id in history.photos:
            yield name, f"/photos/{photo_id}"
            yield name, f"/photos/{photo_id}/rating"
        for album_id in history.albums:
            yield name, f"/albums/{album_id}"
            yield name, f"/albums/{album_id}/links?limit=1"
            orders = ("position", "random", "taken")
            yield from ((name, f"/albums/{album_id}/photos?order={order}&limit=2") for order in orders)
    for _, _, token, _ in history.links:
        yield "visitor", f"/shared/{token}"
        yield "visitor", f"/shared/{token}/photos?limit=2"


def simplify(answer: Answer) -> Answer:
    """Return a response without the id of its request, and without headers that are always the same."""
    assert answer.status < 500, answer
    headers = {name: value for name, value in answer.headers.items() if name in _HEADERS}
    return Answer(answer.status, headers, _REQUEST_ID.sub("", answer.body))


def walk(client: Client, path: str) -> list[Answer]:
    """Read a view, and all pages of it if it has several."""
    answers, query = list[Answer](), dict[str, Any]()
    while True:
        answers.append(simplify(client.get(path, **query)))
        last_key = answers[-1].json.get("lastKey") if answers[-1].status == 200 else None
        if last_key is None:
            return answers
        query = {"lastKey": last_key}
