"""Repeated upload requests: one response per Idempotency-Key, and no grant for duplicate content."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from chalicelib import wiring
from chalicelib.domain.accounts import IdempotencyRecord
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.photos import GRANT_LIFETIME
from tests.support.cloud import Answer, Client, Cloud
from tests.support.faults import Fault, Killed, Mode, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over, rows
from tests.support.races import run_concurrently_on
from tests.support.services import rebuild_services

JPEG = make_photo(64, 48)
DIGEST = sha256(JPEG).hexdigest()
REQUEST = {"filename": "x.jpg", "contentType": "image/jpeg"}


def request_upload(owner: Client, key: str | None = None, **fields: Any) -> Answer:
    headers = {} if key is None else {"Idempotency-Key": key}
    return owner.post("/upload", REQUEST | fields, **headers)


@pytest.mark.parametrize("fields", [{}, {"method": "POST"}, {"size": 5, "sha256": "00" * 32, "filename": "Kai é.jpg"}])
def test_repeated_request_gets_an_identical_response(shared_cloud: Cloud, ann: Client, fields: dict[str, Any]) -> None:
    first = request_upload(ann, "k", **fields)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        second = request_upload(ann, "k", **fields)
    assert (first.status, first.body) == (second.status, second.body)
    assert first.status == 201
    assert len(rows(shared_cloud, ann.user_id)) == 1
    assert broken(shared_cloud, ann.user_id) == []


def test_repeated_request_gets_the_first_response_after_its_album_is_deleted(shared_cloud: Cloud, ann: Client) -> None:
    album = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    first = request_upload(ann, "k", albumId=album)
    assert ann.delete(f"/albums/{album}").status == 204
    assert request_upload(ann, "k", albumId=album) == first
    assert request_upload(ann, "other", albumId=album).status == 404
    assert len(rows(shared_cloud, ann.user_id)) == 1


def test_equivalent_json_is_a_repeat_and_a_different_request_is_a_conflict(shared_cloud: Cloud, ann: Client) -> None:
    first = request_upload(ann, "k")
    equivalent = b'{ "contentType": "image\\/jpeg", "filename": "\\u0078.jpg" }'
    assert (
        ann.call("POST", "/upload", equivalent, {"Idempotency-Key": "k", "Content-Type": "application/json"}) == first
    )
    other = request_upload(ann, "k", title="Quay")
    assert (other.status, other.json["error"]) == (409, "IdempotencyConflict")
    assert request_upload(ann, "k").body == first.body
    assert len(rows(shared_cloud, ann.user_id)) == 1


def test_idempotency_keys_are_per_user_and_compared_exactly(shared_cloud: Cloud, ann: Client) -> None:
    ids = [request_upload(ann, key).json["photoId"] for key in ("k", "K", "k~", None, None)]
    ids.append(request_upload(shared_cloud.person(f"bob-{uuid4()}"), "k").json["photoId"])
    assert len({*ids}) == 6


def test_idempotency_key_expires_after_a_day(shared_cloud: Cloud, ann: Client) -> None:
    first = request_upload(ann, "k")
    tomorrow = datetime.now(UTC) + timedelta(hours=24, seconds=1)
    with time_machine.travel(tomorrow):
        assert request_upload(shared_cloud.person(ann.user_id), "k").json["photoId"] != first.json["photoId"]


def test_rejected_request_does_not_use_up_its_idempotency_key(shared_cloud: Cloud, ann: Client) -> None:
    assert request_upload(ann, "k", contentType="text/html").status == 415
    assert request_upload(ann, "k", size=5).status == 201
    assert len(rows(shared_cloud, ann.user_id)) == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a b", "é", "k\x7f", "\t"])
def test_invalid_idempotency_key_is_rejected(shared_cloud: Cloud, ann: Client, key: str) -> None:
    answer = request_upload(ann, key)
    assert (answer.status, answer.json["details"]) == (400, {"field": "Idempotency-Key"})
    assert rows(shared_cloud, ann.user_id) == []


def test_idempotency_key_of_maximum_length_is_accepted(ann: Client) -> None:
    assert request_upload(ann, "~" * 255).body == request_upload(ann, "~" * 255).body


def test_idempotency_key_is_not_stored_in_plain_text(shared_cloud: Cloud, ann: Client) -> None:
    request_upload(ann, "secret-key")
    stored_rows = shared_cloud.dynamodb.scan(TableName=shared_cloud.settings.account_table, ConsistentRead=True)[
        "Items"
    ]
    assert all("secret-key" not in str(row) for row in stored_rows)


def test_fifty_concurrent_requests_with_one_key_create_one_photo(shared_cloud: Cloud, ann: Client) -> None:
    answers = run_concurrently_on(shared_cloud, [lambda: request_upload(ann, "k", size=5)] * 50)
    assert {(answer.status, answer.body) for answer in answers} == {(201, answers[0].body)}
    assert len(rows(shared_cloud, ann.user_id)) == 1
    assert broken(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize("mode", ["not sent", "answer lost", "throttled", "500", "killed"])
def test_retry_after_a_fault_creates_one_photo(shared_cloud: Cloud, ann: Client, mode: Mode) -> None:
    for index in range(20):
        key = uuid4().hex
        with striking(Fault(index, mode), shared_cloud.dynamodb) as fault:
            try:
                has_failed = request_upload(ann, key).status == 503
            except Killed:
                has_failed = True
        assert has_failed == bool(fault.struck)
        assert request_upload(ann, key).body == request_upload(ann, key).body
        assert len(rows(shared_cloud, ann.user_id)) == index + 1
        assert broken(shared_cloud, ann.user_id) == []
        if not has_failed:
            assert index > 2
            return
    raise AssertionError("the request makes more than 20 calls")


def test_duplicate_content_gets_no_grant(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    answer = request_upload(ann, sha256=DIGEST)
    assert (answer.status, answer.json) == (200, {"photoId": photo.photo_id, "duplicate": True})
    assert rows(shared_cloud, ann.user_id) == [photo]
    assert shared_cloud.accounts.get_account(photo.user_id).photo_count == 1


def test_content_of_another_user_is_not_a_duplicate(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.upload(shared_cloud.person(f"bob-{uuid4()}"), JPEG)
    assert request_upload(ann, sha256=DIGEST).status == 201


def test_content_of_a_pending_trashed_or_erased_photo_gets_a_grant(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.grant(ann, sha256=DIGEST)
    assert request_upload(ann, sha256=DIGEST).status == 201
    photo = shared_cloud.upload(ann, JPEG)
    ann.delete(f"/photos/{photo.photo_id}")
    assert request_upload(ann, sha256=DIGEST).status == 201
    ann.post(f"/photos/{photo.photo_id}/restore")
    assert request_upload(ann, sha256=DIGEST).json["photoId"] == photo.photo_id
    ann.delete(f"/photos/{photo.photo_id}", permanent="true")
    assert request_upload(ann, sha256=DIGEST).status == 201
    assert broken(shared_cloud, ann.user_id) == []


def test_unsupported_type_is_rejected_even_for_duplicate_content(shared_cloud: Cloud, ann: Client) -> None:
    shared_cloud.upload(ann, JPEG)
    assert request_upload(ann, sha256=DIGEST, contentType="text/html").status == 415


def test_repeated_request_stays_a_duplicate_after_the_photo_is_erased(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    first = request_upload(ann, "k", sha256=DIGEST)
    ann.delete(f"/photos/{photo.photo_id}", permanent="true")
    second = request_upload(ann, "k", sha256=DIGEST)
    assert (first.status, first.body) == (second.status, second.body)
    assert first.status == 200
    assert request_upload(ann, "another", sha256=DIGEST).status == 201


def test_repeated_request_stays_a_grant_after_the_upload_is_confirmed(shared_cloud: Cloud, ann: Client) -> None:
    first = request_upload(ann, "k", sha256=DIGEST)
    shared_cloud.put(first.json, JPEG)
    assert ann.post(f"/photos/{first.json['photoId']}/complete").status == 200
    assert request_upload(ann, "k", sha256=DIGEST).body == first.body


@pytest.mark.parametrize("key", [None, "k"])
def test_sixteen_concurrent_requests_for_duplicate_content_get_no_grant(
    shared_cloud: Cloud, ann: Client, key: str | None
) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    answers = run_concurrently_on(shared_cloud, [lambda: request_upload(ann, key, sha256=DIGEST)] * 16)
    assert {answer.body for answer in answers} == {f'{{"photoId":"{photo.photo_id}","duplicate":true}}'}
    assert rows(shared_cloud, ann.user_id) == [photo]


def test_key_that_another_request_uses_between_read_and_write_is_rejected(
    shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared_cloud.upload(ann, JPEG)
    store = wiring.stores().idempotency
    read = store.get_record

    def read_first(user_id: UserId, key: str) -> IdempotencyRecord | None:
        record = read(user_id, key)
        monkeypatch.setattr(store, "get_record", read)
        assert request_upload(ann, "k", sha256=DIGEST, title="first").status == 200
        return record

    monkeypatch.setattr(store, "get_record", read_first)
    answer = request_upload(ann, "k", sha256=DIGEST, title="second")
    assert (answer.status, answer.json["error"]) == (409, "IdempotencyConflict")


def test_digest_rows_match_the_photos_after_concurrent_changes(shared_cloud: Cloud, ann: Client) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    path = f"/photos/{photo.photo_id}"
    requests = [
        lambda: ann.delete(path),
        lambda: ann.post(f"{path}/restore"),
        lambda: ann.patch(path, {"visibility": "private"}),
        lambda: request_upload(ann, sha256=DIGEST),
    ]
    answers = run_concurrently_on(shared_cloud, requests * 4)
    assert {answer.status for answer in answers} <= {200, 201, 204, 404, 409}
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []


def test_upload_reads_only_what_its_digest_and_key_require(shared_cloud: Cloud, ann: Client) -> None:
    for fields, key, expected in (
        ({}, None, ["GetItem", "TransactWriteItems"]),
        ({"sha256": DIGEST}, None, ["GetItem", "Query", "TransactWriteItems"]),
        ({"sha256": DIGEST}, "k", ["GetItem", "GetItem", "Query", "TransactWriteItems"]),
        ({"sha256": DIGEST}, "k", ["GetItem", "GetItem"]),
    ):
        shared_cloud.calls.clear()
        request_upload(ann, key, **fields)
        assert shared_cloud.calls == expected


def test_quota_holds_for_concurrent_requests(shared_cloud: Cloud, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_PHOTOS", "7")
    rebuild_services()
    answers = run_concurrently_on(shared_cloud, [lambda: request_upload(ann, uuid4().hex, size=5)] * 100)
    assert sorted(answer.status for answer in answers) == [201] * 7 + [429] * 93
    refused = next(answer for answer in answers if answer.status == 429)
    assert (refused.json["error"], refused.json["details"]["photos"]) == ("QuotaExceeded", 7)
    assert int(refused.headers["Retry-After"]) > 0
    assert shared_cloud.accounts.get_account(rows(shared_cloud, ann.user_id)[0].user_id).photo_count == 7
    assert broken(shared_cloud, ann.user_id) == []
    monkeypatch.undo()
    rebuild_services()


def test_failed_database_call_returns_busy(shared_cloud: Cloud, ann: Client) -> None:
    with striking(Fault(1, "500"), shared_cloud.dynamodb):
        answer = request_upload(ann)
    assert (answer.status, answer.json["error"]) == (Busy.status, "Busy")


def test_pending_photo_is_already_in_its_album(shared_cloud: Cloud, ann: Client) -> None:
    album = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    assert request_upload(ann, albumId=album).status == 201
    (photo,) = rows(shared_cloud, ann.user_id)
    assert list(photo.memberships) == [album]


def test_grant_is_attempted_three_times_if_other_writers_change_its_rows(
    ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    def lose_the_race(*rows: object) -> bool:
        attempts.append(rows)
        return False

    monkeypatch.setattr(wiring.stores().photos, "add_pending", lose_the_race)
    answer = request_upload(ann)
    assert (answer.status, answer.json["error"]) == (Busy.status, "Busy")
    assert len(attempts) == 3


def test_pending_photo_has_the_requested_visibility_a_readable_key_and_a_due_time(
    shared_cloud: Cloud, ann: Client
) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False):
        request_upload(ann, visibility="private", filename="Kai \u00e9.jpg")
    (photo,) = rows(shared_cloud, ann.user_id)
    assert photo.visibility == "private"
    assert photo.s3_key == f"{ann.user_id}/{photo.photo_id}/Kai_.jpg"
    assert photo.due_at == format_timestamp(now + 2 * GRANT_LIFETIME)


@pytest.mark.parametrize(
    ("filename", "name"), [("...", "photo"), ("..a.jpg", "a.jpg"), (f"{'x' * 150}.jpg", f"{'x' * 96}.jpg")]
)
def test_key_ends_with_the_safe_end_of_the_filename(shared_cloud: Cloud, ann: Client, filename: str, name: str) -> None:
    request_upload(ann, filename=filename)
    (photo,) = rows(shared_cloud, ann.user_id)
    assert photo.s3_key == f"{ann.user_id}/{photo.photo_id}/{name}"
