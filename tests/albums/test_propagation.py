"""Album changes reach all photos of the album: immediately in small albums, and by jobs in large ones."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.albums import propagation
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import AlbumId
from chalicelib.domain.messages import UpdateAlbumPhotos
from chalicelib.domain.photos import Photo
from tests.support.albums import create_album, put_into_album
from tests.support.cloud import Client, Cloud
from tests.support.faults import Fault, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import albums_of, broken, rows, untidy
from tests.support.lists import add_photos
from tests.support.sweeps import drain_queue, run_jobs_until_idle, sweep_albums

JPEG = make_photo(64, 48)


def create_filled_album(cloud: Cloud, owner: Client, count: int, **facts: Any) -> str:
    """Create an album with `count` photos. Return its path."""
    album = create_album(owner, **facts)
    for photo_id in add_photos(cloud, count, owner.user_id):
        put_into_album(owner, album, photo_id)
    return album


def read_memberships(cloud: Cloud, owner: Client) -> set[tuple[str, bool]]:
    """Return the album names and visibilities that the photos of `owner` have copied."""
    memberships = [membership for photo in rows(cloud, owner.user_id) for membership in photo.memberships.values()]
    return {(membership.name, membership.public) for membership in memberships}


@pytest.mark.parametrize("count", [0, 1, propagation.MAX_INLINE])
def test_change_of_a_small_album_updates_its_photos_immediately(shared_cloud: Cloud, ann: Client, count: int) -> None:
    album = create_filled_album(shared_cloud, ann, count)
    assert ann.patch(album, {"name": "Hills", "visibility": "unlisted"}).status == 200
    assert drain_queue(shared_cloud) == []
    assert untidy(shared_cloud, ann.user_id) == []
    assert ann.delete(album).status == 204
    assert albums_of(shared_cloud, ann.user_id) == []
    assert read_memberships(shared_cloud, ann) == set()


def test_change_of_a_large_album_updates_its_photos_by_a_job(shared_cloud: Cloud, ann: Client) -> None:
    album = create_filled_album(shared_cloud, ann, propagation.MAX_INLINE + 1)
    assert ann.patch(album, {"visibility": "private"}).status == 200
    assert untidy(shared_cloud, ann.user_id)
    assert run_jobs_until_idle(shared_cloud) == 1
    assert untidy(shared_cloud, ann.user_id) == []
    assert read_memberships(shared_cloud, ann) == {("Sea", False)}


@pytest.mark.parametrize("deliveries", [1, 2])
def test_job_works_in_batches_and_is_idempotent(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch, deliveries: int
) -> None:
    monkeypatch.setattr(propagation, "_BATCH_SIZE", 4)
    album = create_filled_album(shared_cloud, ann, propagation.MAX_INLINE + 1)
    assert ann.patch(album, {"name": "Hills"}).status == 200
    assert run_jobs_until_idle(shared_cloud, deliveries) == 1
    assert (untidy(shared_cloud, ann.user_id), read_memberships(shared_cloud, ann)) == ([], {("Hills", True)})
    assert ann.delete(album).status == 204
    assert ann.get(album).status == 404
    assert run_jobs_until_idle(shared_cloud, deliveries) == 1
    assert (albums_of(shared_cloud, ann.user_id), read_memberships(shared_cloud, ann)) == ([], set())


def test_change_that_does_not_affect_the_photos_enqueues_no_job(shared_cloud: Cloud, ann: Client) -> None:
    album = create_filled_album(shared_cloud, ann, 1)
    for changes in ({"description": "d"}, {"name": "Sea"}, {"visibility": "public"}, {"years": [1999]}):
        shared_cloud.calls.clear()
        assert ann.patch(album, changes).status == 200
        assert "SendMessageBatch" not in shared_cloud.calls
        assert shared_cloud.calls.count("TransactWriteItems") <= 1


def test_second_change_wins_while_the_job_of_the_first_is_pending(shared_cloud: Cloud, ann: Client) -> None:
    album = create_filled_album(shared_cloud, ann, propagation.MAX_INLINE + 1)
    for name in ("Hills", "Lakes"):
        assert ann.patch(album, {"name": name}).status == 200
    first, second = drain_queue(shared_cloud)
    # A message in the format of an earlier version, in which a job enqueued its own continuation.
    old_message = json.dumps(json.loads(first) | {"after": "0", "wording": 1})
    for body in (second, old_message, first, old_message):
        shared_cloud.work(body, datetime.now(UTC))
    assert (untidy(shared_cloud, ann.user_id), read_memberships(shared_cloud, ann)) == ([], {("Lakes", True)})


def test_job_does_not_undo_a_change_made_between_its_read_and_its_write(shared_cloud: Cloud, ann: Client) -> None:
    album = create_filled_album(shared_cloud, ann, 1)
    before = shared_cloud.albums.get_album(AlbumId(album[8:]))
    assert before
    (photo,) = rows(shared_cloud, ann.user_id)
    store = InterruptedStore(shared_cloud, partial(ann.patch, album, {"name": "Lakes"}))
    due = before.with_(name="Hills", change_number=1, due_at=before.created_at)
    assert shared_cloud.albums.change(before, due)
    run_propagation(shared_cloud, due.album_id, store)
    assert (read_memberships(shared_cloud, ann), photo.memberships[due.album_id].name) == ({("Lakes", True)}, "Sea")
    sweep_albums(shared_cloud)
    assert untidy(shared_cloud, ann.user_id) == []


def run_propagation(
    cloud: Cloud, album_id: AlbumId, store: Any, budget: timedelta = propagation.PROPAGATION_TIME_BUDGET
) -> None:
    """Update the photos of an album on a store that may fail."""
    links = wiring.stores().links
    propagation.Propagation(store, cloud.albums, links, wiring.queue(), wiring.now).run(album_id, budget)


class InterruptedStore:
    """A store that runs an action just before its first write."""

    def __init__(self, cloud: Cloud, action: Callable[[], Any]) -> None:
        self._store, self._action = cloud.store, action

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def replace(self, before: Photo, after: Photo) -> bool:
        action, self._action = self._action, lambda: None
        action()
        return self._store.replace(before, after)


def test_album_stays_due_if_one_of_its_photos_keeps_changing(shared_cloud: Cloud, ann: Client) -> None:
    album = AlbumId(create_filled_album(shared_cloud, ann, 1)[8:])
    before = shared_cloud.albums.get_album(album)
    assert before
    assert shared_cloud.albums.change(before, before.with_(name="Hills", change_number=1, due_at=before.created_at))
    with pytest.raises(Busy):
        run_propagation(shared_cloud, album, ConflictingStore(shared_cloud, int))
    assert untidy(shared_cloud, ann.user_id)
    sweep_albums(shared_cloud)
    assert untidy(shared_cloud, ann.user_id) == []


class ConflictingStore(InterruptedStore):
    """A store in which every write of a photo conflicts with another write."""

    def replace(self, before: Photo, after: Photo) -> bool:
        assert before != after
        return False


@pytest.mark.parametrize(("photos", "trashed"), [("keep", 0), ("delete", 2)])
def test_deleting_an_album_keeps_or_trashes_its_photos_as_requested(
    shared_cloud: Cloud, ann: Client, photos: str, trashed: int
) -> None:
    album, other = create_album(ann), create_album(ann)
    inside = [shared_cloud.upload(ann, JPEG, albumId=album[8:]).photo_id for _ in range(2)]
    outside = shared_cloud.upload(ann, JPEG, albumId=other[8:]).photo_id
    for photo_id in inside:
        put_into_album(ann, other, photo_id)
    assert ann.delete(album, photos=photos).status == 204
    in_trash = [photo["photoId"] for photo in ann.get("/trash").json["items"]]
    assert sorted(in_trash) == inside[: len(inside) if trashed else 0]
    assert ann.get(other).json["photoCount"] == 3 - trashed
    assert ann.get(f"/photos/{outside}").json["trashedAt"] is None
    for photo_id in in_trash:
        assert ann.post(f"/photos/{photo_id}/restore").status == 200
    assert ann.get(other).json["photoCount"] == 3
    assert broken(shared_cloud, ann.user_id) == untidy(shared_cloud, ann.user_id) == []


def test_sweep_removes_a_deleted_album_if_its_job_could_not_be_enqueued(shared_cloud: Cloud, ann: Client) -> None:
    album = create_filled_album(shared_cloud, ann, propagation.MAX_INLINE + 1)
    with striking(Fault(0, "500"), wiring.queue()._sqs):
        assert ann.delete(album).status == 204
    assert ann.get(album).status == 404
    assert drain_queue(shared_cloud) == []
    assert shared_cloud.sweep(datetime.now(UTC)) == 0, "the album is not due while the request may still update it"
    sweep_albums(shared_cloud)
    assert albums_of(shared_cloud, ann.user_id) == []


def test_job_for_a_missing_or_updated_album_does_nothing(shared_cloud: Cloud, ann: Client) -> None:
    album = AlbumId(create_filled_album(shared_cloud, ann, 1)[8:])
    for album_id in (album, AlbumId("01900000-0000-7000-8000-000000000000"), AlbumId("nonsense")):
        body = msgspec.json.encode(UpdateAlbumPhotos(album_id)).decode()
        shared_cloud.calls.clear()
        shared_cloud.work(body, datetime.now(UTC))
        assert shared_cloud.calls == ["GetItem"]


def test_album_name_is_not_searchable_if_it_becomes_private_again_during_the_job(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagation, "MAX_INLINE", 0)
    name = f"secret{ann.user_id.replace('-', '')}"[:40]
    album = create_filled_album(shared_cloud, ann, 2, name=name, visibility="private")
    assert ann.patch(album, {"visibility": "public"}).status == 200
    drain_queue(shared_cloud)

    def undo() -> None:
        assert ann.patch(album, {"visibility": "private"}).status == 200
        run_jobs_until_idle(shared_cloud)

    run_propagation(shared_cloud, AlbumId(album[8:]), InterruptedStore(shared_cloud, undo))
    assert untidy(shared_cloud, ann.user_id) == []
    assert len(ann.get("/search", q=name, scope="mine").json["items"]) == 2, "the owner must find the photos"
    assert shared_cloud.visitor.get("/search", q=name).json["items"] == []
