"""Read over HTTP what a person sees, in the form of the model."""

from collections.abc import Iterator
from typing import Any

from tests.support.cloud import Client
from tests.support.model.world import VISITOR, World


def read_lists(client: Client, world: World, word: str) -> Iterator[tuple[str, Any]]:
    """Yield the lists that `World.show_lists` predicts."""
    yield "public", _read_ids(client, "/photos?order=newest")
    yield "top", sorted(_read_ids(client, "/photos?order=top"))
    yield "search", _read_ids(client, f"/search?q={word}")
    yield "tag", _read_ids(client, f"/photos?order=newest&tag={word}")
    yield "public albums", _read_albums(client, "/albums?scope=public")
    for path in world.links:
        yield f"link {path}", _read_ids(client, f"{path}/photos?order=position")
    if client.user_id != VISITOR:
        yield from _read_own_lists(client, world, word)


def _read_own_lists(client: Client, world: World, word: str) -> Iterator[tuple[str, Any]]:
    yield "mine", _read_ids(client, "/photos?scope=mine&order=newest")
    yield "taken", _read_ids(client, "/photos?scope=mine&order=taken")
    yield "trash", _read_ids(client, "/trash?")
    yield "months", {month["month"]: month["count"] for month in client.get("/photos/months").json["items"]}
    account = client.get("/account")
    assert account.status == 200, account
    yield "usage", (account.json["photoCount"], account.json["bytes"])
    yield "own search", _read_ids(client, f"/search?scope=mine&q={word}")
    yield "own albums", _read_albums(client, "/albums?scope=mine")
    for album_id, album in world.albums.items():
        if album.owner == client.user_id:
            answer = client.get(f"/albums/{album_id}/links?limit=100")
            yield (
                f"links of {album_id}",
                answer.status == 200 and sorted(link["linkId"] for link in answer.json["items"]),
            )


def read_photo(client: Client, photo_id: str) -> Any:
    """Return what `World.show_photo` predicts."""
    answer = client.get(f"/photos/{photo_id}")
    if answer.status == 404:
        return None
    photo = answer.json
    rating = photo["rating"]
    facts = (photo["status"], photo["visibility"], bool(photo.get("trashedAt")), rating["average"], rating["count"])
    if client.user_id == VISITOR:
        return facts
    own = client.get(f"/photos/{photo_id}/rating").json
    assert (own["average"], own["count"]) == (rating["average"], rating["count"])
    return (*facts, own["mine"])


def read_album(client: Client, album_id: str) -> Any:
    """Return the photos of an album, or None if the person may not see the album."""
    photo_ids = _read_ids(client, f"/albums/{album_id}/photos?order=position")
    answer = client.get(f"/albums/{album_id}")
    if answer.status == 404:
        assert photo_ids is None
        return None
    assert photo_ids is not None
    assert answer.json["photoCount"] == len(photo_ids)
    return photo_ids


def _read_ids(client: Client, path: str) -> Any:
    answer = client.get(f"{path}&limit=100")
    if answer.status == 404:
        return None
    assert answer.status == 200, answer
    assert answer.json["lastKey"] is None
    return [item["photoId"] for item in answer.json["items"]]


def _read_albums(client: Client, path: str) -> dict[str, tuple[str, str, int]]:
    answer = client.get(f"{path}&limit=100")
    assert answer.status == 200, answer
    return {item["albumId"]: (item["name"], item["visibility"], item["photoCount"]) for item in answer.json["items"]}
