"""Objects whose row is lost, whose photo has another key, or whose confirmed version was deleted."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain.ids import create_photo_id
from chalicelib.domain.photos import TOMBSTONE_LIFETIME
from tests.support.cloud import Client, Cloud, created
from tests.support.images import photo as make_photo
from tests.support.invariants import left_over, originals_of, rows, sound
from tests.support.uploads import act_during, cancel_account, put_object

JPEG, OTHER = make_photo(64, 48), make_photo(48, 64, seed=1)
NOW = datetime.now(UTC)


def test_lost_row_is_rebuilt_from_the_object_and_its_metadata(shared_cloud: Cloud, ann: Client) -> None:
    key = f"{ann.user_id}/{create_photo_id(NOW, uuid4().int)}/x.jpg"
    version = put_object(shared_cloud, key, JPEG, filename="Gr%C3%BC%C3%9Fe.jpg", visibility="public")
    shared_cloud.deliver(created(key, version))
    (photo,) = rows(shared_cloud, ann.user_id)
    assert (photo.status, photo.user_id, photo.s3_key) == ("ready", ann.user_id, key)
    assert (photo.filename, photo.visibility, photo.content_type) == ("Grüße.jpg", "private", "image/jpeg")
    assert photo.charged_bytes == len(JPEG)
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("metadata", [{}, {"filename": ""}])
def test_rebuilt_row_takes_its_filename_from_the_key_if_there_is_no_metadata(
    shared_cloud: Cloud, ann: Client, metadata: dict[str, str]
) -> None:
    key = f"{ann.user_id}/{create_photo_id(NOW, uuid4().int)}/x.jpg"
    shared_cloud.deliver(created(key, put_object(shared_cloud, key, JPEG, **metadata)))
    (photo,) = rows(shared_cloud, ann.user_id)
    assert (photo.status, photo.filename, photo.visibility) == ("ready", "x.jpg", "private")
    assert sound(shared_cloud, ann)


def test_original_restored_as_a_new_version_is_served(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    shared_cloud.bucket.delete_one_version(photo.s3_key, photo.version_id or "")
    restored = put_object(shared_cloud, photo.s3_key, JPEG)
    shared_cloud.deliver(created(photo.s3_key, restored, "ObjectCreated:Copy"))
    assert shared_cloud.photo(photo.photo_id).version_id == restored
    assert sound(shared_cloud, ann)
    for late in (put_object(shared_cloud, photo.s3_key, OTHER), photo.version_id):
        shared_cloud.deliver(created(photo.s3_key, late))
        assert shared_cloud.photo(photo.photo_id).version_id == restored
        assert sound(shared_cloud, ann)


@pytest.mark.parametrize("owner", ["", "bob"])
def test_object_is_deleted_if_its_photo_has_another_key(shared_cloud: Cloud, ann: Client, owner: str) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    key = f"{owner or ann.user_id}/{photo.photo_id}/stray.jpg"
    shared_cloud.deliver(created(key, put_object(shared_cloud, key, JPEG)))
    assert key not in shared_cloud.originals()
    assert shared_cloud.photo(photo.photo_id) == photo
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("content", [OTHER, b"<html>"])
def test_different_content_does_not_replace_a_lost_original_and_is_kept(
    shared_cloud: Cloud, ann: Client, content: bytes
) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    shared_cloud.bucket.delete_one_version(photo.s3_key, photo.version_id or "")
    other = put_object(shared_cloud, photo.s3_key, content)
    shared_cloud.deliver(created(photo.s3_key, other))
    assert shared_cloud.photo(photo.photo_id).version_id == photo.version_id
    assert originals_of(shared_cloud, ann.user_id) == {(photo.s3_key, other)}


def test_event_of_a_version_that_is_gone_changes_nothing_even_if_the_original_is_lost(
    shared_cloud: Cloud, ann: Client
) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    late = put_object(shared_cloud, photo.s3_key, OTHER)
    shared_cloud.bucket.erase(photo.s3_key)
    shared_cloud.deliver(created(photo.s3_key, late))
    assert shared_cloud.photo(photo.photo_id) == photo


def test_event_of_an_object_that_is_gone_and_has_no_row_is_ignored(shared_cloud: Cloud, ann: Client) -> None:
    key = f"{ann.user_id}/{create_photo_id(NOW, uuid4().int)}/x.jpg"
    version = put_object(shared_cloud, key, JPEG)
    shared_cloud.bucket.erase(key)
    shared_cloud.deliver(created(key, version))
    assert rows(shared_cloud, ann.user_id) == []


def test_object_whose_photo_may_have_been_erased_gets_no_row_and_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    key = f"{ann.user_id}/{create_photo_id(NOW - TOMBSTONE_LIFETIME, uuid4().int)}/x.jpg"
    version = put_object(shared_cloud, key, JPEG)
    shared_cloud.deliver(created(key, version))
    assert rows(shared_cloud, ann.user_id) == []
    assert originals_of(shared_cloud, ann.user_id) == {(key, version)}


def test_object_without_a_row_leaves_nothing_if_the_account_is_cancelled_meanwhile(
    shared_cloud: Cloud, ann: Client
) -> None:
    grant = shared_cloud.grant(ann)
    key = f"{ann.user_id}/{create_photo_id(NOW, uuid4().int)}/x.jpg"
    version = put_object(shared_cloud, key, JPEG)
    with act_during(shared_cloud, "GetObject", lambda: cancel_account(shared_cloud, ann.user_id)):
        shared_cloud.deliver(created(key, version))
    assert [photo.photo_id for photo in rows(shared_cloud, ann.user_id)] == [grant["photoId"]]
    assert left_over(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("age", [timedelta(), TOMBSTONE_LIFETIME])
def test_object_without_a_row_is_deleted_if_the_account_is_cancelled(
    shared_cloud: Cloud, ann: Client, age: timedelta
) -> None:
    grant = shared_cloud.grant(ann)
    cancel_account(shared_cloud, ann.user_id)
    key = f"{ann.user_id}/{create_photo_id(NOW - age, uuid4().int)}/x.jpg"
    shared_cloud.deliver(created(key, put_object(shared_cloud, key, JPEG)))
    assert [photo.photo_id for photo in rows(shared_cloud, ann.user_id)] == [grant["photoId"]]
    assert sound(shared_cloud, ann)


@pytest.mark.parametrize("is_late", [False, True])
def test_lost_row_of_a_cancelled_account_is_not_rebuilt(shared_cloud: Cloud, ann: Client, *, is_late: bool) -> None:
    shared_cloud.grant(ann)
    key = f"{ann.user_id}/{create_photo_id(NOW, uuid4().int)}/x.jpg"
    version = put_object(shared_cloud, key, JPEG)
    stored = shared_cloud.bucket.read(key, version)
    assert stored

    def cancel() -> None:
        cancel_account(shared_cloud, ann.user_id)

    if not is_late:
        cancel()
    with act_during(shared_cloud, "PutObject", cancel):
        assert wiring.confirmation().rebuild(key, stored) is None
    assert len(rows(shared_cloud, ann.user_id)) == 1
    if not is_late:
        assert [name for name in shared_cloud.renditions() if name.startswith(f"{ann.user_id}/")] == []


KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=40)
FEW_EXAMPLES = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW_EXAMPLES
@given(KEYS | st.sampled_from(["a+b", "a b", "a%2Bb", "%252F", "é", "100%", "+", "%00"]))
def test_keys_are_decoded_exactly_once(shared_cloud: Cloud, name: str) -> None:
    photo_id = create_photo_id(NOW, uuid4().int)
    key = f"ann/{photo_id}/{name}"
    shared_cloud.deliver(created(key, put_object(shared_cloud, key, b"<html>")))
    assert shared_cloud.photo(photo_id).s3_key == key
