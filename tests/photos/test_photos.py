"""Photos after their upload: permissions, changes, trash, views and downloads."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.domain.filenames import shorten_filename
from chalicelib.domain.ids import Timestamp, UserId, create_photo_id, format_timestamp
from chalicelib.domain.photos import GRANT_LIFETIME, Photo
from chalicelib.domain.requests import PhotoChanges
from tests.support.cloud import Client, Cloud
from tests.support.faults import hooked
from tests.support.filenames import HOSTILE_FILENAMES
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, originals_of, renditions_of
from tests.support.presenters import caller
from tests.support.rows import pending
from tests.support.sweeps import photos_due_after
from tests.support.uploads import during_writes

JPEG = make_photo(64, 48)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def bob(shared_cloud: Cloud) -> Client:
    """Another user."""
    return shared_cloud.person("bob")


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo that Ann owns."""
    return shared_cloud.upload(ann, JPEG, title="Quay", tags=["sea"])


# --- Permissions


ACTIONS: dict[str, tuple[str, str, Any]] = {
    "change": ("PATCH", "", {"title": "Mine"}),
    "trash": ("DELETE", "", None),
    "erase": ("DELETE", "?permanent=true", None),
    "restore": ("POST", "/restore", None),
}


@pytest.mark.parametrize("action", [*ACTIONS])
@pytest.mark.parametrize(("visibility", "status"), [("public", 403), ("unlisted", 403), ("private", 404)])
def test_other_users_cannot_change_a_photo_and_a_private_photo_stays_hidden(
    shared_cloud: Cloud, ann: Client, bob: Client, action: str, visibility: str, status: int
) -> None:
    photo = shared_cloud.upload(ann, JPEG, visibility=visibility)
    method, path, body = ACTIONS[action]
    assert bob.call(method, f"/photos/{photo.photo_id}{path}", body).status == status
    assert shared_cloud.visitor.call(method, f"/photos/{photo.photo_id}{path}", body).status == 401
    assert shared_cloud.photo(photo.photo_id) == photo


def test_missing_photo_and_private_photo_of_another_user_look_the_same(
    shared_cloud: Cloud, ann: Client, bob: Client
) -> None:
    private = shared_cloud.upload(ann, JPEG, visibility="private").photo_id
    for method, path, body in [("GET", "", None), ("GET", "/download", None), *ACTIONS.values()]:
        absent = create_photo_id(datetime.now(UTC), uuid4().int)
        answers = [bob.call(method, f"/photos/{photo_id}{path}", body) for photo_id in (private, absent, "nonsense")]
        bodies = [{**answer.json, "requestId": ""} for answer in answers]
        assert [answer.status for answer in answers] == [404] * 3
        assert bodies[0] == bodies[1] == bodies[2]


# --- Changes


@FEW
@given(
    title=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    tags=st.none() | st.lists(st.text("abÄ#/", min_size=1, max_size=50), max_size=32, unique_by=str.lower),
    visibility=st.sampled_from([None, "public", "unlisted", "private"]),
)
def test_change_affects_only_the_given_fields(
    shared_cloud: Cloud, title: str | None, tags: list[str] | None, visibility: Any
) -> None:
    before = pending(f"ann-{uuid4()}", status="ready", title="Quay", tags=("sea",), description="By night")
    assert shared_cloud.store.rebuild(before)
    changes: dict[str, Any] = {"title": title, "tags": tags, "visibility": visibility}
    changes = {name: value for name, value in changes.items() if value is not None}
    wiring.photos().change(before.photo_id, PhotoChanges(**changes), by=Caller(before.user_id))
    after = shared_cloud.photo(before.photo_id)
    expected = changes | ({"tags": tuple(tags)} if tags is not None else {})
    assert after == before.with_(**expected, revision=after.revision)
    assert shared_cloud.store.remove(after)


def test_change_without_effect_writes_nothing(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    shared_cloud.calls.clear()
    assert ann.patch(f"/photos/{photo.photo_id}", {"title": "Quay"}).status == 200
    assert "TransactWriteItems" not in shared_cloud.calls


def test_concurrent_changes_of_a_photo_are_both_applied(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    pending_changes = [PhotoChanges(description="By night")]

    def change_description(**_: Any) -> None:
        if pending_changes:
            wiring.photos().change(photo.photo_id, pending_changes.pop(), by=Caller(photo.user_id))

    with during_writes(shared_cloud, change_description):
        assert ann.patch(f"/photos/{photo.photo_id}", {"title": "Harbour"}).status == 200
    after = shared_cloud.photo(photo.photo_id)
    assert (after.title, after.description) == ("Harbour", "By night")


def test_change_returns_a_conflict_if_other_changes_always_come_first(shared_cloud: Cloud, photo: Photo) -> None:
    def change_photo_first(params: Any, **_: Any) -> None:
        if b"Harbour" in params["body"]:
            shared_cloud.store.replace(shared_cloud.photo(photo.photo_id), shared_cloud.photo(photo.photo_id))

    with (
        hooked("before-call.dynamodb.TransactWriteItems", lambda _: change_photo_first, shared_cloud.dynamodb),
        pytest.raises(errors.Conflict),
    ):
        wiring.photos().change(photo.photo_id, PhotoChanges(title="Harbour"), by=Caller(photo.user_id))
    assert shared_cloud.photo(photo.photo_id).title == "Quay"


# --- Trash, restore, erase


def test_trash_keeps_the_photo_and_shows_it_only_to_its_owner(
    shared_cloud: Cloud, ann: Client, bob: Client, photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}"
    for _ in range(2):
        assert ann.delete(path).status == 204
    trashed = shared_cloud.photo(photo.photo_id)
    assert trashed.revision == photo.revision + 1
    assert trashed.due_at == Timestamp(
        format_timestamp(datetime.fromisoformat(str(trashed.trashed_at)) + timedelta(days=30))
    )
    assert [item["photoId"] for item in ann.get("/trash").json["items"]] == [photo.photo_id]
    assert bob.get("/trash").json["items"] == []
    assert (ann.get(path).status, bob.get(path).status, bob.get(f"{path}/download").status) == (200, 404, 404)
    assert ann.get("/photos", scope="mine", order="newest").json["items"] == []
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []
    assert ann.post(f"{path}/restore").status == 200
    assert shared_cloud.photo(photo.photo_id) == photo.with_(revision=trashed.revision + 1)
    assert ann.post(f"{path}/restore").json["error"] == "NotTrashed"


@pytest.mark.parametrize("content", [None, b"<html>"])
def test_photo_that_is_not_ready_can_be_erased_but_not_trashed(
    shared_cloud: Cloud, ann: Client, content: bytes | None
) -> None:
    photo_id = shared_cloud.upload(ann, content).photo_id if content else shared_cloud.grant(ann)["photoId"]
    answer = ann.delete(f"/photos/{photo_id}")
    assert (answer.status, answer.json["error"]) == (409, "NotReady")
    assert ann.delete(f"/photos/{photo_id}", permanent="true").status == 204
    assert shared_cloud.photo(photo_id).status == "erased"
    assert shared_cloud.accounts.get_account(UserId(ann.user_id)).photo_count == 0


def test_erasing_a_photo_deletes_all_its_versions_and_renditions(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    other = shared_cloud.upload(ann, JPEG)
    shared_cloud.put({"s3Key": photo.s3_key, "fields": {}}, JPEG)
    shared_cloud.s3.delete_object(Bucket=shared_cloud.settings.originals_bucket, Key=photo.s3_key)
    path = f"/photos/{photo.photo_id}"
    assert ann.delete(path, permanent="true").status == 204
    assert originals_of(shared_cloud, ann.user_id) == {(other.s3_key, other.version_id)}
    assert renditions_of(shared_cloud, ann.user_id) == {*other.renditions.values()}
    for again in (ann.get(path), ann.delete(path, permanent="true"), ann.delete(path), ann.post(f"{path}/restore")):
        assert again.status == 404
    assert broken(shared_cloud, ann.user_id) == []


def test_erasing_a_photo_keeps_objects_whose_photo_id_starts_with_its_id(shared_cloud: Cloud, ann: Client) -> None:
    other_key = f"{ann.user_id}/{create_photo_id(datetime.now(UTC), uuid4().int)}0/x.jpg"
    shared_cloud.put({"s3Key": other_key, "fields": {}}, JPEG)
    grant = shared_cloud.grant(ann)
    ann.delete(f"/photos/{grant['photoId']}", permanent="true")
    shared_cloud.bucket.erase(f"{other_key.split('/')[0]}/{other_key.split('/')[1][:-1]}/")
    assert len(originals_of(shared_cloud, ann.user_id)) == 1


def test_erased_photo_is_due_for_the_sweep_if_s3_fails_to_delete_an_object(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    def report_error(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Errors"] = [{"Key": photo.s3_key, "Code": "InternalError"}]

    with hooked("after-call.s3.DeleteObjects", lambda _: report_error, shared_cloud.s3):
        assert ann.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    assert shared_cloud.photo(photo.photo_id).status == "erased"
    assert photo.photo_id in photos_due_after(shared_cloud, 2 * GRANT_LIFETIME)


# --- Views


def test_others_see_neither_location_nor_hash_nor_internal_fields(
    shared_cloud: Cloud, ann: Client, bob: Client, photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}"
    owner_view, other_view, visitor_view = (client.get(path).json for client in (ann, bob, shared_cloud.visitor))
    assert other_view == visitor_view
    own_fields = {"sha256", "rejection", "rejectionDetails", "trashedAt", "wantedRotation"}
    assert set(owner_view) - set(other_view) == own_fields
    assert set(other_view) <= set(owner_view)
    assert {"latitude", "longitude", "altitude"} & set(owner_view["exif"])
    assert set(owner_view["exif"]) - set(other_view["exif"]) == {"latitude", "longitude", "altitude"}
    hidden = {
        "versionId",
        "charged",
        "revision",
        "dueAt",
        "rotationDueAt",
        "copyType",
        "copySize",
        "ratingSum",
        "ratingCount",
    }
    assert not hidden & set(owner_view)
    assert set(other_view["renditions"]) == {"256", "1024", "2048"}


def test_rating_is_shown_as_an_average(photo: Photo) -> None:
    unrated = wiring.photo_presenter().build_view(photo, None)
    assert (unrated.rating.average, unrated.rating.count) == (None, 0)
    rated = wiring.photo_presenter().build_view(photo.with_(rating_sum=14, rating_count=3), None)
    assert (rated.rating.average, rated.rating.count) == (4.67, 3)


# --- Downloads


def test_owner_downloads_the_original_and_others_a_copy(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    content = make_photo(64, 48, format="PNG")
    photo = shared_cloud.upload(ann, content, contentType="image/png", filename="Kai.png")
    original, copy = (client.get(f"/photos/{photo.photo_id}/download").json for client in (ann, bob))
    assert (original["filename"], original["contentType"], original["size"]) == ("Kai.png", "image/png", len(content))
    assert (copy["filename"], copy["contentType"], copy["size"]) == ("Kai.jpg", "image/jpeg", photo.copy_size)
    assert photo.s3_key in unquote(original["url"])
    assert parse_qs(urlsplit(original["url"]).query)["versionId"] == [photo.version_id]
    assert photo.renditions["full"] in unquote(copy["url"])
    redirect = bob.get(f"/photos/{photo.photo_id}/download", redirect="true")
    assert (redirect.status, redirect.headers["Location"]) == (302, copy["url"])


@pytest.mark.parametrize("filename", [name for name in HOSTILE_FILENAMES if name])
def test_file_is_downloaded_under_its_original_name_with_an_extension_of_its_type(
    shared_cloud: Cloud, filename: str
) -> None:
    owner = UserId("ann")
    photo = pending("ann", status="ready", filename=filename, renditions={"full": "ann/x/full.jpg"}, version_id="v1")
    assert shared_cloud.store.rebuild(photo.with_(copy_type="image/jpeg", copy_size=1))
    for user_id in (owner, None):
        download = wiring.photos().download(photo.photo_id, by=caller(user_id))
        (header,) = parse_qs(urlsplit(download.url).query)["response-content-disposition"]
        assert download.filename == (filename if filename.endswith(".jpg") else f"{filename}.jpg")
        assert header.startswith('attachment; filename="')
        assert unquote(header.partition("filename*=UTF-8''")[2]) == shorten_filename(download.filename)


@pytest.mark.parametrize("content", [None, b"<html>"])
def test_photo_that_is_not_ready_cannot_be_downloaded(shared_cloud: Cloud, ann: Client, content: bytes | None) -> None:
    photo_id = shared_cloud.upload(ann, content).photo_id if content else shared_cloud.grant(ann)["photoId"]
    answer = ann.get(f"/photos/{photo_id}/download")
    assert (answer.status, answer.json["error"]) == (409, "NotReady")
