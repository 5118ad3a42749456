"""The operations of the crash matrix: everything that writes, by routes, events, jobs, the sweep and the repair."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Literal, NamedTuple

from chalicelib.albums.propagation import PROPAGATION_LEASE
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import UserId
from chalicelib.domain.messages import ReindexPhotos
from chalicelib.domain.photos import TRASH_LIFETIME
from tests.support import damage, row_damage
from tests.support.cloud import created
from tests.support.crash_world import World
from tests.support.fault_runs import name_operation
from tests.support.faults import Killed, hooked
from tests.support.images import photo as make_photo
from tests.support.sweeps import UNUSED_GRANT_DUE, drain_queue
from tests.support.uploads import put_object

Action = Callable[[World], Any]


class Operation(NamedTuple):
    """An operation, and what happens before it without a fault."""

    name: str
    actor: Literal["client", "event", "job", "sweep", "reconcile"]
    act: Action
    prepare: Action = lambda _: None


def _route(
    name: str, method: str, path: str, body: Any = None, *accepted: int, prepare: Action = lambda _: None, **more: Any
) -> Operation:
    """Return the operation of a client. A retry of a successful request may get one of the statuses `accepted`."""

    def act(world: World) -> None:
        world.request(method, path, body, *accepted, **more)

    return Operation(name, "client", act, prepare)


def _job(name: str, *prepare: Action) -> Operation:
    return Operation(name, "job", World.work, lambda world: [step(world) for step in prepare])


def _request(*arguments: Any, **more: Any) -> Action:
    return lambda world: world.request(*arguments, **more)


def _interrupted(*arguments: Any, **more: Any) -> Action:
    """Return a request that is killed before it changes the photos of an album. A job has to change them later."""

    def act(world: World) -> None:
        written: list[bool] = []

        def kill(model: Any, **_: Any) -> None:
            kind = name_operation(model.name)
            if kind == "read" and written:
                raise Killed
            if kind == "write":
                written.append(True)

        with hooked("before-call", lambda _: kill, world.cloud.stored.client), suppress(Killed):
            world.request(*arguments, **more)

    return act


def _put(name: str, content: bytes) -> Action:
    return lambda world: world.grant_and_put(name, content)


def _two_versions(world: World) -> None:
    """Upload twice under one grant."""
    world.grant_and_put("boat", _JPEG)
    key = world.values["boat key"]
    world.values["second event"] = created(key, put_object(world.cloud, key, make_photo(40, 44)))


def _deliver_both(world: World) -> None:
    world.deliver("boat")
    world.deliver("second")


def _erased_with_late_upload(world: World) -> None:
    world.grant_and_put("boat", _JPEG)
    world.request("DELETE", "/photos/{boat}", permanent="true")
    put_object(world.cloud, world.values["boat key"], make_photo(40, 44))


def _damage(world: World) -> None:
    """Seed several kinds of damage that a repair corrects without losing anything."""
    seeded = damage.Damage(world.cloud, world.ann, world.bob)
    for seed in (
        damage.later_version,
        damage.missing_rendition,
        damage.orphaned_rendition,
        damage.delete_marker,
        row_damage.wrong_rating_sum,
        row_damage.missing_search_row,
        row_damage.orphaned_search_row,
        row_damage.missing_digest,
    ):
        seed(seeded)
    drain_queue(world.cloud)


def _repair(world: World) -> None:
    """Repair the damage.

    Raises:
        Busy: a repair has failed, so the operator runs the command again.
    """
    if world.reconcile().findings["not repaired"]:
        raise Busy


_JPEG = make_photo(32, 40)
_UPLOAD = {"filename": "a.jpg", "contentType": "image/jpeg", "title": "new"}
_SEA, _DUNE = {"photoIds": ["{sea}"]}, {"photoIds": ["{dune}"]}
_BOTH = {"photoIds": ["{sea}", "{cove}"]}
_RENAME = {"name": "Shore", "visibility": "unlisted"}
_ROTATE = ("PATCH", "/photos/{sea}", {"rotation": 90})

CLIENT = [
    _route("grant", "POST", "/upload", _UPLOAD, key="k"),
    _route("grant into an album", "POST", "/upload", _UPLOAD | {"albumId": "{first}"}, key="k"),
    _route("complete", "POST", "/photos/{boat}/complete", prepare=_put("boat", _JPEG)),
    _route("complete an invalid upload", "POST", "/photos/{boat}/complete", None, 422, prepare=_put("boat", b"<html>")),
    _route("change a photo", "PATCH", "/photos/{sea}", {"title": "ocean", "tags": ["wave"], "visibility": "private"}),
    _route("set the time", "PATCH", "/photos/{sea}", {"takenLocal": "2001-02-03T04:05:06"}),
    _route("rotate", *_ROTATE),
    _route(
        "change photos",
        "PATCH",
        "/photos",
        {"items": [{"photoId": f"{{{name}}}", "changes": {"title": "bay"}} for name in ("sea", "cove")]},
    ),
    _route("trash", "DELETE", "/photos/{sea}"),
    _route("trash photos", "POST", "/trash", _BOTH),
    _route("erase", "DELETE", "/photos/{sea}", None, 404, permanent="true"),
    _route(
        "erase a pending photo", "DELETE", "/photos/{boat}", None, 404, prepare=_put("boat", _JPEG), permanent="true"
    ),
    _route("restore", "POST", "/photos/{dune}/restore", None, 409),
    _route("restore photos", "POST", "/trash/restore", _DUNE),
    _route("erase photos", "POST", "/trash/erase", _DUNE),
    _route("empty the trash", "DELETE", "/trash"),
    _route("rate", "PUT", "/photos/{pier}/rating", {"rating": 5}),
    _route("rate first", "PUT", "/photos/{cove}/rating", {"rating": 5}),
    _route("remove a rating", "DELETE", "/photos/{pier}/rating"),
    _route("create an album", "POST", "/albums", {"name": "Lake"}, key="k"),
    _route("change an album", "PATCH", "/albums/{first}", _RENAME),
    _route("delete an album", "DELETE", "/albums/{first}", None, 404),
    _route("delete an album and its photos", "DELETE", "/albums/{first}", None, 404, photos="delete"),
    _route("add to an album", "PUT", "/albums/{second}/photos/{sea}", {}),
    _route("remove from an album", "DELETE", "/albums/{first}/photos/{sea}", None, 404),
    _route(
        "add photos to an album",
        "POST",
        "/albums/{second}/photos",
        {"items": [{"photoId": "{sea}"}, {"photoId": "{cove}"}]},
    ),
    _route("remove photos from an album", "POST", "/albums/{first}/photos/remove", _BOTH),
    _route("create a link", "POST", "/albums/{first}/links", {}, key="k"),
    _route("revoke a link", "DELETE", "/albums/{first}/links/{link}", None, 404),
    _route("try a wrong password", "GET", "/shared/{token}", None, 401, headers={"X-Link-Password": "quay"}),
    # The token of a cancelled account is invalid.
    _route("cancel the account", "DELETE", "/account", None, 401),
]

EVENTS = [
    Operation("confirm", "event", lambda world: world.deliver("boat"), _put("boat", _JPEG)),
    Operation("reject", "event", lambda world: world.deliver("boat"), _put("boat", b"<html>")),
    Operation("confirm one of two versions", "event", _deliver_both, _two_versions),
    Operation("late event of an erased photo", "event", lambda world: world.deliver("boat"), _erased_with_late_upload),
]

_KEEP: Action = World.keep_jobs
_PROPAGATE: Action = partial(World.sweep_for_jobs, after=PROPAGATION_LEASE + timedelta(seconds=1))

JOBS = [
    _job(
        "settle grants",
        _put("boat", _JPEG),
        # A grant that stays unused.
        _request("POST", "/upload", _UPLOAD),
        partial(World.sweep_for_jobs, after=UNUSED_GRANT_DUE),
    ),
    _job("erase old trash", partial(World.sweep_for_jobs, after=TRASH_LIFETIME + timedelta(minutes=1))),
    _job("rotation", _request(*_ROTATE), _KEEP),
    _job("propagate a rename", _interrupted("PATCH", "/albums/{first}", _RENAME), _PROPAGATE),
    _job("propagate a deletion", _interrupted("DELETE", "/albums/{first}"), _PROPAGATE),
    _job("propagate a deletion with photos", _interrupted("DELETE", "/albums/{first}", photos="delete"), _PROPAGATE),
    _job("empty trash", _request("DELETE", "/trash"), _KEEP),
    _job("purge", _request("DELETE", "/account"), _KEEP),
    _job("reindex", lambda world: world.enqueue_for(ReindexPhotos(UserId(world.ann.user_id)))),
]

OTHERS = [
    Operation("sweep", "sweep", World.sweep, _request("PATCH", "/albums/{first}", _RENAME)),
    Operation("repair", "reconcile", _repair, _damage),
]

OPERATIONS = {operation.name: operation for operation in [*CLIENT, *EVENTS, *JOBS, *OTHERS]}
