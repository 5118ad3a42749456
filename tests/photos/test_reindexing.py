"""Reindexing after an upgrade: the job makes the order and the months exact, also while photos change."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId, UserId, format_timestamp
from chalicelib.domain.messages import ReindexPhotos
from chalicelib.photos import reindexing
from release.reindex import request_reindexing
from tests.support.account_deletion import run_queued_jobs
from tests.support.albums import create_album, list_album_photos, put_into_album
from tests.support.cloud import Client, Cloud
from tests.support.fault_runs import (
    ANSWER_LOST,
    KILLED,
    REFUSED,
    aws_clients,
    ended_by_fault,
    run_with_fault_at_every_call,
)
from tests.support.faults import Fault, Mode, hooked, striking
from tests.support.invariants import broken
from tests.support.lists import add_photos, join_pages, read_pages
from tests.support.old_release import forget_order
from tests.support.snapshots import Snapshot
from tests.support.sweeps import run_job


def add_old_photos(cloud: Cloud, owner: Client, count: int = 3) -> tuple[str, list[PhotoId]]:
    """Add an album with photos that an earlier release has written. Return its path and the ids, newest first."""
    album = create_album(owner)
    photo_ids = add_photos(cloud, count, owner.user_id)
    for photo_id in photo_ids:
        put_into_album(owner, album, photo_id)
        forget_order(cloud.dynamodb, cloud.photo(photo_id))
    for row in cloud.dynamodb.scan(TableName=cloud.settings.account_table)["Items"]:
        if row["userId"]["S"] == owner.user_id and row["record"]["S"].startswith("months#"):
            key = {name: row[name] for name in ("userId", "record")}
            cloud.dynamodb.delete_item(TableName=cloud.settings.account_table, Key=key)
    return album, photo_ids[::-1]


def read_order(owner: Client) -> list[str]:
    return join_pages(read_pages(owner, scope="mine", order="taken"))


def check_invariants(cloud: Cloud, owner: Client) -> list[str]:
    """Return the violated invariants. The photos have no files."""
    return [problem for problem in broken(cloud, owner.user_id) if "but " not in problem]


def request(owner: Client, at: datetime | None = None) -> None:
    now = format_timestamp(at or datetime.now(UTC))
    wiring.stores().reindex_requests.add(UserId(owner.user_id), now, now)


def is_requested(owner: Client) -> bool:
    return wiring.stores().reindex_requests.get_time(UserId(owner.user_id)) is not None


def test_command_and_sweep_reindex_the_photos_of_every_user_once(shared_cloud: Cloud, ann: Client) -> None:
    bob = shared_cloud.person(f"bob-{uuid4()}")
    album, photo_ids = add_old_photos(shared_cloud, ann)
    _, bobs_ids = add_old_photos(shared_cloud, bob, 1)
    assert (read_order(ann), list_album_photos(ann, album, order="taken")) == ([], [])
    for _ in range(2):
        assert request_reindexing(wiring.stores(), datetime.now(UTC)) >= 2
        assert shared_cloud.sweep(datetime.now(UTC)) >= 2
        run_queued_jobs(shared_cloud)
        assert (read_order(ann), read_order(bob)) == (photo_ids, bobs_ids)
        assert list_album_photos(ann, album, order="taken") == photo_ids
        assert check_invariants(shared_cloud, ann) == check_invariants(shared_cloud, bob) == []
        assert not is_requested(ann)


def test_command_requests_nothing_for_cancelled_accounts(shared_cloud: Cloud, ann: Client) -> None:
    add_old_photos(shared_cloud, ann, 1)
    now, later = (format_timestamp(datetime.now(UTC) + timedelta(days=day)) for day in (0, 1))
    wiring.stores().deletions.cancel_account(UserId(ann.user_id), now, later)
    request_reindexing(wiring.stores(), datetime.now(UTC))
    assert not is_requested(ann)


def test_job_without_a_request_changes_nothing(shared_cloud: Cloud, ann: Client) -> None:
    add_old_photos(shared_cloud, ann, 1)
    run_job(ReindexPhotos(UserId(ann.user_id)), datetime.now(UTC))
    assert read_order(ann) == []


def test_job_without_time_is_resumed_by_the_sweep(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "_BATCH_SIZE", 2)
    _, photo_ids = add_old_photos(shared_cloud, ann, 5)
    request(ann)
    run = reindexing.Reindexing(
        wiring.stores().photos,
        wiring.stores().timeline,
        wiring.stores().search,
        wiring.stores().reindex_requests,
        wiring.now,
    ).run
    run(UserId(ann.user_id), timedelta())
    assert read_order(ann) == photo_ids[-2:]
    assert UserId(ann.user_id) in wiring.stores().reindex_requests.list_due(format_timestamp(datetime.now(UTC)), 99)
    run_job(ReindexPhotos(UserId(ann.user_id)), datetime.now(UTC))
    assert read_order(ann) == photo_ids
    assert check_invariants(shared_cloud, ann) == []


def test_photos_that_change_during_the_job_are_counted_once(shared_cloud: Cloud, ann: Client) -> None:
    album, photo_ids = add_old_photos(shared_cloud, ann, 4)
    changes: dict[str, Any] = {
        photo_ids[0]: lambda path: ann.patch(path, {"takenLocal": "2020-05-01T00:00:00"}),
        photo_ids[1]: lambda path: ann.delete(path),
        photo_ids[2]: lambda path: ann.delete(path, permanent="true"),
        photo_ids[3]: lambda path: ann.patch(path, {"visibility": "private"}),
    }

    def change(params: dict[str, Any], **_: Any) -> None:
        for photo_id in [photo_id for photo_id in changes if photo_id in str(params)]:
            assert changes.pop(photo_id)(f"/photos/{photo_id}").status < 300

    request(ann)
    with hooked("provide-client-params.dynamodb.TransactWriteItems", lambda _: change, shared_cloud.dynamodb):
        run_job(ReindexPhotos(UserId(ann.user_id)), datetime.now(UTC))
    assert changes == {}
    assert read_order(ann) == list_album_photos(ann, album, order="taken") == [photo_ids[3], photo_ids[0]]
    assert check_invariants(shared_cloud, ann) == []


def test_photo_that_keeps_changing_fails_the_job_and_keeps_the_request(shared_cloud: Cloud, ann: Client) -> None:
    _, (photo_id,) = add_old_photos(shared_cloud, ann, 1)
    request(ann)

    def change(params: dict[str, Any], **_: Any) -> None:
        if photo_id in str(params):
            key = {"photoId": {"S": photo_id}, "uploadedAt": {"S": shared_cloud.photo(photo_id).uploaded_at}}
            shared_cloud.dynamodb.update_item(
                TableName=shared_cloud.settings.photo_table,
                Key=key,
                UpdateExpression="ADD revision :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    with (
        hooked("provide-client-params.dynamodb.TransactWriteItems", lambda _: change, shared_cloud.dynamodb),
        pytest.raises(Busy),
    ):
        run_job(ReindexPhotos(UserId(ann.user_id)), datetime.now(UTC))
    assert is_requested(ann)
    run_job(ReindexPhotos(UserId(ann.user_id)), datetime.now(UTC))
    assert (read_order(ann), is_requested(ann)) == ([photo_id], False)


@pytest.mark.parametrize("modes", [REFUSED, ANSWER_LOST, KILLED])
def test_job_that_fails_at_any_call_is_repeated_without_counting_a_photo_twice(
    shared_cloud: Cloud, ann: Client, modes: tuple[Mode, ...]
) -> None:
    _, photo_ids = add_old_photos(shared_cloud, ann, 2)
    request(ann)
    snapshot = Snapshot(shared_cloud)

    def run(fault: Fault) -> None:
        snapshot.restore()
        with striking(fault, *aws_clients(shared_cloud)):
            ended_by_fault(lambda: run_job(ReindexPhotos(UserId(ann.user_id)), datetime.now(UTC)))
        run_job(ReindexPhotos(UserId(ann.user_id)), datetime.now(UTC))
        assert (read_order(ann), is_requested(ann)) == (photo_ids, False)
        assert check_invariants(shared_cloud, ann) == []

    assert "write" in run_with_fault_at_every_call(modes, run)
