"""A new field of photos is forgotten nowhere: requests, rows and views agree."""

from typing import Any

import msgspec

from chalicelib.domain.photos import Photo
from chalicelib.domain.requests import PhotoChanges, UploadRequest
from chalicelib.photos.views import OwnPhotoView
from tests.support.cloud import Client, Cloud

FIXED = {
    *("photo_id", "user_id", "s3_key", "filename", "content_type", "size", "sha256", "uploaded_at", "status"),
    *("width", "height", "taken_at", "exif", "placeholder", "renditions", "rejection", "trashed_at", "rating"),
}
"""Fields of the view that the service sets."""
INTERNAL = {
    *("version_id", "copy_type", "copy_size", "albums", "charged", "due_at", "revision"),
    *("rating_sum", "rating_count"),
}
"""Fields of the row that no client sees."""
COMPUTED = {"uploaded_at", "rating"}
"""Fields of the view that follow from other fields of the row."""
EXAMPLES: dict[str, Any] = {
    "title": "Harbour",
    "description": "By night",
    "tags": ["sea"],
    "visibility": "private",
}
"""A value of each field that clients set, other than its default."""


def fields(shape: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(shape)}


def as_json() -> dict[str, Any]:
    """Return the examples under their JSON names."""
    return {field.encode_name: EXAMPLES[field.name] for field in msgspec.structs.fields(PhotoChanges)}


def test_clients_see_every_field_that_they_can_set() -> None:
    assert fields(OwnPhotoView) == FIXED | fields(PhotoChanges)
    assert fields(Photo) == (fields(OwnPhotoView) - COMPUTED) | INTERNAL


def test_every_field_that_can_be_changed_can_be_set_at_the_upload(shared_cloud: Cloud, ann: Client) -> None:
    assert fields(PhotoChanges) == set(EXAMPLES) <= fields(UploadRequest)
    grant = shared_cloud.grant(ann, **as_json())
    shown = ann.get(f"/photos/{grant['photoId']}").json
    assert {name: shown[name] for name in as_json()} == as_json()


def test_every_field_that_can_be_changed_is_stored_and_shown(shared_cloud: Cloud, ann: Client) -> None:
    path = f"/photos/{shared_cloud.grant(ann)['photoId']}"
    assert ann.patch(path, as_json()).status == 200
    shown = ann.get(path).json
    assert {name: shown[name] for name in as_json()} == as_json()
