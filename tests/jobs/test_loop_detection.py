"""Jobs of any size finish, although Lambda stops functions that invoke themselves through the queue."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.albums import propagation
from chalicelib.domain.ids import AlbumId, UserId
from chalicelib.jobs.queue import decode_message
from release.reindex import request_reindexing
from tests.support import gallery
from tests.support.account_deletion import is_deleted, purge, purge_job
from tests.support.albums import create_album, put_into_album
from tests.support.cloud import Client, Cloud
from tests.support.cognito import Cognito
from tests.support.invariants import untidy
from tests.support.lists import add_photos, join_pages, read_pages
from tests.support.loop_detection import MAX_ROUNDS, LoopDetection
from tests.support.rotation import rotate
from tests.support.sweeps import drain_queue

STEP = 1
PHOTOS = STEP * (MAX_ROUNDS + 2)
"""More photos than a chain of messages can update, with one step per message."""


@pytest.fixture
def album(shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of a public album called Sea with `PHOTOS` photos."""
    # Rows of earlier tests would make each transaction on moto slower.
    shared_cloud.stored.clear()
    monkeypatch.setattr(propagation, "_BATCH_SIZE", STEP)
    path = create_album(ann, name=f"Sea {ann.user_id}")
    for photo_id in add_photos(shared_cloud, PHOTOS, ann.user_id):
        put_into_album(ann, path, photo_id)
    drain_queue(shared_cloud)
    return path


def search_photos(client: Client, word: str) -> list[str]:
    """Return the IDs of the photos that a search finds."""
    return join_pages(read_pages(client, "/search", q=word, limit=100))


def test_every_photo_of_a_large_album_is_hidden_and_renamed(shared_cloud: Cloud, ann: Client, album: str) -> None:
    name = ann.user_id
    assert len(search_photos(shared_cloud.visitor, name)) == PHOTOS, (
        "before the change, visitors find the photos by the album name"
    )
    assert ann.patch(album, {"name": "Hills", "visibility": "private"}).status == 200
    lambda_ = LoopDetection(shared_cloud)
    lambda_.run_until_idle()
    assert lambda_.dead == []
    assert untidy(shared_cloud, ann.user_id) == []
    assert search_photos(shared_cloud.visitor, name) == []
    assert search_photos(ann, name) == []


def request_every_job(cloud: Cloud, owner: Client) -> None:
    """Request work of every kind: of an album, the trash, two photos, all photos, and another account."""
    path = create_album(owner)
    photos = [cloud.upload(owner, gallery.JPEG) for _ in range(2)]
    put_into_album(owner, path, photos[0].photo_id)
    assert owner.patch(path, {"name": "Hills"}).status == 200
    rotate(owner, photos[0], 90)
    owner.delete(f"/photos/{photos[1].photo_id}")
    assert owner.delete("/trash").status == 202
    assert cloud.person(f"bob-{uuid4()}").delete("/account").status == 202
    request_reindexing(wiring.stores(), datetime.now(UTC))


def test_every_job_finishes_although_no_job_may_send_a_message(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagation, "MAX_INLINE", 0)
    Cognito(shared_cloud)
    shared_cloud.stored.clear()
    request_every_job(shared_cloud, ann)
    lambda_ = LoopDetection(shared_cloud, max_rounds=1)
    lambda_.run_until_idle()
    for lambda_.delay in (timedelta(hours=9), timedelta(hours=27), timedelta(days=2)):
        shared_cloud.sweep(lambda_.now)
        lambda_.run_until_idle()
    assert lambda_.dead == [], "a job continued itself through the queue"
    handled = {type(decode_message(body)) for body in lambda_.handled}
    assert handled == {job.message_type for job in wiring.jobs()._jobs.values()}
    assert shared_cloud.sweep(lambda_.now) == 0, "no work is left"


def test_sweep_resumes_a_timed_out_job_from_its_stored_progress(shared_cloud: Cloud, ann: Client, album: str) -> None:
    assert ann.patch(album, {"visibility": "private"}).status == 200
    drain_queue(shared_cloud)
    album_id = AlbumId(album.rpartition("/")[2])
    wiring.propagation().run(album_id, timedelta())
    assert drain_queue(shared_cloud) == [], "a job must not enqueue itself again"
    members = shared_cloud.albums.list_member_ids(album_id, PHOTOS)
    row = shared_cloud.albums.get_album(album_id)
    assert row is not None
    assert row.progress == members[STEP - 1]
    assert shared_cloud.sweep(datetime.now(UTC)) == 1
    shared_cloud.calls.clear()
    LoopDetection(shared_cloud).run_until_idle()
    assert untidy(shared_cloud, ann.user_id) == []
    updates = PHOTOS - STEP
    progress = updates // STEP
    assert shared_cloud.calls.count("TransactWriteItems") == updates + progress + 1, "no photo is updated twice"


def test_later_change_discards_the_stored_progress(shared_cloud: Cloud, ann: Client, album: str) -> None:
    assert ann.patch(album, {"name": "Hills"}).status == 200
    album_id = AlbumId(album.rpartition("/")[2])
    wiring.propagation().run(album_id, timedelta())
    assert ann.patch(album, {"name": "Lakes"}).status == 200
    row = shared_cloud.albums.get_album(album_id)
    assert row is not None
    assert row.progress is None
    LoopDetection(shared_cloud).run_until_idle()
    assert untidy(shared_cloud, ann.user_id) == []


def test_purge_that_repeatedly_runs_out_of_time_finishes(shared_cloud: Cloud, ann: Client) -> None:
    Cognito(shared_cloud)
    gallery.furnish(shared_cloud, ann, shared_cloud.person(f"bob-{uuid4()}"))
    assert ann.delete("/account").status == 202
    drain_queue(shared_cloud)
    for _ in range(MAX_ROUNDS + 1):
        purge().run(UserId(ann.user_id), timedelta())
        assert drain_queue(shared_cloud) == [], "a job must not enqueue itself again"
        if is_deleted(shared_cloud, ann.user_id):
            return
        assert purge_job().sweep() == 1
        drain_queue(shared_cloud)
    pytest.fail("the purge does not finish")
