"""Requests, rows and views have the same fields of photos, so that a new field cannot be missing in one of them."""

from typing import Any

import msgspec

from chalicelib.domain.photos import Photo
from chalicelib.domain.requests import PhotoChanges, UploadRequest
from chalicelib.photos.views import OwnPhotoView
from tests.support.cloud import Client, Cloud

FIXED = {
    *("photo_id", "user_id", "s3_key", "filename", "content_type", "size", "sha256", "uploaded_at", "status"),
    *("width", "height", "taken_at", "exif", "placeholder", "renditions", "rejection", "trashed_at", "rating"),
    "wanted_rotation",
}
"""Fields of the view that the service sets."""
INTERNAL = {
    *("version_id", "copy_type", "copy_size", "memberships", "charged_bytes", "due_at", "revision"),
    "rotation_due_at",
    *("rating_sum", "rating_count"),
}
"""Fields of the row that no client sees."""
COMPUTED = {"uploaded_at", "rating"}
"""Fields of the view that are computed from other fields of the row."""
MADE_BY_A_JOB = {"rotation"}
"""Fields that can be changed only after the upload, because a job makes the change."""
EXAMPLES: dict[str, Any] = {
    "title": "Harbour",
    "description": "By night",
    "tags": ["sea"],
    "visibility": "private",
}
"""A value for each field that clients can set. It differs from the default."""


def field_names(shape: type[msgspec.Struct]) -> set[str]:
    """Return the names of the fields of a struct."""
    return {field.name for field in msgspec.structs.fields(shape)}


def encode_examples() -> dict[str, Any]:
    """Return the examples under their JSON names."""
    fields = [field for field in msgspec.structs.fields(PhotoChanges) if field.name not in MADE_BY_A_JOB]
    return {field.encode_name: EXAMPLES[field.name] for field in fields}


def test_clients_see_every_field_that_they_can_set() -> None:
    assert field_names(OwnPhotoView) == FIXED | field_names(PhotoChanges)
    assert field_names(Photo) == (field_names(OwnPhotoView) - COMPUTED) | INTERNAL


def test_every_field_that_can_be_changed_can_be_set_at_the_upload(shared_cloud: Cloud, ann: Client) -> None:
    assert field_names(PhotoChanges) - MADE_BY_A_JOB == set(EXAMPLES) <= field_names(UploadRequest)
    grant = shared_cloud.grant(ann, **encode_examples())
    shown = ann.get(f"/photos/{grant['photoId']}").json
    assert {name: shown[name] for name in encode_examples()} == encode_examples()


def test_every_field_that_can_be_changed_is_stored_and_shown(shared_cloud: Cloud, ann: Client) -> None:
    path = f"/photos/{shared_cloud.grant(ann)['photoId']}"
    assert ann.patch(path, encode_examples()).status == 200
    shown = ann.get(path).json
    assert {name: shown[name] for name in encode_examples()} == encode_examples()
