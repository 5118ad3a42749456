"""Requests, rows and views have the same fields of photos, so that a new field cannot be missing in one of them."""

from typing import Any

import msgspec

from chalicelib.domain.photos import Photo
from chalicelib.domain.requests import PhotoChanges, UploadRequest
from chalicelib.photos.views import OwnPhotoView
from tests.support.cloud import Client, Cloud

FIXED = {
    *("photo_id", "user_id", "s3_key", "filename", "content_type", "size", "sha256", "uploaded_at", "status"),
    *("width", "height", "taken_at", "exif", "placeholder", "renditions", "rejection"),
    *("rejection_details", "trashed_at", "rating", "wanted_rotation"),
}
"""Fields of the view that the service sets."""
INTERNAL = {
    *("version_id", "copy_type", "copy_size", "memberships", "charged_bytes", "due_at", "revision"),
    *("rating_sum", "rating_count", "imports_metadata", "rotation_due_at", "outdated_taken_key"),
    *("attempts", "attempted_at", "rebuilt"),
}
"""Fields of the row that no client sees."""
COMPUTED = {"uploaded_at", "rating"}
"""Fields of the view that are computed from other fields of the row."""
EDITS = {"add_tags", "remove_tags"}
"""Fields of changes that edit another field."""
MADE_BY_A_JOB = {"rotation"}
"""Fields that can be changed only after the upload, because a job makes the change."""
EXAMPLES: dict[str, Any] = {
    "title": "Harbour",
    "description": "By night",
    "tags": ["sea"],
    "visibility": "private",
    "taken_local": "2021-06-07T08:05:09",
    "taken_offset": "-05:30",
}
"""A value for each field that clients can set. It differs from the default."""
FROM_FILE = {"taken_local", "taken_offset"}
"""Fields that the file sets at the upload. Only a change can replace them."""


def field_names(shape: type[msgspec.Struct]) -> set[str]:
    """Return the names of the fields of a struct."""
    return {field.name for field in msgspec.structs.fields(shape)}


def encode_examples(names: set[str]) -> dict[str, Any]:
    """Return the examples of these fields under their JSON names."""
    fields = [field for field in msgspec.structs.fields(PhotoChanges) if field.name in names]
    return {field.encode_name: EXAMPLES[field.name] for field in fields}


def test_clients_see_every_field_that_they_can_set() -> None:
    assert field_names(OwnPhotoView) == FIXED | field_names(PhotoChanges) - EDITS
    assert field_names(Photo) == (field_names(OwnPhotoView) - COMPUTED) | INTERNAL


def test_every_field_that_can_be_changed_can_be_set_at_the_upload(shared_cloud: Cloud, ann: Client) -> None:
    names = set(EXAMPLES) - FROM_FILE
    assert field_names(PhotoChanges) - EDITS - MADE_BY_A_JOB == set(EXAMPLES)
    assert names <= field_names(UploadRequest)
    grant = shared_cloud.grant(ann, **encode_examples(names))
    shown = ann.get(f"/photos/{grant['photoId']}").json
    assert {name: shown[name] for name in encode_examples(names)} == encode_examples(names)


def test_every_field_that_can_be_changed_is_stored_and_shown(shared_cloud: Cloud, ann: Client) -> None:
    path = f"/photos/{shared_cloud.grant(ann)['photoId']}"
    examples = encode_examples(set(EXAMPLES))
    assert ann.patch(path, examples).status == 200
    shown = ann.get(path).json
    assert {name: shown[name] for name in examples} == examples
