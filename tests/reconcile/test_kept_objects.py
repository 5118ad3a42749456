"""A repair never deletes an original that a photo uses, keeps or may get back."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import create_photo_id
from chalicelib.photos.attempts import ProcessingFailed
from chalicelib.reconcile.findings import Finding
from chalicelib.uploads.outcomes import build_rejected_outcome
from tests.support.cloud import created
from tests.support.damage import JPEG, OTHER_JPEG, PAST, Damage
from tests.support.faults import hooked
from tests.support.reconciling import reconcile
from tests.support.uploads import cancel_account

pytestmark = pytest.mark.every_store
LATER = timedelta(days=100)
"""A tombstone expires before."""


def test_original_that_the_service_failed_to_process_is_kept(damage: Damage) -> None:
    grant = damage.cloud.grant(damage.owner)
    version = damage.cloud.put(grant, JPEG)
    photo = damage.cloud.photo(grant["photoId"])
    rejected = build_rejected_outcome(ProcessingFailed(), version, datetime.now(UTC)).apply_to(photo)
    assert damage.cloud.store.replace(photo, rejected)
    other = damage.put_original(photo.s3_key)
    outcome = reconcile(repair=True)
    assert [finding.name for finding in outcome.findings["repaired"]] == [f"{photo.s3_key}?versionId={other}"]
    assert damage.cloud.bucket.has_version(photo.s3_key, version)


def test_erased_photo_whose_tombstone_has_expired_is_reported_and_not_rebuilt(damage: Damage) -> None:
    photo = damage.upload()
    assert damage.owner.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    damage.rows.lose(photo)
    version = damage.put_original(photo.s3_key)
    with time_machine.travel(datetime.now(UTC) + LATER):
        damage.cloud.deliver(created(photo.s3_key, version))
    for only_rebuild in (True, False):
        outcome = reconcile(after=LATER, repair=True, only_rebuild=only_rebuild)
        assert outcome.findings["not repaired"] == [Finding("row-lost", photo.prefix)]
    assert damage.cloud.store.get_photo(photo.photo_id) is None
    assert damage.cloud.bucket.has_version(photo.s3_key, version)


def test_delete_marker_that_an_erasure_leaves_for_the_replica_is_no_finding(damage: Damage) -> None:
    erased, lost = damage.upload(), damage.upload()
    assert damage.owner.delete(f"/photos/{erased.photo_id}", permanent="true").status == 204
    damage.cloud.bucket.erase(lost.prefix)
    damage.rows.lose(lost)
    for photo in (erased, lost):
        damage.delete_original(photo)
    found = {finding.kind for finding in reconcile(after=timedelta(days=1)).findings["found"]}
    assert found.isdisjoint({"delete-marker", "object-of-erased-photo", "object-of-unknown-user", "row-lost"})


def test_deleted_version_of_a_rejected_photo_leaves_a_delete_marker_for_the_replica(
    damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring.bucket(), "_is_replicated", True)
    photo = damage.cloud.upload(damage.owner, b"no image")
    (first,) = damage.cloud.bucket.list_versions(photo)
    damage.put_original(photo.s3_key)
    assert reconcile(repair=True).repaired == {"version-extra": 1}
    # The first marker is older than the version, and would not hide it in the replica.
    (second,) = damage.cloud.bucket.list_versions(photo)
    assert first.is_marker
    assert second.is_marker
    assert first != second


def test_old_lost_row_is_rebuilt_from_the_version_that_its_digest_names(damage: Damage) -> None:
    photo = damage.upload()
    damage.rows.lose(photo)
    for content in (b"no image", OTHER_JPEG):
        damage.put_original(photo.s3_key, content)
    assert reconcile(after=LATER, repair=True).repaired["row-lost"] == 1
    rebuilt = damage.cloud.photo(photo.photo_id)
    assert (rebuilt.status, rebuilt.version_id, rebuilt.sha256) == ("ready", photo.version_id, photo.sha256)


def test_original_that_the_rebuild_rejects_is_kept(damage: Damage) -> None:
    key = f"{damage.owner.user_id}/{create_photo_id(PAST, uuid4().int)}/photo.jpg"
    version = damage.put_original(key, b"no image")
    assert reconcile(repair=True).findings["not repaired"] == [Finding("row-lost", f"{key.rpartition('/')[0]}/")]
    assert damage.cloud.bucket.has_version(key, version)


def test_row_is_not_rebuilt_if_several_versions_may_be_the_original(damage: Damage) -> None:
    key = f"{damage.owner.user_id}/{create_photo_id(PAST, uuid4().int)}/photo.jpg"
    versions = [damage.put_original(key, content) for content in (JPEG, OTHER_JPEG)]
    assert reconcile(repair=True).findings["not repaired"] == [Finding("row-lost", f"{key.rpartition('/')[0]}/")]
    assert all(damage.cloud.bucket.has_version(key, version) for version in versions)


def test_rating_of_a_photo_with_a_lost_row_is_kept_until_the_row_is_rebuilt(damage: Damage) -> None:
    photo = damage.upload()
    assert damage.rater.call("PUT", f"/photos/{photo.photo_id}/rating", {"rating": 4}).status == 200
    damage.rows.lose(photo)
    assert reconcile(account=damage.rater.user_id, repair=True).findings["repaired"] == []

    def fail(**_: Any) -> None:
        raise Busy

    with hooked("before-call.s3.GetObject", lambda _: fail, damage.cloud.s3):
        failed = reconcile(repair=True).findings
    assert failed["repaired"] == []
    assert {finding.kind for finding in failed["not repaired"]} == {"row-lost", "rating-orphaned"}
    assert reconcile(repair=True).repaired["row-lost"] == 1
    assert damage.cloud.photo(photo.photo_id).rating_sum == 4


def test_row_is_not_rebuilt_if_the_account_is_cancelled_meanwhile(damage: Damage) -> None:
    photo = damage.upload()
    damage.rows.lose(photo)
    for key in photo.renditions.values():
        damage.delete_rendition(key)

    def cancel(**_: Any) -> None:
        cancel_account(damage.cloud, damage.owner.user_id)

    with hooked("before-call.s3.GetObject", lambda _: cancel, damage.cloud.s3):
        outcome = reconcile(repair=True, only_rebuild=True)
    assert outcome.findings["not repaired"] == [Finding("row-lost", photo.prefix)]
    assert damage.cloud.store.get_photo(photo.photo_id) is None
    assert not any(key.startswith(photo.prefix) for key in damage.cloud.renditions())
