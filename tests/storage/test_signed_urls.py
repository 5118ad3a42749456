"""Presigned links that are stable within a window and valid for S3, and the filenames of downloads."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
import time_machine
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.signed_urls import LIFETIME, WINDOW, Presigner, build_content_disposition
from tests.support.filenames import HOSTILE_FILENAMES

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRESIGNER = Presigner("https://s3.eu-central-1.amazonaws.com/{bucket}", "eu-central-1", Credentials("id", "secret"))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(st.integers(0, int(WINDOW.total_seconds()) - 1), st.integers(0, int(WINDOW.total_seconds()) - 1))
def test_link_is_stable_within_a_window_and_changes_in_the_next(first: int, second: int) -> None:
    def make_url(moment: datetime) -> str:
        return PRESIGNER.presign("photos", "ann/1/256.webp", moment).url

    first_url, second_url, next_url = (
        make_url(START + timedelta(seconds=seconds)) for seconds in (first, second, first + 1800)
    )
    assert first_url == second_url != next_url


@given(st.integers(0, 10**6))
def test_link_is_valid_until_its_stated_expiry_and_for_at_most_an_hour(seconds: int) -> None:
    now = START + timedelta(seconds=seconds)
    link = PRESIGNER.presign("photos", "key", now)
    query = parse_qs(urlsplit(link.url).query)
    signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    end = signed + timedelta(seconds=int(query["X-Amz-Expires"][0]))
    assert signed <= now
    assert now + timedelta(seconds=link.expires_in) <= end <= now + LIFETIME


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30), NAMES)
def test_signature_equals_that_of_boto3_at_the_start_of_the_window(key: str, filename: str) -> None:
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    client = boto3.client(
        "s3", region_name="eu-central-1", aws_access_key_id="id", aws_secret_access_key="secret", config=config
    )
    disposition = build_content_disposition(filename)
    with time_machine.travel(START, tick=False):
        expected = client.generate_presigned_url(
            "get_object",
            Params={"Bucket": "photos", "Key": key, "ResponseContentDisposition": disposition, "VersionId": "v.1_a"},
            ExpiresIn=int(LIFETIME.total_seconds()),
        )
    query = {"response-content-disposition": disposition, "versionId": "v.1_a"}
    url = PRESIGNER.presign("photos", key, START + timedelta(minutes=29), **query).url
    assert parse_qs(urlsplit(url).query) == parse_qs(urlsplit(expected).query)
    assert unquote(urlsplit(url).path) == unquote(urlsplit(expected).path)


def test_refreshed_credentials_are_used_at_once() -> None:
    refreshed = Presigner("https://{bucket}", "eu-central-1", Credentials("id-2", "secret-2", "token"))
    assert "X-Amz-Security-Token=token" in refreshed.presign("photos", "key", START).url


@pytest.mark.parametrize("filename", HOSTILE_FILENAMES)
def test_browsers_get_the_original_filename(filename: str) -> None:
    header = build_content_disposition(filename)
    message = EmailMessage()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    assert unquote(header.partition("filename*=UTF-8''")[2]) == filename


@given(NAMES)
def test_filename_cannot_break_out_of_the_ascii_header(filename: str) -> None:
    pattern = r"attachment; filename=\"[A-Za-z0-9._ -]*\"; filename\*=UTF-8''(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*"
    assert re.fullmatch(pattern, build_content_disposition(filename))
