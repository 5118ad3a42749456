"""Upload grants: rejected requests, reserved quota, bound headers, and confirmation on request."""

import json
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.photos import MAX_UPLOAD_BYTES
from chalicelib.domain.requests import UploadRequest
from chalicelib.uploads import grants
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, rows
from tests.support.rows import NO_LIMITS, START
from tests.support.uploads import act_during

JPEG = make_photo(64, 48)
FEW_EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=127)


def get_rejection(cloud: Cloud, owner: Client, **fields: Any) -> tuple[int, str, Any]:
    answer = owner.post("/upload", {"filename": "x.jpg", "contentType": "image/jpeg", **fields})
    assert rows(cloud, owner.user_id) == []
    assert cloud.accounts.get_account(UserId(owner.user_id)).created_at is None
    return answer.status, answer.json["error"], answer.json.get("details", {}).get("field")


@FEW_EXAMPLES
@given(st.integers(min_value=MAX_UPLOAD_BYTES + 1) | st.just(10**400))
def test_size_over_the_limit_is_rejected(shared_cloud: Cloud, ann: Client, size: int) -> None:
    assert get_rejection(shared_cloud, ann, size=size) == (413, "TooLarge", None)


MALFORMED: list[tuple[str, Any]] = [
    *(("size", size) for size in (0, -1, 1.5, True, "5")),
    *(("sha256", digest) for digest in ("", "a" * 63, "a" * 65, "A" * 64, "g" * 64, 5)),
    *(("filename", name) for name in ("", "x" * 256, "é" * 256, "📷" * 128, None, 5)),
    *(("title", title) for title in ("x" * 201, None)),
    ("description", "x" * 2001),
    *(("tags", tags) for tags in (["x"] * 33, ["x" * 51], [""], "sea", [1])),
    *(("visibility", visibility) for visibility in ("secret", "Public", None)),
    *(("method", method) for method in ("GET", "put", None)),
    *(("contentType", name) for name in ("x" * 101, 5)),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_error_names_the_malformed_field(shared_cloud: Cloud, ann: Client, name: str, value: Any) -> None:
    status, error, field = get_rejection(shared_cloud, ann, **{name: value})
    assert (status, error) == (400, "InvalidRequest")
    assert re.sub(r"\[.*\]", "", field) == name


@pytest.mark.parametrize("name", ["status", "userId", "photoId", "s3Key", "charged", "revision", "ratingSum", "dueAt"])
def test_fields_that_only_the_service_sets_are_rejected(shared_cloud: Cloud, ann: Client, name: str) -> None:
    assert get_rejection(shared_cloud, ann, **{name: "ready"}) == (400, "UnknownField", name)


def test_text_of_the_maximum_documented_length_is_accepted(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(
        ann,
        filename="x" * 251 + ".jpg",
        title="x" * 200,
        description="x" * 2000,
        tags=[f"{number:050d}" for number in range(32)],
        size=MAX_UPLOAD_BYTES,
    )
    assert len(shared_cloud.photo(grant["photoId"]).tags) == 32


def test_grant_stores_the_declared_fields_and_charges_the_declared_size(shared_cloud: Cloud, ann: Client) -> None:
    before = datetime.now(UTC)
    grant = shared_cloud.grant(ann, size=len(JPEG), title="Quay", tags=["sea", "sea", "hills"])
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.title, photo.tags, photo.charged_bytes) == (
        "pending",
        "Quay",
        ("sea", "hills"),
        len(JPEG),
    )
    assert photo.due_at is not None
    assert (
        format_timestamp(before + timedelta(minutes=30))
        <= photo.due_at
        <= format_timestamp(datetime.now(UTC) + timedelta(hours=1))
    )
    assert broken(shared_cloud, ann.user_id) == []


def test_grant_without_a_declared_size_charges_the_maximum(shared_cloud: Cloud, ann: Client) -> None:
    assert shared_cloud.photo(shared_cloud.grant(ann)["photoId"]).charged_bytes == MAX_UPLOAD_BYTES


def test_pending_photo_is_visible_only_to_its_owner(shared_cloud: Cloud, ann: Client) -> None:
    path = f"/photos/{shared_cloud.grant(ann)['photoId']}"
    assert ann.get(path).json["status"] == "pending"
    assert shared_cloud.visitor.get(path).status == shared_cloud.person("bob").get(path).status == 404


@FEW_EXAMPLES
@given(NAMES)
def test_key_has_only_safe_characters_and_the_filename_is_kept(shared_cloud: Cloud, name: str) -> None:
    user_id = UserId(f"ann-{uuid4()}")
    request = UploadRequest(filename=name, content_type="image/jpeg")
    photo = grants.build_pending_photo(request, by=user_id, now=START)
    assert shared_cloud.store.add_pending(photo, NO_LIMITS)
    grant = shared_cloud.bucket.create_put_grant(photo)
    assert re.fullmatch(rf"{user_id}/{grant.photo_id}/[A-Za-z0-9_-][A-Za-z0-9._-]{{0,99}}", grant.s3_key)
    assert shared_cloud.photo(grant.photo_id).filename == name
    assert grant.headers is not None
    assert all(re.fullmatch(r"[!-~]*", value) for value in grant.headers.values())


@pytest.mark.parametrize("name", ["写" * 251 + ".jpg", "📷" * 125 + "a.jpg", "é" * 255, "x" * 255])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_filename_of_255_utf_16_units_is_kept_in_the_row_and_shortened_elsewhere(
    shared_cloud: Cloud, ann: Client, name: str, method: str
) -> None:
    grant = shared_cloud.grant(ann, filename=name, method=method)
    assert len(grant["s3Key"].rpartition("/")[2]) <= 100
    stored = unquote((grant.get("headers") or grant["fields"])["x-amz-meta-filename"])
    assert len(stored.encode()) <= 255
    assert stored.endswith(".jpg") == name.endswith(".jpg")
    assert name.startswith(stored.removesuffix(".jpg"))
    shared_cloud.put(grant, JPEG)
    assert ann.post(f"/photos/{grant['photoId']}/complete").json["filename"] == name


def test_put_grant_binds_its_headers_and_allows_one_upload(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, filename="Kai 1.jpg", size=5, sha256="00" * 32, visibility="private")
    headers = {name.lower(): value for name, value in grant["headers"].items()}
    assert headers == {
        "content-type": "image/jpeg",
        "content-length": "5",
        "if-none-match": "*",
        "x-amz-checksum-sha256": "A" * 43 + "=",
        "x-amz-sdk-checksum-algorithm": "SHA256",
        "x-amz-meta-filename": "Kai%201.jpg",
        "x-amz-storage-class": "INTELLIGENT_TIERING",
    }
    (signed,) = re.findall(r"X-Amz-SignedHeaders=([^&]*)", grant["uploadUrl"])
    bound = {name.lower() for name in signed.split("%3B")} | set(
        re.findall(r"[?&](x-amz-[a-z0-9-]+)=", grant["uploadUrl"])
    )
    assert set(headers) <= bound
    assert grant["expiresIn"] == 900
    assert grant["method"] == "PUT"


@pytest.mark.parametrize(("size", "bounds"), [(None, [1, MAX_UPLOAD_BYTES]), (5, [5, 5])])
def test_post_grant_binds_every_field_and_the_length(
    shared_cloud: Cloud, ann: Client, size: int | None, bounds: list[int]
) -> None:
    declared: dict[str, Any] = {"size": size} if size else {}
    grant = shared_cloud.grant(ann, method="POST", **declared)
    policy = json.loads(b64decode(grant["fields"]["policy"]))
    assert ["content-length-range", *bounds] in policy["conditions"]
    fixed = {
        name: value
        for condition in policy["conditions"]
        if isinstance(condition, dict)
        for name, value in condition.items()
    }
    assert fixed["key"] == grant["s3Key"]
    unbound = {"policy", "x-amz-signature"}
    assert {name for name in grant["fields"] if fixed.get(name) != grant["fields"][name]} == unbound
    assert "headers" not in grant


def test_complete_is_a_conflict_before_the_upload_and_returns_the_photo_after_it(
    shared_cloud: Cloud, ann: Client
) -> None:
    grant = shared_cloud.grant(ann)
    path = f"/photos/{grant['photoId']}/complete"
    answer = ann.post(path)
    assert (answer.status, answer.json["error"]) == (409, "NotUploaded")
    shared_cloud.put(grant, JPEG)
    first, second = ann.post(path), ann.post(path)
    assert first.status == second.status == 200
    assert first.json == second.json
    assert first.json["status"] == "ready"
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []


def test_complete_returns_the_same_rejection_each_time(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, b"<html>")
    for _ in range(2):
        answer = ann.post(f"/photos/{grant['photoId']}/complete")
        assert (answer.status, answer.json["error"]) == (422, "NotAnImage")
    assert ann.get(f"/photos/{grant['photoId']}").json["rejection"] == "NotAnImage"
    assert left_over(shared_cloud, ann.user_id) == []


def test_only_the_owner_can_complete_an_upload(shared_cloud: Cloud, ann: Client) -> None:
    bob = shared_cloud.person("bob")
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, JPEG)
    assert bob.post(f"/photos/{grant['photoId']}/complete").status == 404
    assert shared_cloud.photo(grant["photoId"]).status == "pending"
    ann.post(f"/photos/{grant['photoId']}/complete")
    assert bob.post(f"/photos/{grant['photoId']}/complete").status == 403


def test_erased_photo_cannot_be_confirmed(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    ann.delete(f"/photos/{grant['photoId']}", permanent="true")
    shared_cloud.put(grant, JPEG)
    assert ann.post(f"/photos/{grant['photoId']}/complete").status == 404


@pytest.mark.parametrize("is_purged", [False, True])
def test_photo_that_is_erased_while_its_owner_confirms_it_is_not_found(
    shared_cloud: Cloud, ann: Client, *, is_purged: bool
) -> None:
    grant = shared_cloud.grant(ann)
    shared_cloud.put(grant, JPEG)
    path = f"/photos/{grant['photoId']}"

    def erase() -> None:
        if is_purged:
            assert shared_cloud.store.remove(shared_cloud.photo(grant["photoId"]))
        else:
            ann.delete(path, permanent="true")

    with act_during(shared_cloud, "PutObject", erase):
        assert ann.post(f"{path}/complete").status == 404
    assert left_over(shared_cloud, ann.user_id) == []
