"""A repair never deletes an original that a photo uses, keeps or may get back."""

from datetime import UTC, datetime

from chalicelib.photos.attempts import ProcessingFailed
from chalicelib.uploads.outcomes import build_rejected_outcome
from tests.support.damage import JPEG, Damage
from tests.support.reconciling import reconcile


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
