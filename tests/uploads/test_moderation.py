"""Moderation is off by default. If it is on, a photo becomes ready only after it passes moderation."""

import io

import pytest
from PIL import Image

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from tests.support.cloud import Cloud, created
from tests.support.images import photo as make_photo
from tests.support.rekognition import moderated

LARGE = make_photo(2400, 1600)


def test_photos_are_not_moderated_by_default(shared_cloud: Cloud) -> None:
    assert wiring.moderator() is None
    assert shared_cloud.upload(shared_cloud.person("ann"), LARGE).status == "ready"


def test_photo_without_labels_is_sent_as_a_small_jpeg_and_becomes_ready(shared_cloud: Cloud) -> None:
    with moderated(shared_cloud) as sent_images:
        assert shared_cloud.upload(shared_cloud.person("ann"), LARGE).status == "ready"
    (sent,) = sent_images
    image = Image.open(io.BytesIO(sent))
    assert (image.format, image.size) == ("JPEG", (1024, 682))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (49, 2000), (6000, 100), (64, 64)])
def test_image_sent_to_rekognition_has_at_least_the_minimum_size(shared_cloud: Cloud, width: int, height: int) -> None:
    with moderated(shared_cloud) as sent_images:
        assert shared_cloud.upload(shared_cloud.person("ann"), make_photo(width, height)).status == "ready"
    assert min(Image.open(io.BytesIO(sent_images[0])).size) >= 50


def test_photo_with_a_label_is_rejected_and_its_objects_are_deleted(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    with moderated(shared_cloud, "Violence", "Weapons"):
        grant = shared_cloud.grant(ann)
        shared_cloud.put(grant, LARGE)
        answer = ann.post(f"/photos/{grant['photoId']}/complete")
    assert (answer.status, answer.json["error"]) == (422, "Moderated")
    photo = shared_cloud.photo(grant["photoId"])
    assert (photo.status, photo.rejection) == ("rejected", "Moderated")
    assert [key for key in (*shared_cloud.originals(), *shared_cloud.renditions()) if photo.photo_id in key] == []


def test_upload_stays_pending_and_is_retried_while_moderation_fails(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    grant = shared_cloud.grant(ann)
    event = created(grant["s3Key"], shared_cloud.put(grant, LARGE))
    with moderated(shared_cloud, status=500), pytest.raises(ExceptionGroup) as raised:
        shared_cloud.deliver(event)
    assert [type(error) for error in raised.value.exceptions] == [Busy]
    assert shared_cloud.photo(grant["photoId"]).status == "pending"
    with moderated(shared_cloud):
        shared_cloud.deliver(event)
    assert shared_cloud.photo(grant["photoId"]).status == "ready"
