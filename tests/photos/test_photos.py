"""Photos after their upload: who may do what with them, and what each person is shown."""

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
from chalicelib.domain.ids import Timestamp, UserId, new_photo_id, timestamp
from chalicelib.domain.photos import Photo
from chalicelib.domain.requests import PhotoChanges
from tests.support.cloud import Client, Cloud
from tests.support.faults import hooked
from tests.support.filenames import HOSTILE_FILENAMES
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, originals_of, renditions_of
from tests.support.presenters import caller
from tests.support.rows import pending

JPEG = make_photo(64, 48)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def bob(shared_cloud: Cloud) -> Client:
    """Another user."""
    return shared_cloud.person("bob")


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo of Ann's."""
    return shared_cloud.upload(ann, JPEG, title="Quay", tags=["sea"])


# --- Who may


ACTS: dict[str, tuple[str, str, Any]] = {
    "change": ("PATCH", "", {"title": "Mine"}),
    "trash": ("DELETE", "", None),
    "erase": ("DELETE", "?permanent=true", None),
    "restore": ("POST", "/restore", None),
}


@pytest.mark.parametrize("act", [*ACTS])
@pytest.mark.parametrize(("visibility", "status"), [("public", 403), ("unlisted", 403), ("private", 404)])
def test_other_users_cannot_change_a_photo_and_a_private_photo_stays_hidden(
    shared_cloud: Cloud, ann: Client, bob: Client, act: str, visibility: str, status: int
) -> None:
    photo = shared_cloud.upload(ann, JPEG, visibility=visibility)
    method, path, body = ACTS[act]
    assert bob.call(method, f"/photos/{photo.photo_id}{path}", body).status == status
    assert shared_cloud.visitor.call(method, f"/photos/{photo.photo_id}{path}", body).status == 401
    assert shared_cloud.photo(photo.photo_id) == photo


def test_missing_photo_and_private_photo_of_another_user_look_the_same(
    shared_cloud: Cloud, ann: Client, bob: Client
) -> None:
    private = shared_cloud.upload(ann, JPEG, visibility="private").photo_id
    for method, path, body in [("GET", "", None), ("GET", "/download", None), *ACTS.values()]:
        absent = new_photo_id(datetime.now(UTC), uuid4().int)
        answers = [bob.call(method, f"/photos/{each}{path}", body) for each in (private, absent, "nonsense")]
        bodies = [{**answer.json, "requestId": ""} for answer in answers]
        assert [answer.status for answer in answers] == [404] * 3
        assert bodies[0] == bodies[1] == bodies[2]


# --- Changing


@FEW
@given(
    title=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    tags=st.none() | st.lists(st.text("abÄ #/", min_size=1, max_size=50), max_size=32),
    visibility=st.sampled_from([None, "public", "unlisted", "private"]),
)
def test_change_affects_only_the_given_fields(
    shared_cloud: Cloud, title: str | None, tags: list[str] | None, visibility: Any
) -> None:
    before = pending(f"ann-{uuid4()}", status="ready", title="Quay", tags=("sea",), description="By night")
    assert shared_cloud.store.rebuild(before)
    given_: dict[str, Any] = {"title": title, "tags": tags, "visibility": visibility}
    given_ = {name: value for name, value in given_.items() if value is not None}
    wiring.photos().change(before.photo_id, PhotoChanges(**given_), by=Caller(before.user_id))
    after = shared_cloud.photo(before.photo_id)
    expected = given_ | ({"tags": tuple(dict.fromkeys(tags))} if tags is not None else {})
    assert after == before.with_(**expected, revision=after.revision)
    assert shared_cloud.store.remove(after)


def test_change_without_effect_writes_nothing(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    shared_cloud.calls.clear()
    assert ann.patch(f"/photos/{photo.photo_id}", {"title": "Quay"}).status == 200
    assert "TransactWriteItems" not in shared_cloud.calls


def test_concurrent_changes_of_a_photo_are_both_applied(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    waiting = [PhotoChanges(description="By night")]

    def before(**_: Any) -> None:
        if waiting:
            wiring.photos().change(photo.photo_id, waiting.pop(), by=Caller(photo.user_id))

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: before, shared_cloud.dynamodb):
        assert ann.patch(f"/photos/{photo.photo_id}", {"title": "Harbour"}).status == 200
    now = shared_cloud.photo(photo.photo_id)
    assert (now.title, now.description) == ("Harbour", "By night")


def test_change_returns_a_conflict_if_other_changes_always_come_first(shared_cloud: Cloud, photo: Photo) -> None:
    def before(params: Any, **_: Any) -> None:
        if b"Harbour" in params["body"]:
            shared_cloud.store.replace(shared_cloud.photo(photo.photo_id), shared_cloud.photo(photo.photo_id))

    with (
        hooked("before-call.dynamodb.TransactWriteItems", lambda _: before, shared_cloud.dynamodb),
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
    assert trashed.due_at == Timestamp(timestamp(datetime.fromisoformat(str(trashed.trashed_at)) + timedelta(days=30)))
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
    assert shared_cloud.accounts.account(UserId(ann.user_id)).photo_count == 0


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
    other = f"{ann.user_id}/{new_photo_id(datetime.now(UTC), uuid4().int)}0/x.jpg"
    shared_cloud.put({"s3Key": other, "fields": {}}, JPEG)
    grant = shared_cloud.grant(ann)
    ann.delete(f"/photos/{grant['photoId']}", permanent="true")
    shared_cloud.bucket.erase(f"{other.split('/')[0]}/{other.split('/')[1][:-1]}/")
    assert len(originals_of(shared_cloud, ann.user_id)) == 1


def test_erase_returns_503_if_s3_fails_to_delete_an_object(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    def after(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Errors"] = [{"Key": photo.s3_key, "Code": "InternalError"}]

    with hooked("after-call.s3.DeleteObjects", lambda _: after, shared_cloud.s3):
        assert ann.delete(f"/photos/{photo.photo_id}", permanent="true").status == 503
    assert shared_cloud.photo(photo.photo_id).status == "erased"


# --- What is shown


def test_others_see_neither_location_nor_hash_nor_internal_fields(
    shared_cloud: Cloud, ann: Client, bob: Client, photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}"
    own, others, visitors = (each.get(path).json for each in (ann, bob, shared_cloud.visitor))
    assert others == visitors
    assert set(own) - set(others) == {"sha256", "rejection", "trashedAt"}
    assert set(others) <= set(own)
    assert {"latitude", "longitude", "altitude"} & set(own["exif"])
    assert set(own["exif"]) - set(others["exif"]) == {"latitude", "longitude", "altitude"}
    hidden = {"versionId", "charged", "revision", "dueAt", "copyType", "copySize", "ratingSum", "ratingCount"}
    assert not hidden & set(own)
    assert set(others["renditions"]) == {"256", "1024", "2048"}


def test_rating_is_shown_as_an_average(photo: Photo) -> None:
    unrated = wiring.photo_presenter().view(photo, None)
    assert (unrated.rating.average, unrated.rating.count) == (None, 0)
    rated = wiring.photo_presenter().view(photo.with_(rating_sum=14, rating_count=3), None)
    assert (rated.rating.average, rated.rating.count) == (4.67, 3)


# --- Downloading


def test_owner_downloads_the_original_and_others_a_copy(shared_cloud: Cloud, ann: Client, bob: Client) -> None:
    content = make_photo(64, 48, format="PNG")
    photo = shared_cloud.upload(ann, content, contentType="image/png", filename="Kai.png")
    own, others = (each.get(f"/photos/{photo.photo_id}/download").json for each in (ann, bob))
    assert (own["filename"], own["contentType"], own["size"]) == ("Kai.png", "image/png", len(content))
    assert (others["filename"], others["contentType"], others["size"]) == ("Kai.jpg", "image/jpeg", photo.copy_size)
    assert photo.s3_key in unquote(own["url"])
    assert parse_qs(urlsplit(own["url"]).query)["versionId"] == [photo.version_id]
    assert photo.renditions["full"] in unquote(others["url"])
    moved = bob.get(f"/photos/{photo.photo_id}/download", redirect="true")
    assert (moved.status, moved.headers["Location"]) == (302, others["url"])


@pytest.mark.parametrize("filename", [name for name in HOSTILE_FILENAMES if name])
def test_file_is_downloaded_under_its_original_name(shared_cloud: Cloud, filename: str) -> None:
    owner = UserId("ann")
    full = pending("ann", status="ready", filename=filename, renditions={"full": "ann/x/full.jpg"}, version_id="v1")
    assert shared_cloud.store.rebuild(full.with_(copy_type="image/jpeg", copy_size=1))
    for by in (owner, None):
        link = wiring.photos().download(full.photo_id, by=caller(by))
        (header,) = parse_qs(urlsplit(link.url).query)["response-content-disposition"]
        assert link.filename == filename
        assert header.startswith('attachment; filename="')
        assert unquote(header.partition("filename*=UTF-8''")[2]) == filename


@pytest.mark.parametrize("content", [None, b"<html>"])
def test_photo_that_is_not_ready_cannot_be_downloaded(shared_cloud: Cloud, ann: Client, content: bytes | None) -> None:
    photo_id = shared_cloud.upload(ann, content).photo_id if content else shared_cloud.grant(ann)["photoId"]
    answer = ann.get(f"/photos/{photo_id}/download")
    assert (answer.status, answer.json["error"]) == (409, "NotReady")
