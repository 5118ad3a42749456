"""Operations of several clients at the same time, whose result does not depend on their order."""

from typing import Any

from tests.support.histories.choices import VISIBILITIES, Choice
from tests.support.histories.history import WORDS, History


def rate_together(history: History, number: int) -> None:
    """Let all users rate a photo concurrently."""
    choice = Choice(history, number)
    path = f"/photos/{choice.photo()}/rating"
    history.send_together([(name, "PUT", path, {"rating": choice.of((1, 2, 3, 4, 5))}) for name in history.people])


def change_together(history: History, number: int) -> None:
    """Change different fields of a photo concurrently, and another photo."""
    choice = Choice(history, number)
    photo_id, other = choice.photo(), choice.photo()
    owner, path = history.owners[photo_id], f"/photos/{photo_id}"
    requests: list[tuple[str, str, str, Any]] = [
        (owner, "PATCH", path, {"title": choice.of(WORDS)}),
        (owner, "PATCH", path, {"visibility": choice.of(VISIBILITIES)}),
        (owner, "PATCH", path, {"tags": [choice.of(WORDS)]}),
    ]
    if other != photo_id:
        requests.append((history.owners[other], "PATCH", f"/photos/{other}", {"description": "coast"}))
    history.send_together(requests)


def remove_together(history: History, number: int) -> None:
    """Remove several photos from an album concurrently."""
    choice = Choice(history, number)
    album_id = choice.album()
    paths = [f"/albums/{album_id}/photos/{photo_id}" for photo_id in choice.photos(album_id)]
    history.send_together([(history.owners[album_id], "DELETE", path, None) for path in paths])
