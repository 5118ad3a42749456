"""S3 events confirm uploads, even if they are repeated, late or out of order."""

from hashlib import sha256
from itertools import permutations
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.accounts import Caller
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import MAX_UPLOAD_BYTES
from chalicelib.domain.requests import PhotoChanges
from tests.support.captured_logs import capture_log
from tests.support.cloud import Client, Cloud, created
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, originals_of, sound
from tests.support.uploads import act_during, cancel_account, during_writes, put_object

JPEG, OTHER = make_photo(64, 48), make_photo(48, 64, seed=1)


def test_upload_becomes_a_photo_with_metadata_and_renditions(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, size=len(JPEG), sha256=sha256(JPEG).hexdigest(), title="Quay")
    version = shared_cloud.put(grant, JPEG)
    shared_cloud.deliver(created(grant["s3Key"], version))
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.title, photo.due_at, photo.rejection) == ("ready", "Quay", None, None)
    assert (photo.width, photo.height, photo.size, photo.charged_bytes) == (64, 48, len(JPEG), len(JPEG))
    assert (photo.version_id, photo.sha256) == (version, sha256(JPEG).hexdigest())
    assert photo.copy_size > 0
    assert photo.copy_type == "image/jpeg"
    assert photo.taken_at
    assert photo.placeholder
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("content", [JPEG, b"<html>"])
def test_confirmation_returns_the_photo_as_it_is_stored(shared_cloud: Cloud, ann: Client, content: bytes) -> None:
    grant = shared_cloud.grant(ann)
    photo = wiring.confirmation().confirm(grant["s3Key"], shared_cloud.put(grant, content))
    assert photo == shared_cloud.photo(grant["photoId"])


def test_rejection_is_logged_with_the_type_of_its_cause(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise NameError

    monkeypatch.setattr("chalicelib.renditions._make_renditions", fail)
    grant = shared_cloud.grant(ann)
    with capture_log() as log:
        shared_cloud.deliver(created(grant["s3Key"], shared_cloud.put(grant, JPEG)))
    (line,) = (line for line in log.lines if line["message"] == "rejected an upload")
    assert (line["photo_id"], line["reason"], line["cause"]) == (grant["photoId"], "Damaged", "NameError")


REJECTED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "NotAnImage": (b"<html>", {}),
    "SizeMismatch": (JPEG, {"size": len(JPEG) + 1}),
    "ChecksumMismatch": (JPEG, {"sha256": "0" * 64}),
    "Truncated": (JPEG[: len(JPEG) // 2], {}),
    "TooManyBytes": (bytes(MAX_UPLOAD_BYTES + 1), {}),
}


@pytest.mark.parametrize("reason", [*REJECTED])
def test_invalid_photo_is_rejected_deleted_and_not_charged(shared_cloud: Cloud, ann: Client, reason: str) -> None:
    content, declared = REJECTED[reason]
    photo = shared_cloud.upload(ann, content, **declared)
    assert (photo.status, photo.rejection, photo.charged_bytes) == ("rejected", reason, 0)
    assert ann.get(f"/photos/{photo.photo_id}").json["rejection"] == reason
    assert shared_cloud.visitor.get(f"/photos/{photo.photo_id}").status == 404
    assert originals_of(shared_cloud, ann.user_id) == set()
    assert sound(shared_cloud, ann)


def test_empty_upload_is_rejected_as_not_an_image(shared_cloud: Cloud, ann: Client) -> None:
    assert shared_cloud.upload(ann, b"").rejection == "NotAnImage"
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("content", [JPEG, b"<html>"])
def test_repeated_event_changes_nothing(shared_cloud: Cloud, ann: Client, content: bytes) -> None:
    photo = shared_cloud.upload(ann, content)
    for times in range(1, 5):
        shared_cloud.deliver(*[created(photo.s3_key, photo.version_id)] * times)
        assert shared_cloud.photo(photo.photo_id) == photo
        assert sound(shared_cloud, ann)


@pytest.mark.parametrize("first_event", ["first", "second", "erase", "complete"])
def test_order_of_events_does_not_matter(shared_cloud: Cloud, ann: Client, first_event: str) -> None:
    """Deliver the event of one version twice and of another once, with and without an erasure at any point."""
    orders = set(permutations(["first", "first", "second", "erase", "complete"]))
    orders |= {tuple(event for event in order if event != "erase") for order in orders}
    for events in sorted(order for order in orders if order[0] == first_event):
        grant = shared_cloud.grant(ann, method="POST")
        versions = {"first": shared_cloud.put(grant, JPEG), "second": shared_cloud.put(grant, OTHER)}
        for event in events:
            if event == "erase":
                assert ann.delete(f"/photos/{grant['photoId']}", permanent="true").status == 204
            elif event == "complete":
                ann.post(f"/photos/{grant['photoId']}/complete")
            else:
                shared_cloud.deliver(created(grant["s3Key"], versions[event]))
        photo = shared_cloud.photo(grant["photoId"])
        assert photo.status == ("erased" if "erase" in events else "ready"), events
        assert left_over(shared_cloud, ann.user_id) == [], events
        assert broken(shared_cloud, ann.user_id) == [], events
        shared_cloud.store.remove(photo)
        shared_cloud.bucket.erase(f"{ann.user_id}/")


def test_late_events_do_not_restore_an_erased_photo(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{photo.photo_id}", permanent="true")
    tombstone = shared_cloud.photo(photo.photo_id)
    late = put_object(shared_cloud, photo.s3_key, OTHER)
    for version in (photo.version_id, late, None):
        shared_cloud.deliver(created(photo.s3_key, version))
        assert shared_cloud.photo(photo.photo_id) == tombstone
    assert sound(shared_cloud, ann)


def test_event_of_a_deleted_object_leaves_the_photo_pending(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)
    shared_cloud.bucket.erase(grant["s3Key"])
    for version_in_event in (version, None):
        shared_cloud.deliver(created(grant["s3Key"], version_in_event))
    assert shared_cloud.photo(grant["photoId"]).status == "pending"
    assert sound(shared_cloud, ann)


def test_overwriting_the_original_does_not_change_a_confirmed_photo(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG, method="POST")
    second = put_object(shared_cloud, photo.s3_key, OTHER)
    assert f"versionId={photo.version_id}" in ann.get(f"/photos/{photo.photo_id}/download").json["url"]
    shared_cloud.deliver(created(photo.s3_key, second))
    assert shared_cloud.photo(photo.photo_id) == photo
    assert sound(shared_cloud, ann)


def test_photo_changed_during_decoding_becomes_ready_with_the_change(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)

    def rename(title: str) -> None:
        changes = PhotoChanges(title=title)
        wiring.photos().change(PhotoId(grant["photoId"]), changes, by=Caller(UserId(ann.user_id)))

    with act_during(shared_cloud, "PutObject", lambda: rename("Quay"), lambda: rename("Harbour")):
        shared_cloud.deliver(created(grant["s3Key"], version))
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.title) == ("ready", "Harbour")
    assert sound(shared_cloud, ann)


def test_confirmation_of_a_photo_that_changes_before_every_write_is_busy(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)
    titles: list[str] = []

    def rename(**_: Any) -> None:
        # The change is a write too.
        if len(titles) % 2 == 0:
            titles.append("begun")
            assert ann.patch(f"/photos/{grant['photoId']}", {"title": f"{len(titles)}"}).status == 200
            titles.append("done")

    with during_writes(shared_cloud, rename), pytest.raises(Busy):
        wiring.confirmation().confirm(grant["s3Key"], version)
    assert shared_cloud.photo(grant["photoId"]).status == "pending"
    shared_cloud.deliver(created(grant["s3Key"], version))
    assert shared_cloud.photo(grant["photoId"]).status == "ready"
    assert sound(shared_cloud, ann)


def test_photo_erased_during_decoding_stays_erased(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)

    def erase() -> None:
        ann.delete(f"/photos/{grant['photoId']}", permanent="true")

    with act_during(shared_cloud, "PutObject", erase):
        shared_cloud.deliver(created(grant["s3Key"], version))
    assert shared_cloud.photo(grant["photoId"]).status == "erased"
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("late", [OTHER, b"<html>"])
def test_concurrent_confirmations_keep_one_version_with_its_own_renditions(
    shared_cloud: Cloud, ann: Client, late: bytes
) -> None:
    """Read the second version before the first is confirmed, and write it afterwards."""
    grant = shared_cloud.grant(ann, method="POST")
    first, second = shared_cloud.put(grant, JPEG), shared_cloud.put(grant, late)

    def confirm_first() -> None:
        shared_cloud.deliver(created(grant["s3Key"], first))

    operation = "GetObject" if late == b"<html>" else "PutObject"
    with act_during(shared_cloud, operation, confirm_first):
        shared_cloud.deliver(created(grant["s3Key"], second))
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.version_id, photo.sha256) == (first, sha256(JPEG).hexdigest())
    assert (photo.width, photo.height) == (64, 48)
    full = shared_cloud.s3.get_object(Bucket=shared_cloud.settings.renditions_bucket, Key=photo.renditions["full"])
    assert full["ContentLength"] == photo.copy_size
    assert sound(shared_cloud, ann)


def test_photo_stays_pending_if_the_account_is_cancelled_during_decoding(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)
    with act_during(shared_cloud, "PutObject", lambda: cancel_account(shared_cloud, ann.user_id)):
        shared_cloud.deliver(created(grant["s3Key"], version))
    assert shared_cloud.photo(grant["photoId"]).status == "pending"
    assert left_over(shared_cloud, ann.user_id) == []
