"""The time of a photo in the API: shown to all viewers, and changed by the owner."""

from typing import Any

import pytest

from chalicelib.domain.photos import Photo
from tests.support import metadata_blocks as blocks
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo

LOCAL = "2024-07-01T12:30:45"
JPEG = make_photo(64, 48)
"""Taken at `LOCAL` and 250 ms, two hours ahead of UTC."""


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Photo:
    """A ready, public photo that Ann owns."""
    return shared_cloud.upload(ann, JPEG)


def show(client: Client, photo: Photo) -> tuple[str | None, str | None, str | None]:
    """Return the local time, the offset and the moment that a client sees."""
    view = client.get(f"/photos/{photo.photo_id}").json
    return view["takenLocal"], view["takenOffset"], view["takenAt"]


def test_every_viewer_sees_local_time_offset_and_moment(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    for client in (ann, shared_cloud.person("bob"), shared_cloud.visitor):
        assert show(client, photo) == (LOCAL, "+02:00", "2024-07-01T10:30:45.250Z")
    (listed,) = ann.get("/photos", scope="mine", order="newest").json["items"]
    assert (listed["takenLocal"], listed["takenOffset"]) == (LOCAL, "+02:00")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"takenLocal": "1985-05-01T00:00:00"}, ("1985-05-01T00:00:00", "+02:00", "1985-04-30T22:00:00.000Z")),
        ({"takenOffset": "-05:30"}, (LOCAL, "-05:30", "2024-07-01T18:00:45.250Z")),
        ({"takenOffset": "+14:00"}, (LOCAL, "+14:00", "2024-06-30T22:30:45.250Z")),
        ({"takenOffset": "-00:00"}, (LOCAL, "+00:00", f"{LOCAL}.250Z")),
        ({"takenOffset": None}, (LOCAL, None, f"{LOCAL}.250Z")),
        ({"takenLocal": LOCAL, "takenOffset": "+01:00"}, (LOCAL, "+01:00", "2024-07-01T11:30:45.250Z")),
        (
            {"takenLocal": "2024-02-29T23:59:59", "takenOffset": None},
            ("2024-02-29T23:59:59", None, "2024-02-29T23:59:59.000Z"),
        ),
        ({"takenLocal": None}, (None, None, None)),
        ({"takenLocal": None, "takenOffset": None}, (None, None, None)),
        ({"title": "Quay"}, (LOCAL, "+02:00", "2024-07-01T10:30:45.250Z")),
    ],
)
def test_owner_decides_the_time_and_the_moment_follows(
    ann: Client, photo: Photo, changes: dict[str, Any], shown: tuple[str | None, str | None, str | None]
) -> None:
    answer = ann.patch(f"/photos/{photo.photo_id}", changes)
    assert answer.status == 200
    assert (answer.json["takenLocal"], answer.json["takenOffset"], answer.json["takenAt"]) == shown
    assert show(ann, photo) == shown


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        *(
            ({"takenLocal": value}, "takenLocal")
            for value in ("", "2024-07-01", f"{LOCAL}Z", f"{LOCAL}.5", f"{LOCAL}\n", "2024-07-01 12:30:45", 5)
        ),
        *(
            ({"takenLocal": value}, "takenLocal")
            for value in ("2023-02-29T00:00:00", "2024-13-01T00:00:00", "2024-07-01T24:00:00", "0999-01-01T00:00:00")
        ),
        ({"takenLocal": "9999-12-31T23:59:59", "takenOffset": "-14:00"}, "takenLocal"),
        *(({"takenOffset": value}, "takenOffset") for value in ("Z", "+2:00", "+0200", "+14:01", "+15:00", "+02:60")),
        ({"takenLocal": None, "takenOffset": "+02:00"}, "takenOffset"),
    ],
)
def test_impossible_time_is_rejected_with_the_name_of_its_field(
    ann: Client, photo: Photo, changes: dict[str, Any], field: str
) -> None:
    answer = ann.patch(f"/photos/{photo.photo_id}", changes)
    assert (answer.status, answer.json["error"]) == (400, "InvalidRequest")
    assert answer.json["details"]["field"] == field
    assert show(ann, photo)[0] == LOCAL


def test_older_photo_keeps_its_moment_until_the_owner_sends_a_local_time(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    older = photo.with_(taken_local=None, taken_offset=None)
    assert shared_cloud.store.replace(photo, older)
    at = "2024-07-01T10:30:45.250Z"
    assert show(ann, photo) == (None, None, at)
    path = f"/photos/{photo.photo_id}"
    assert ann.patch(path, {"takenOffset": "+02:00"}).json["details"] == {"field": "takenOffset"}
    assert ann.patch(path, {"takenOffset": None, "title": "Quay"}).status == 200
    assert show(ann, photo) == (None, None, at)
    assert ann.patch(path, {"takenLocal": LOCAL}).json["takenAt"] == f"{LOCAL}.000Z"


def test_time_that_the_owner_sets_before_the_confirmation_is_kept(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann)
    changes = {"takenLocal": "1985-05-01T00:00:00", "takenOffset": "+01:00"}
    assert ann.patch(f"/photos/{grant['photoId']}", changes).status == 200
    shared_cloud.put(grant, JPEG)
    confirmed = ann.post(f"/photos/{grant['photoId']}/complete").json
    assert confirmed["takenAt"] == "1985-04-30T23:00:00.000Z"
    assert {name: confirmed[name] for name in changes} == changes


def test_change_of_the_time_does_not_move_a_photo_in_any_list(shared_cloud: Cloud, ann: Client) -> None:
    first, second = (shared_cloud.upload(ann, content) for content in (JPEG, make_photo(48, 64)))
    assert ann.patch(f"/photos/{first.photo_id}", {"takenLocal": "2026-01-01T00:00:00"}).status == 200
    upload_order = [first.photo_id, second.photo_id]
    for order, expected in (("oldest", upload_order), ("newest", upload_order[::-1])):
        items = ann.get("/photos", scope="mine", order=order).json["items"]
        assert [item["photoId"] for item in items] == expected


def test_photo_without_a_date_has_no_time(shared_cloud: Cloud, ann: Client) -> None:
    assert show(ann, shared_cloud.upload(ann, blocks.jpeg())) == (None, None, None)
