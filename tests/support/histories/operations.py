"""The operations of a history. Each of them chooses its user, photos and albums by one number."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from tests.support.histories.choices import VISIBILITIES, Choice
from tests.support.histories.concurrency import change_together, rate_together, remove_together
from tests.support.histories.history import CONTENTS, NAMES, VISITOR, WORDS, History, Operation
from tests.support.histories.views import simplify

LOCAL_TIMES = ("2001-02-03T04:05:06", "2029-12-31T23:59:59", None)


def _photo_route(method: str, suffix: str = "", **query: str) -> Operation:
    def act(history: History, number: int) -> None:
        choice = Choice(history, number)
        photo_id = choice.photo()
        history.send(choice.user(photo_id), method, f"/photos/{photo_id}{suffix}", **query)

    return act


def _photo_batch(path: str) -> Operation:
    def act(history: History, number: int) -> None:
        choice = Choice(history, number)
        photo_ids = choice.photos()
        history.send(choice.user(photo_ids[0]), "POST", path, {"photoIds": photo_ids})

    return act


def grant(history: History, number: int) -> None:
    """Request a grant, perhaps for an album, perhaps with a digest, and perhaps twice."""
    choice = Choice(history, number)
    owner = choice.of(history.people)
    body: dict[str, Any] = {
        "filename": f"{choice.of(WORDS)}.jpg",
        "tags": [choice.of(WORDS)],
        "title": choice.of(WORDS),
    }
    body |= {"visibility": choice.of(VISIBILITIES), "method": choice.of(("PUT", "POST"))}
    albums = [album_id for album_id in history.albums if history.owners[album_id] == owner]
    is_for_album = choice.of((True, False))
    if albums and is_for_album:
        body |= {"albumId": choice.of(albums)}
    content = choice.of(CONTENTS)
    if choice.of((True, False)):
        body |= {"size": len(content), "sha256": sha256(content).hexdigest()}
    key = f"key-{next(history.keys)}"
    for _ in range(choice.of((1, 1, 2))):
        answer = history.send(owner, "POST", "/upload", body, key)
    if answer.status == 201:
        photo_id = answer.json["photoId"]
        history.owners[photo_id], history.grants[photo_id] = owner, answer.json
        history.photos.append(photo_id)
        if choice.of((True, True, False)):
            history.upload(photo_id, content)
            if choice.of((True, True, False)):
                history.deliver(history.events[-1])


def put(history: History, number: int) -> None:
    """Upload under any grant, perhaps again."""
    choice = Choice(history, number)
    history.upload(choice.of([*history.grants]), choice.of(CONTENTS))


def deliver(history: History, number: int) -> None:
    """Deliver any event, perhaps again."""
    if history.events:
        history.deliver(Choice(history, number).of(history.events))


def change(history: History, number: int) -> None:
    """Change some fields of a photo, or of several."""
    choice = Choice(history, number)
    changes = choice.of(
        (
            {"title": choice.of(WORDS)},
            {"visibility": choice.of(VISIBILITIES)},
            {"tags": [choice.of(WORDS), "Coast"]},
            {"addTags": [choice.of(WORDS)], "removeTags": [choice.of(WORDS)]},
            {"takenLocal": choice.of(LOCAL_TIMES), "visibility": choice.of(VISIBILITIES)},
            {"description": f"{choice.of(WORDS)} coastal", "title": ""},
            {"rotation": choice.of((90, 180, 270))},
            {"unknown": 1},
        )
    )
    photo_ids = choice.photos()
    user = choice.user(photo_ids[0])
    if choice.of((True, True, False)):
        history.send(user, "PATCH", f"/photos/{photo_ids[0]}", changes)
    else:
        items = [{"photoId": photo_id, "changes": changes} for photo_id in photo_ids]
        history.send(user, "PATCH", "/photos", {"items": items})


def rate(history: History, number: int) -> None:
    """Rate a photo, or remove the rating."""
    choice = Choice(history, number)
    stars, path = choice.of((1, 3, 5, 5, None, 6)), f"/photos/{choice.photo()}/rating"
    user = choice.of([*history.people, VISITOR])
    history.send(user, "PUT" if stars else "DELETE", path, {"rating": stars} if stars else None)


def empty_trash(history: History, number: int) -> None:
    """Empty the trash of a user."""
    history.send(Choice(history, number).of(history.people), "DELETE", "/trash")
    history.run_jobs()


def create_album(history: History, number: int) -> None:
    """Create an album, perhaps twice with one key."""
    choice = Choice(history, number)
    owner, key = choice.of(history.people), f"key-{next(history.keys)}"
    body = {"name": choice.of(NAMES), "visibility": choice.of(VISIBILITIES), "years": [2001], "country": "Chile"}
    for _ in range(choice.of((1, 2))):
        answer = history.send(owner, "POST", "/albums", body, key)
    if answer.status == 201:
        history.albums.append(answer.json["albumId"])
        history.owners[answer.json["albumId"]] = owner


def change_album(history: History, number: int) -> None:
    """Change an album, and run its job."""
    choice = Choice(history, number)
    album_id = choice.album()
    changes = choice.of(
        (
            {"name": choice.of(NAMES)},
            {"visibility": choice.of(VISIBILITIES)},
            {"name": "Coast", "visibility": choice.of(VISIBILITIES)},
            {"coverPhotoId": choice.of((None, choice.photo()))},
            {"years": [2001, 2002]},
        )
    )
    history.send(choice.user(album_id), "PATCH", f"/albums/{album_id}", changes)
    history.run_jobs()


def delete_album(history: History, number: int) -> None:
    """Delete an album, perhaps with its photos."""
    choice = Choice(history, number)
    album_id = choice.album()
    history.send(choice.user(album_id), "DELETE", f"/albums/{album_id}", photos=choice.of(("keep", "delete")))
    history.run_jobs()


def add_to_album(history: History, number: int) -> None:
    """Add one photo to an album, or several."""
    choice = Choice(history, number)
    album_id = choice.album()
    photo_ids, position, user = choice.photos(album_id), choice.of((None, 0, 5)), choice.user(album_id)
    if choice.of((True, False)):
        path = f"/albums/{album_id}/photos/{photo_ids[0]}"
        history.send(user, "PUT", path, {"position": position} if position is not None else None)
    else:
        items = [{"photoId": photo_id, "position": position} for photo_id in photo_ids]
        history.send(user, "POST", f"/albums/{album_id}/photos", {"items": items})


def remove_from_album(history: History, number: int) -> None:
    """Remove one photo from an album, or several."""
    choice = Choice(history, number)
    album_id = choice.album()
    photo_ids, user = choice.photos(album_id), choice.user(album_id)
    if choice.of((True, False)):
        history.send(user, "DELETE", f"/albums/{album_id}/photos/{photo_ids[0]}")
    else:
        history.send(user, "POST", f"/albums/{album_id}/photos/remove", {"photoIds": photo_ids})


def create_link(history: History, number: int) -> None:
    """Share an album, perhaps with a password."""
    choice = Choice(history, number)
    album_id, password = choice.album(), choice.of(("", "harbour"))
    key = choice.of(("", f"key-{next(history.keys)}"))
    body = {"password": password} if password else {}
    answer = history.send(choice.user(album_id), "POST", f"/albums/{album_id}/links", body, key)
    if answer.status == 201:
        token = answer.json["url"].rpartition("/")[2]
        history.links.append((album_id, answer.json["linkId"], token, password))


def revoke_link(history: History, number: int) -> None:
    """Revoke a link, perhaps again."""
    if history.links:
        choice = Choice(history, number)
        album_id, link_id, _, _ = choice.of(history.links)
        history.send(choice.user(album_id), "DELETE", f"/albums/{album_id}/links/{link_id}")


def open_link(history: History, number: int) -> None:
    """Open a link, perhaps with a wrong password."""
    if history.links:
        choice = Choice(history, number)
        _, _, token, password = choice.of(history.links)
        headers = {"X-Link-Password": choice.of((password or "harbour", "quay"))}
        visitor = history.client(VISITOR)
        history.twins.run(lambda: simplify(visitor.call("GET", f"/shared/{token}/photos", None, headers)))


def cancel(history: History, number: int) -> None:
    """Cancel an account. Another user takes the place."""
    choice = Choice(history, number)
    # Most histories keep their users.
    if choice.of((True, False, False)):
        person = choice.of(history.people)
        history.send(person, "DELETE", "/account")
        history.run_jobs()
        history.people.remove(person)
        successor = f"person-{next(history.keys)}"
        history.people.append(successor)
        history.everyone.append(successor)


def sweep(history: History, number: int) -> None:
    """Wait until something is due, and run the sweep."""
    history.wait(Choice(history, number).of((1, 20, 31, 61, 7 * 60, 28 * 60, 31 * 24 * 60)))
    history.sweep()


OPERATIONS: dict[str, Callable[[History, int], None]] = {
    "grant": grant,
    "grant and upload": grant,
    "put": put,
    "deliver": deliver,
    "complete": _photo_route("POST", "/complete"),
    "change": change,
    "change again": change,
    "download": _photo_route("GET", "/download"),
    "trash": _photo_route("DELETE"),
    "restore": _photo_route("POST", "/restore"),
    "erase": _photo_route("DELETE", permanent="true"),
    "trash photos": _photo_batch("/trash"),
    "restore photos": _photo_batch("/trash/restore"),
    "erase photos": _photo_batch("/trash/erase"),
    "rate": rate,
    "empty the trash": empty_trash,
    "create an album": create_album,
    "change an album": change_album,
    "delete an album": delete_album,
    "add to an album": add_to_album,
    "add to an album again": add_to_album,
    "remove from an album": remove_from_album,
    "create a link": create_link,
    "revoke a link": revoke_link,
    "open a link": open_link,
    "cancel the account": cancel,
    "sweep": sweep,
    "rate together": rate_together,
    "change together": change_together,
    "remove together": remove_together,
}
"""Some operations have two names, so that they are chosen twice as often."""
