"""Large photos are confirmed by the event only, and rejected with the limit that they exceed."""

import struct

import pytest

from chalicelib.domain.photos import MAX_UPLOAD_BYTES
from chalicelib.uploads import confirmation
from tests.support import images
from tests.support.cloud import Client, Cloud, created

JPEG = images.photo(64, 48)


@pytest.mark.parametrize("limit", ["MAX_REQUEST_BYTES", "MAX_REQUEST_PIXELS"])
def test_complete_leaves_a_large_photo_to_the_event(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(confirmation, limit, 100)
    grant = shared_cloud.grant(ann)
    version = shared_cloud.put(grant, JPEG)
    path = f"/photos/{grant['photoId']}"
    for _ in range(2):
        answer = ann.post(f"{path}/complete")
        assert (answer.status, answer.json["status"], answer.json["renditions"]) == (202, "pending", {})
    shared_cloud.deliver(created(grant["s3Key"], version))
    assert ann.get(path).json["status"] == "ready"
    assert ann.post(f"{path}/complete").status == 200


@pytest.mark.parametrize(("limit", "status"), [("MAX_REQUEST_BYTES", 200), ("MAX_UPLOAD_BYTES", 202)])
def test_complete_confirms_a_photo_that_reaches_the_limit_of_requests_and_no_larger_one(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch, limit: str, status: int
) -> None:
    monkeypatch.setattr(confirmation, "MAX_REQUEST_BYTES", len(JPEG) - 1)
    monkeypatch.setattr(confirmation, limit, len(JPEG))
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, JPEG)
    assert ann.post(f"/photos/{grant['photoId']}/complete").status == status


def test_rejection_names_the_limit_and_the_size(shared_cloud: Cloud, ann: Client) -> None:
    wide = images.png(header=struct.pack(">IIBBBBB", 30_001, 1, 8, 0, 0, 0, 0))
    grant = shared_cloud.grant(ann, contentType="image/png")
    shared_cloud.put(grant, wide)
    answer = ann.post(f"/photos/{grant['photoId']}/complete")
    assert (answer.status, answer.json["error"]) == (422, "TooManyPixels")
    details = {"limit": 30_000, "actual": 30_001, "unit": "pixels per side"}
    assert answer.json["details"] == details == ann.get(f"/photos/{grant['photoId']}").json["rejectionDetails"]


def test_grant_names_the_limit_and_the_declared_size(ann: Client) -> None:
    answer = ann.post("/upload", {"filename": "x.jpg", "contentType": "image/jpeg", "size": 200_000_001})
    assert answer.status == 413
    assert answer.json["details"] == {"limit": MAX_UPLOAD_BYTES, "actual": 200_000_001, "unit": "bytes"}
