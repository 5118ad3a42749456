"""Create, fill and read albums over HTTP."""

from typing import Any

from tests.support.cloud import Client, Cloud
from tests.support.invariants import broken, untidy
from tests.support.lists import join_pages, read_pages


def create_album(owner: Client, **facts: Any) -> str:
    """Create an album. Return its path."""
    answer = owner.post("/albums", {"name": "Sea", **facts})
    assert answer.status == 201, answer
    return f"/albums/{answer.json['albumId']}"


def put_into_album(owner: Client, album: str, photo_id: str, body: Any = None) -> Any:
    """Put a photo into an album. Return the body of the response."""
    answer = owner.call("PUT", f"{album}/photos/{photo_id}", body)
    assert answer.status == 200, answer
    return answer.json


def list_album_photos(client: Client, album: str, **query: Any) -> list[str]:
    """Return the ids of all photos that `client` sees in an album."""
    return join_pages(read_pages(client, f"{album}/photos", **query))


def has_consistent_albums(cloud: Cloud, owner: Client) -> bool:
    """Check the albums of `owner`, and the copies of album names and visibilities in the photos."""
    return broken(cloud, owner.user_id) == untidy(cloud, owner.user_id) == []
