"""Passwords of share links over HTTP: only wrong ones count, and too many wrong ones block the link for a while."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine

from chalicelib.albums import links
from chalicelib.domain import share_links
from tests.support.albums import create_album
from tests.support.cloud import Client, Cloud
from tests.support.faults import Fault, Killed, Mode, striking
from tests.support.images import photo as make_photo
from tests.support.links import create_link, open_link
from tests.support.races import run_concurrently_on

JPEG = make_photo(64, 48)
PASSWORD = "hunter 2"


@pytest.fixture
def album(ann: Client) -> str:
    """The path of a private album that Ann owns."""
    return create_album(ann, visibility="private")


def test_password_opens_the_album_and_its_photos_and_downloads(shared_cloud: Cloud, ann: Client, album: str) -> None:
    photo = shared_cloud.upload(ann, JPEG, albumId=album[8:])
    path = create_link(ann, album, password=PASSWORD)
    for target in (path, f"{path}/photos", f"{path}/photos/{photo.photo_id}/download"):
        for client in (shared_cloud.visitor, ann):
            without, wrong = open_link(client, target), open_link(client, target, "Hunter 2")
            assert (without.status, without.json["error"]) == (401, "LinkPasswordRequired")
            assert (wrong.status, wrong.json["error"]) == (401, "InvalidLinkPassword")
            assert open_link(client, target, PASSWORD).status == 200


@pytest.mark.parametrize(
    ("password", "header"),
    [
        ("pässwort", "p%C3%A4sswort"),
        ("a%20b", "a%20b"),
        (" two\nlines ", "%20two%0Alines%20"),
    ],
)
def test_password_of_any_characters_can_be_sent_in_the_header(
    shared_cloud: Cloud, ann: Client, album: str, password: str, header: str
) -> None:
    path = create_link(ann, album, password=password)
    assert open_link(shared_cloud.visitor, path, header).status == 200
    assert open_link(shared_cloud.visitor, path, f"{header}x").status == 401


def test_each_password_is_hashed_with_a_salt_of_its_own(shared_cloud: Cloud, ann: Client, album: str) -> None:
    for fields in ({"password": PASSWORD}, {"password": PASSWORD}, {}):
        create_link(ann, album, **fields)
    rows = shared_cloud.dynamodb.query(
        TableName=shared_cloud.settings.album_table,
        KeyConditionExpression="albumId = :album AND begins_with(#record, :link)",
        ExpressionAttributeNames={"#record": "record"},
        ExpressionAttributeValues={":album": {"S": album[8:]}, ":link": {"S": "link#"}},
    )["Items"]
    salts = {row["salt"]["S"] for row in rows if "salt" in row}
    assert sorted(map(len, salts)) == [32, 32]
    assert len({row["passwordHash"]["S"] for row in rows if "passwordHash" in row}) == 2


def test_password_for_a_link_without_one_is_ignored(shared_cloud: Cloud, ann: Client, album: str) -> None:
    assert open_link(shared_cloud.visitor, create_link(ann, album), "anything").status == 200


def test_forged_link_is_not_found_even_with_the_correct_password(shared_cloud: Cloud, ann: Client, album: str) -> None:
    token = share_links.decode_token(create_link(ann, album, password=PASSWORD).rpartition("/")[2])
    assert token
    forged = share_links.encode_token(token._replace(secret=bytes(32)))
    assert open_link(shared_cloud.visitor, f"/shared/{forged}", PASSWORD).status == 404


def test_password_attempts_are_limited_until_the_next_window(shared_cloud: Cloud, ann: Client, album: str) -> None:
    path, other = create_link(ann, album, password=PASSWORD), create_link(ann, album, password=PASSWORD)
    start = datetime(2027, 1, 1, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        statuses = [open_link(shared_cloud.visitor, path, "x").status for _ in range(22)]
        assert statuses == [401] * 20 + [429] * 2
        refused = open_link(shared_cloud.visitor, path, PASSWORD)
        assert (refused.status, refused.json["error"]) == (429, "TooManyRequests")
        assert refused.headers["Retry-After"] == "900"
        assert open_link(shared_cloud.visitor, path).status == 401, "a request without a password is not an attempt"
        assert open_link(shared_cloud.visitor, other, PASSWORD).status == 200
    with time_machine.travel(start + timedelta(minutes=14), tick=False):
        assert open_link(shared_cloud.visitor, path, PASSWORD).headers["Retry-After"] == "60"
    with time_machine.travel(start + timedelta(minutes=15), tick=False):
        assert open_link(shared_cloud.visitor, path, PASSWORD).status == 200


def test_correct_password_does_not_count_even_while_others_are_checked(
    shared_cloud: Cloud, ann: Client, album: str
) -> None:
    path = create_link(ann, album, password=PASSWORD)
    opens = [partial(open_link, shared_cloud.visitor, path, PASSWORD) for _ in range(50)]
    assert [answer.status for answer in run_concurrently_on(shared_cloud, opens)] == [200] * 50
    shared_cloud.calls.clear()
    assert open_link(shared_cloud.visitor, path, PASSWORD).status == 200
    assert "TransactWriteItems" not in shared_cloud.calls


def test_limit_holds_for_concurrent_wrong_passwords(shared_cloud: Cloud, ann: Client, album: str) -> None:
    path = create_link(ann, album, password=PASSWORD)
    opens = [partial(open_link, shared_cloud.visitor, path, f"x{number}") for number in range(30)]
    statuses = [answer.status for answer in run_concurrently_on(shared_cloud, opens)]
    assert sorted(statuses) == [401] * links.MAX_WRONG_PASSWORDS + [429] * 10


@pytest.mark.parametrize("mode", ["not sent", "answer lost", "throttled", "500", "killed"])
def test_fault_at_any_call_never_blocks_visitors_with_the_password(
    shared_cloud: Cloud, ann: Client, album: str, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MAX_WRONG_PASSWORDS", 1)
    path = create_link(ann, album, password=PASSWORD)
    for call_number in range(20):
        with striking(Fault(call_number, mode), shared_cloud.dynamodb) as fault, suppress(Killed):
            assert open_link(shared_cloud.visitor, path, PASSWORD).status in (200, 503)
        assert open_link(shared_cloud.visitor, path, PASSWORD).status == 200
        if not fault.struck:
            return
    raise AssertionError("the request makes more calls than expected")
