"""What a CDN may show: renditions of public photos while they are public, whoever changes what at the same time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import msgspec
import pytest

from chalicelib import wiring
from chalicelib.bucket import Bucket
from chalicelib.ids import timestamp
from chalicelib.models import Photo
from tests.cloud import Client, Cloud
from tests.faults import Fault, hooked, striking
from tests.images import photo as make_photo
from tests.invariants import shown

JPEG = make_photo(64, 48)
ALL = {"256": True, "1024": True, "2048": True, "full": False}
NONE = dict.fromkeys(ALL, False)


@pytest.fixture
def ann(shared_cloud: Cloud) -> Client:
    """Somebody without a photo."""
    return shared_cloud.person(f"ann-{uuid4()}")


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo of Ann's."""
    return shared_cloud.upload(ann, JPEG, title="Quay")


def test_a_cdn_shows_what_anybody_may_see_and_nothing_else(shared_cloud: Cloud, photo: Photo) -> None:
    settings = msgspec.structs.replace(shared_cloud.settings, renditions_base_url="https://cdn.example.com/r")
    behind_cdn = Bucket(settings, shared_cloud.s3, wiring.bucket()._presigner)
    now = datetime.now(UTC)
    assert behind_cdn.url(photo, "256", now) == f"https://cdn.example.com/r/{photo.renditions['256']}"
    hidden = [photo.with_(visibility=visibility) for visibility in ("private", "unlisted")]
    for each in (*hidden, photo.with_(trashed_at=timestamp(now))):
        assert "X-Amz-Signature" in behind_cdn.url(each, "256", now)
    assert "X-Amz-Signature" in wiring.bucket().url(photo, "256", now)
    assert "https://cdn.example.com/r" in settings.storage_origins


def test_a_cdn_may_read_renditions_while_the_photo_is_public_and_never_the_copy(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}"
    assert shown(shared_cloud, photo) == ALL
    steps: list[tuple[Callable[[], Any], dict[str, bool]]] = [
        (lambda: ann.patch(path, {"visibility": "private"}), NONE),
        (lambda: ann.patch(path, {"visibility": "unlisted"}), NONE),
        (lambda: ann.patch(path, {"visibility": "public"}), ALL),
        (lambda: ann.delete(path), NONE),
        (lambda: ann.patch(path, {"visibility": "private"}), NONE),
        (lambda: ann.patch(path, {"visibility": "public"}), NONE),
        (lambda: ann.post(f"{path}/restore"), ALL),
    ]
    for change, expected in steps:
        assert change().status < 300
        assert shown(shared_cloud, photo) == expected


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
def test_no_cdn_may_read_what_was_uploaded_hidden(shared_cloud: Cloud, ann: Client, visibility: str) -> None:
    assert shown(shared_cloud, shared_cloud.upload(ann, JPEG, visibility=visibility)) == NONE


def test_a_change_of_something_else_leaves_the_tags_alone(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    shared_cloud.calls.clear()
    assert ann.patch(f"/photos/{photo.photo_id}", {"title": "Harbour"}).status == 200
    assert "PutObjectTagging" not in shared_cloud.calls


@pytest.mark.parametrize("wanted", ["private", "public"])
def test_of_two_changes_at_once_the_tags_follow_the_one_that_was_last(
    shared_cloud: Cloud, ann: Client, photo: Photo, wanted: str
) -> None:
    path = f"/photos/{photo.photo_id}"
    if wanted == "public":
        ann.patch(path, {"visibility": "private"})
    waiting = [{"visibility": "private" if wanted == "public" else "public", "title": "first"}]

    def meanwhile(**_: Any) -> None:
        if waiting:
            assert ann.patch(path, waiting.pop()).status == 200

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: meanwhile, shared_cloud.dynamodb):
        assert ann.patch(path, {"visibility": wanted, "title": "second"}).status == 200
    now = shared_cloud.photo(photo.photo_id)
    assert (now.title, now.visibility) == ("second", wanted)
    assert shown(shared_cloud, photo) == (ALL if wanted == "public" else NONE)


def test_private_photo_that_is_trashed_while_it_is_made_public_stays_hidden(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    path = f"/photos/{photo.photo_id}"
    ann.patch(path, {"visibility": "private"})
    waiting = [path]

    def meanwhile(**_: Any) -> None:
        if waiting:
            assert ann.delete(waiting.pop()).status == 204

    with hooked("before-call.dynamodb.TransactWriteItems", lambda _: meanwhile, shared_cloud.dynamodb):
        assert ann.patch(path, {"visibility": "public"}).status == 200
    assert shared_cloud.photo(photo.photo_id).trashed_at
    assert shown(shared_cloud, photo) == NONE


def test_repeating_a_change_that_ended_half_way_mends_the_tags(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    path = f"/photos/{photo.photo_id}"
    with striking(Fault(2, "500"), shared_cloud.dynamodb) as fault:
        assert ann.delete(path).status == 503
    assert fault.struck == "TransactWriteItems"
    assert shown(shared_cloud, photo) == NONE
    assert ann.patch(path, {"visibility": "public"}).status == 200
    assert shown(shared_cloud, photo) == ALL


def test_photo_whose_renditions_are_gone_can_still_be_hidden(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    for key in photo.renditions.values():
        shared_cloud.s3.delete_object(Bucket=shared_cloud.settings.renditions_bucket, Key=key)
    assert ann.patch(f"/photos/{photo.photo_id}", {"visibility": "private"}).status == 200


def test_browsers_keep_renditions_for_a_year_and_the_edge_for_a_day(shared_cloud: Cloud, photo: Photo) -> None:
    key = photo.renditions["256"]
    found = shared_cloud.s3.head_object(Bucket=shared_cloud.settings.renditions_bucket, Key=key)
    assert found["CacheControl"] == "max-age=31536000, s-maxage=86400, immutable"
    asked = parse_qs(urlsplit(shared_cloud.bucket.url(photo, "256", datetime.now(UTC))).query)
    assert asked["response-cache-control"] == ["private, max-age=31536000, immutable"]
