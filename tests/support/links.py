"""Share links over HTTP: create and open them."""

from typing import Any

from tests.support.cloud import Answer, Client


def create_link(owner: Client, album: str, **fields: Any) -> str:
    """Create a share link. Return its path in the API."""
    answer = owner.post(f"{album}/links", fields)
    assert answer.status == 201, answer
    return get_path(answer.json["url"])


def get_path(url: str) -> str:
    """Return the path in the API of a share link, which is an address of the web page."""
    assert url.startswith("http://localhost:8000/s/")
    return url.replace("http://localhost:8000/s/", "/shared/")


def open_link(client: Client, path: str, password: str | None = None) -> Answer:
    """Open a share link, with a password if given."""
    return client.call("GET", path, headers={"X-Link-Password": password} if password is not None else {})
