"""Albums and share links are created once if the client sends an `Idempotency-Key`."""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from chalicelib.domain import share_links
from tests.support.albums import create_album
from tests.support.cloud import Answer, Client, Cloud
from tests.support.fault_runs import require_success, run_with_fault_at_every_call
from tests.support.faults import Fault, striking
from tests.support.invariants import albums_of, broken
from tests.support.links import get_path, open_link
from tests.support.races import run_concurrently_on
from tests.support.services import rebuild_services
from tests.support.uploads import act_during

KEY = "7d0c1d9e-5b1e-4b0f-9a0e-0c6c1f0f3c55"
PASSWORD = "hunter 2"

Create = Callable[..., Answer]


@pytest.fixture(params=["album", "link", "link with password"])
def create(request: pytest.FixtureRequest, ann: Client) -> Create:
    """A function that creates an album or a share link, with other fields if given."""
    if request.param == "album":
        return lambda key=KEY, client=ann, **fields: client.post(
            "/albums", {"name": "Sea", "years": [2024, 2025]} | fields, **{"Idempotency-Key": key}
        )
    path, password = f"{create_album(ann)}/links", {"password": PASSWORD} if "password" in request.param else {}
    return lambda key=KEY, client=ann, **fields: client.post(path, password | fields, **{"Idempotency-Key": key})


def count(cloud: Cloud, owner: Client) -> int:
    """Return the number of albums of a user and of their share links."""
    return sum(1 + album.link_count for album in albums_of(cloud, owner.user_id))


def test_repeated_request_gets_the_first_response(shared_cloud: Cloud, ann: Client, create: Create) -> None:
    before = count(shared_cloud, ann)
    first = create()
    assert first.status == 201
    assert [create() for _ in range(3)] == [first] * 3
    assert count(shared_cloud, ann) == before + 1
    assert create("other").json != first.json
    assert count(shared_cloud, ann) == before + 2
    assert broken(shared_cloud, ann.user_id) == []


def test_same_key_with_another_request_is_a_conflict(ann: Client, create: Create) -> None:
    first = create()
    changed = create(name="Hills") if "albumId" in first.json else create(password="other")
    assert (changed.status, changed.json["error"]) == (409, "IdempotencyConflict")
    for path, body in ((f"{create_album(ann)}/links", {}), ("/upload", {"filename": "x.jpg"})):
        other = ann.post(path, body, **{"Idempotency-Key": KEY})
        assert (other.status, other.json["error"]) == (409, "IdempotencyConflict")
    assert create() == first


def test_key_expires_after_a_day(shared_cloud: Cloud, ann: Client, create: Create) -> None:
    first = create()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, seconds=1)):
        assert create(client=shared_cloud.person(ann.user_id)).json != first.json


def test_one_of_many_concurrent_requests_creates(shared_cloud: Cloud, ann: Client, create: Create) -> None:
    before = count(shared_cloud, ann)
    answers = run_concurrently_on(shared_cloud, [partial(create) for _ in range(20)])
    assert {answer.status for answer in answers} <= {201, 503}
    assert len({answer.body for answer in answers if answer.status == 201}) == 1
    assert count(shared_cloud, ann) == before + 1


@pytest.mark.parametrize("mode", ["answer lost", "throttled", "500"])
def test_retry_after_a_fault_at_any_call_creates_one(
    shared_cloud: Cloud, ann: Client, create: Create, mode: Any
) -> None:
    def run(fault: Fault) -> None:
        before, key = count(shared_cloud, ann), f"{mode.replace(' ', '-')}-{fault.at}"
        with striking(fault, *shared_cloud.clients):
            first = create(key)
            answer = create(key) if first.status == 503 else first
        assert require_success(answer) == create(key)
        assert count(shared_cloud, ann) == before + 1

    assert "write" in run_with_fault_at_every_call((mode,), run)


def test_repeated_link_works_although_no_row_has_its_secret(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann)
    url = [ann.post(f"{album}/links", {"password": PASSWORD}, **{"Idempotency-Key": KEY}).json["url"] for _ in "ab"][1]
    assert open_link(shared_cloud.visitor, get_path(url), PASSWORD).status == 200
    token = share_links.decode_token(url.rpartition("/")[2])
    assert token
    for table in (shared_cloud.settings.album_table, shared_cloud.settings.account_table):
        stored = str(shared_cloud.dynamodb.scan(TableName=table)["Items"])
        for secret in (PASSWORD, token.secret.hex(), url.rpartition("/")[2], KEY):
            assert secret not in stored


def test_idempotency_record_of_a_link_does_not_depend_on_its_password(shared_cloud: Cloud, ann: Client) -> None:
    # The record has a fast hash of the request. With the password in it, an attacker could guess the password.
    album = create_album(ann)
    for key, password in (("a", PASSWORD), ("b", "another password"), ("c", None)):
        ann.post(f"{album}/links", {"password": password} if password else {}, **{"Idempotency-Key": key})
    rows = shared_cloud.dynamodb.scan(TableName=shared_cloud.settings.account_table)["Items"]
    requests = [row["request"]["S"] for row in rows if row["userId"]["S"] == ann.user_id and "request" in row]
    assert requests == [requests[0]] * 3


def test_repeated_link_survives_a_new_signing_key(ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    album = create_album(ann)
    first = ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY})
    monkeypatch.setenv("SIGNING_KEYS", "newest-key,new-key,old-key")
    rebuild_services()
    assert ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY}) == first


def test_secret_of_a_repeated_link_comes_from_the_newest_signing_key(
    ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    album = create_album(ann)
    monkeypatch.setenv("SIGNING_KEYS", "newest,second,first")
    rebuild_services()
    created = ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY})
    token = share_links.decode_token(created.json["url"].rpartition("/")[2])
    assert token
    # A client can repeat a request after a release, so the derivation must not change.
    assert token.secret == hmac.digest(b"newest", f"share link {token.link_id} {KEY}".encode(), "sha256")
    monkeypatch.setenv("SIGNING_KEYS", "newest")
    rebuild_services()
    assert ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY}) == created
    monkeypatch.setenv("SIGNING_KEYS", "another")
    rebuild_services()
    assert ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY}).status == 404


def test_secret_of_a_link_without_a_key_is_random(ann: Client) -> None:
    link = ann.post(f"{create_album(ann)}/links", {}).json
    token = share_links.decode_token(link["url"].rpartition("/")[2])
    assert token
    for key in ("new-key", "old-key"):
        assert token.secret != hmac.digest(key.encode(), f"share link {link['linkId']} None".encode(), "sha256")


def test_link_that_another_request_creates_first_is_returned(shared_cloud: Cloud, ann: Client) -> None:
    album, others = create_album(ann), list[Answer]()

    def create() -> Answer:
        return ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY})

    with act_during(shared_cloud, "write", lambda: others.append(create())):
        assert [create()] == others


def test_repeated_request_for_a_revoked_link_is_not_found(ann: Client) -> None:
    album = create_album(ann)
    first = ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY})
    ann.delete(f"{album}/links/{first.json['linkId']}")
    assert ann.post(f"{album}/links", {}, **{"Idempotency-Key": KEY}).status == 404
