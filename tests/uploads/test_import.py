"""Uploads with `"metadata": "import"`: captions inside the file fill the fields that the client left empty."""

from typing import Any

import pytest

from tests.support import metadata_blocks as blocks
from tests.support.cloud import Client, Cloud, created
from tests.support.invariants import sound

PACKET = blocks.xmp(
    elements=blocks.xmp_list("dc:title", "Alt", "Harbour")
    + blocks.xmp_list("dc:description", "Alt", "By night")
    + blocks.xmp_list("dc:subject", "Bag", "sea", "storm")
)
CONTENT = blocks.jpeg(xmp=PACKET)
IMPORTED = {"title": "Harbour", "description": "By night", "tags": ["sea", "storm"]}
EMPTY: dict[str, Any] = {"title": "", "description": "", "tags": []}


def show(ann: Client, photo_id: str) -> dict[str, Any]:
    """Return the captions that Ann sees."""
    view = ann.get(f"/photos/{photo_id}").json
    return {name: view[name] for name in IMPORTED}


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"metadata": "import"}, IMPORTED),
        ({"metadata": "import", "title": "Quay"}, IMPORTED | {"title": "Quay"}),
        (
            {"metadata": "import", "description": "Mine", "tags": ["quay"]},
            {"title": "Harbour", "description": "Mine", "tags": ["quay"]},
        ),
        ({"metadata": "ignore"}, EMPTY),
        ({}, EMPTY),
    ],
)
def test_file_fills_empty_fields_only_on_request(
    shared_cloud: Cloud, ann: Client, fields: dict[str, Any], shown: dict[str, Any]
) -> None:
    photo = shared_cloud.upload(ann, CONTENT, **fields)
    assert (photo.status, photo.imports_metadata) == ("ready", False)
    assert show(ann, photo.photo_id) == shown
    assert sound(shared_cloud, ann)


def test_imported_captions_are_found_by_the_search(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, CONTENT, metadata="import")
    for query in ("harbour", "night", "storm"):
        assert [item["photoId"] for item in ann.get("/search", q=query, scope="mine").json["items"]] == [photo.photo_id]


def test_field_that_the_owner_fills_before_the_confirmation_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, metadata="import")
    version = shared_cloud.put(grant, CONTENT)
    assert ann.patch(f"/photos/{grant['photoId']}", {"title": "Quay"}).status == 200
    for _ in range(2):
        shared_cloud.deliver(created(grant["s3Key"], version))
        assert show(ann, grant["photoId"]) == IMPORTED | {"title": "Quay"}


def test_repeated_event_does_not_fill_a_field_that_the_owner_emptied(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, CONTENT, metadata="import")
    assert ann.patch(f"/photos/{photo.photo_id}", EMPTY).status == 200
    shared_cloud.deliver(created(photo.s3_key, photo.version_id))
    assert show(ann, photo.photo_id) == EMPTY


def test_same_key_with_another_choice_of_metadata_is_a_conflict(ann: Client) -> None:
    request = {"filename": "x.jpg", "contentType": "image/jpeg", "metadata": "import"}
    assert ann.post("/upload", request, **{"Idempotency-Key": "k"}).status == 201
    repeated = ann.post("/upload", request | {"metadata": "ignore"}, **{"Idempotency-Key": "k"})
    assert repeated.json["error"] == "IdempotencyConflict"


@pytest.mark.parametrize("value", ["", "Import", True, None])
def test_unknown_choice_of_metadata_is_rejected(ann: Client, value: Any) -> None:
    request = {"filename": "x.jpg", "contentType": "image/jpeg", "metadata": value}
    answer = ann.post("/upload", request)
    assert (answer.status, answer.json["details"]) == (400, {"field": "metadata"})
