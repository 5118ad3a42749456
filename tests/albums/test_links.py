"""Share links over HTTP: their content, secrets, expiry and passwords."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine

from chalicelib.domain import share_links
from chalicelib.domain.ids import format_timestamp
from tests.support.albums import create_album, put_into_album
from tests.support.captured_logs import capture_log
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo
from tests.support.invariants import broken
from tests.support.links import create_link, get_path, open_link
from tests.support.lists import add_photos, join_pages, read_pages

JPEG = make_photo(64, 48)
PASSWORD = "hunter 2"


@pytest.fixture
def album(ann: Client) -> str:
    """The path of a private album that Ann owns."""
    return create_album(ann, visibility="private")


def timestamp_in(minutes: int) -> str:
    return format_timestamp(datetime.now(UTC) + timedelta(minutes=minutes))


# --- Content


def test_link_shows_a_private_album_with_all_its_photos(shared_cloud: Cloud, ann: Client, album: str) -> None:
    photos = [
        shared_cloud.upload(ann, JPEG, visibility=visibility, albumId=album[8:]) for visibility in ("public", "private")
    ]
    path = create_link(ann, album)
    for client in (shared_cloud.visitor, shared_cloud.person("bob")):
        shown = open_link(client, path)
        assert shown.status == 200
        assert shown.json == ann.get(album).json | {"coverUrl": shown.json["coverUrl"]}
        assert shown.json["photoCount"] == 2
        assert shown.json["coverUrl"]
        assert join_pages(read_pages(client, f"{path}/photos")) == [photo.photo_id for photo in photos]
        assert client.get(album).status == 404


@pytest.mark.parametrize("order", ["position", "random"])
def test_pages_of_a_shared_album_are_complete_and_their_cursors_are_bound_to_the_link(
    shared_cloud: Cloud, ann: Client, album: str, order: str
) -> None:
    photos = add_photos(shared_cloud, 7, ann.user_id, "private")
    for photo_id in photos:
        put_into_album(ann, album, photo_id)
    path = create_link(ann, album)
    pages = read_pages(shared_cloud.visitor, f"{path}/photos", order=order, limit=3)
    assert sorted(join_pages(pages)) == photos
    token = shared_cloud.visitor.get(f"{path}/photos", limit=1).json["lastKey"]
    for other in (f"{create_link(ann, album)}/photos", f"{album}/photos"):
        assert ann.get(other, lastKey=token).json["error"] == "InvalidCursor"


def test_link_with_a_wrong_character_is_not_found(shared_cloud: Cloud, ann: Client, album: str) -> None:
    path, other = create_link(ann, album), create_link(ann, create_album(ann))
    token = path.rpartition("/")[2]
    decoded = share_links.decode_token(token), share_links.decode_token(other.rpartition("/")[2])
    assert decoded[0]
    assert decoded[1]
    mixed = share_links.encode_token(decoded[0]._replace(secret=decoded[1].secret))
    wrong_tokens = [
        token[:-1],
        f"{token}A",
        token[::-1],
        token.swapcase(),
        "x",
        mixed,
        f"{token[:50]}{'B' if token[50] == 'A' else 'A'}{token[51:]}",
    ]
    for wrong_token in wrong_tokens:
        assert wrong_token != token
        answer = open_link(shared_cloud.visitor, f"/shared/{wrong_token}")
        assert (answer.status, answer.json["error"]) == (404, "NotFound")
    assert open_link(shared_cloud.visitor, path).status == 200


def test_secrets_of_links_are_neither_listed_nor_stored(shared_cloud: Cloud, ann: Client, album: str) -> None:
    answers = [ann.post(f"{album}/links", fields).json for fields in ({}, {"password": PASSWORD}, {})]
    paths = [answer["url"] for answer in answers]
    page = ann.get(f"{album}/links", limit=2)
    rest = ann.get(f"{album}/links", limit=2, lastKey=page.json["lastKey"])
    listed = page.json["items"] + rest.json["items"]
    assert listed == [{name: value for name, value in answer.items() if name != "url"} for answer in answers]
    assert [link["hasPassword"] for link in listed] == [False, True, False]
    assert rest.json["lastKey"] is None
    stored = json.dumps(shared_cloud.dynamodb.scan(TableName=shared_cloud.settings.album_table)["Items"])
    token = share_links.decode_token(paths[0].rpartition("/")[2])
    assert token
    for secret in (PASSWORD, token.secret.hex(), paths[0].rpartition("/")[2]):
        assert secret not in stored + page.body


def test_neither_token_nor_password_is_logged(shared_cloud: Cloud, ann: Client, album: str) -> None:
    with capture_log() as log:
        path = create_link(ann, album, password=PASSWORD)
        for password in (PASSWORD, "canary7"):
            open_link(shared_cloud.visitor, path, password)
    assert '"/shared/{token}"' in log.text
    for secret in (path.rpartition("/")[2], PASSWORD, "canary7"):
        assert secret not in log.text


def test_link_downloads_the_copy_of_a_private_photo_even_for_its_owner(
    shared_cloud: Cloud, ann: Client, album: str
) -> None:
    photo = shared_cloud.upload(ann, JPEG, visibility="private", albumId=album[8:], filename="sea.jpg")
    path = f"{create_link(ann, album)}/photos/{photo.photo_id}/download"
    for client in (shared_cloud.visitor, ann):
        download = open_link(client, path)
        assert download.status == 200
        assert urlsplit(download.json["url"]).path.endswith(photo.renditions["full"])
        assert (download.json["filename"], download.json["size"]) == ("sea.jpg", photo.copy_size)
        redirect = client.get(path, redirect="true")
        assert (redirect.status, redirect.headers["Location"]) == (302, download.json["url"])
    assert shared_cloud.visitor.get(f"/photos/{photo.photo_id}/download").status == 404


def test_link_downloads_only_photos_of_its_album(shared_cloud: Cloud, ann: Client, album: str) -> None:
    photo = shared_cloud.upload(ann, JPEG)
    put_into_album(ann, create_album(ann), photo.photo_id)
    assert open_link(shared_cloud.visitor, f"{create_link(ann, album)}/photos/{photo.photo_id}/download").status == 404


# --- Revocation and expiry


def test_revoked_link_is_not_found(shared_cloud: Cloud, ann: Client, album: str) -> None:
    answer = ann.post(f"{album}/links").json
    path, other = get_path(answer["url"]), create_link(ann, album)
    target = f"{album}/links/{answer['linkId']}"
    assert ann.delete(target).status == 204
    assert (
        open_link(shared_cloud.visitor, path).status == open_link(shared_cloud.visitor, f"{path}/photos").status == 404
    )
    assert ann.delete(target).status == 404
    assert open_link(shared_cloud.visitor, other).status == 200
    assert broken(shared_cloud, ann.user_id) == []


def test_expired_link_is_not_found(shared_cloud: Cloud, ann: Client, album: str) -> None:
    photo = shared_cloud.upload(ann, JPEG, albumId=album[8:])
    path, unlimited = create_link(ann, album, expiresAt=timestamp_in(10)), create_link(ann, album)
    targets = ("", "/photos", f"/photos/{photo.photo_id}/download")
    for target in targets:
        assert open_link(shared_cloud.visitor, path + target).status == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        for target in targets:
            assert open_link(shared_cloud.visitor, path + target).status == 404
            assert open_link(shared_cloud.visitor, unlimited + target).status == 200


def test_deleting_an_album_deletes_its_links(shared_cloud: Cloud, ann: Client, album: str) -> None:
    path = create_link(ann, album)
    assert ann.delete(album).status == 204
    assert open_link(shared_cloud.visitor, path).status == 404
    rows = shared_cloud.dynamodb.query(
        TableName=shared_cloud.settings.album_table,
        KeyConditionExpression="albumId = :album",
        ExpressionAttributeValues={":album": {"S": album[8:]}},
    )
    assert rows["Items"] == []


def test_link_is_not_found_from_the_moment_its_album_is_deleted(shared_cloud: Cloud, ann: Client, album: str) -> None:
    path = create_link(ann, album)
    # The job that removes the link has not run yet.
    shared_cloud.dynamodb.update_item(
        TableName=shared_cloud.settings.album_table,
        Key={"albumId": {"S": album[8:]}, "record": {"S": "album"}},
        UpdateExpression="SET deletedAt = :now",
        ExpressionAttributeValues={":now": {"S": timestamp_in(0)}},
    )
    assert open_link(shared_cloud.visitor, path).status == 404


def test_link_without_its_album_is_not_found(shared_cloud: Cloud, ann: Client, album: str) -> None:
    path = create_link(ann, album)
    key = {"albumId": {"S": album[8:]}, "record": {"S": "album"}}
    shared_cloud.dynamodb.delete_item(TableName=shared_cloud.settings.album_table, Key=key)
    assert open_link(shared_cloud.visitor, path).status == 404


def test_only_the_owner_creates_lists_and_revokes_links(shared_cloud: Cloud, ann: Client) -> None:
    album = create_album(ann, visibility="public")
    link = ann.post(f"{album}/links", {}).json["linkId"]
    bob = shared_cloud.person("bob")
    assert bob.post(f"{album}/links", {}).status == 403
    assert bob.get(f"{album}/links").status == 403
    assert bob.delete(f"{album}/links/{link}").status == 403
    assert [shown["linkId"] for shown in ann.get(f"{album}/links").json["items"]] == [link]


def test_expiry_time_is_returned_in_utc_with_milliseconds(ann: Client, album: str) -> None:
    link = ann.post(f"{album}/links", {"expiresAt": "2030-01-01T12:00:00+02:00"}).json
    assert link["expiresAt"] == "2030-01-01T10:00:00.000Z"


def test_link_cannot_expire_at_the_moment_of_its_creation(ann: Client, album: str) -> None:
    with time_machine.travel(datetime.now(UTC).replace(microsecond=0), tick=False):
        refused = ann.post(f"{album}/links", {"expiresAt": timestamp_in(0)})
        assert (refused.status, refused.json["details"]) == (400, {"field": "expiresAt"})
        assert ann.post(f"{album}/links", {"expiresAt": timestamp_in(1)}).status == 201


@pytest.mark.parametrize(
    "fields",
    [
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresAt": "2030-01-01T00:00:00"},
        {"expiresAt": "0001-01-01T00:00:00+10:00"},
        {"expiresAt": "9999-12-31T23:59:59-10:00"},
        {"expiresAt": 1900000000},
        {"expiresAt": "soon"},
        {"password": ""},
        {"password": "x" * 257},
        {"password": 1},
    ],
)
def test_link_with_an_invalid_field_is_refused(ann: Client, album: str, fields: dict[str, Any]) -> None:
    answer = ann.post(f"{album}/links", fields)
    assert (answer.status, answer.json["error"]) == (400, "InvalidRequest")
    assert answer.json["details"] == {"field": next(iter(fields))}


# --- Cost


def test_page_of_a_shared_album_takes_three_requests(shared_cloud: Cloud, ann: Client, album: str) -> None:
    for photo_id in add_photos(shared_cloud, 3, ann.user_id):
        put_into_album(ann, album, photo_id)
    path = create_link(ann, album)
    shared_cloud.calls.clear()
    assert open_link(shared_cloud.visitor, f"{path}/photos").status == 200
    assert shared_cloud.calls == ["BatchGetItem", "Query", "BatchGetItem"]


def test_album_has_at_most_a_hundred_links(ann: Client, album: str) -> None:
    for _ in range(100):
        create_link(ann, album)
    refused = ann.post(f"{album}/links", {})
    assert (refused.status, refused.json["error"], refused.json["details"]) == (429, "QuotaExceeded", {"links": 100})
