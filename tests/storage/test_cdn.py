"""Signed URLs of the CDN. The tests verify them by the rules of CloudFront, with the public key."""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from chalicelib import wiring
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Cdn, MissingSetting, load_settings
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.storage.signed_urls import CdnSigner
from release import cdn_key
from tests.support.cloud import Cloud
from tests.support.images import photo as make_photo

PAIR = cdn_key.create_key_pair()
CDN = Cdn(base_url="https://cdn.example.com/r", key_id="K2JCJMDEHXQW5F", private_key=PAIR["private"])
TEN_PAST_NOON = datetime(2026, 11, 21, 12, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def get_lifetime(url: str, at: datetime) -> timedelta:
    """Return how long after `at` CloudFront serves this URL.

    Verify the canned policy as the developer guide of CloudFront describes.

    Raises:
        InvalidSignature: CloudFront rejects the URL.
    """
    address, _, query = url.partition("?")
    parameters = {name: values[0] for name, values in parse_qs(query, strict_parsing=True).items()}
    assert set(parameters) == {"Expires", "Signature", "Key-Pair-Id", "Hash-Algorithm"}
    assert (parameters["Key-Pair-Id"], parameters["Hash-Algorithm"]) == (CDN.key_id, "SHA256")
    condition = {"DateLessThan": {"AWS:EpochTime": int(parameters["Expires"])}}
    policy = json.dumps({"Statement": [{"Resource": address, "Condition": condition}]}, separators=(",", ":"))
    signature = base64.b64decode(parameters["Signature"].translate(str.maketrans("-_~", "+=/")))
    public = load_pem_public_key(PAIR["public"].encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, policy.encode(), ec.ECDSA(hashes.SHA256()))
    return datetime.fromtimestamp(int(parameters["Expires"]), UTC) - at


@pytest.fixture
def photo(shared_cloud: Cloud) -> Photo:
    """A ready, public photo."""
    return shared_cloud.upload(shared_cloud.person("ann"), make_photo(64, 48))


@pytest.fixture
def behind_cdn(shared_cloud: Cloud) -> PhotoBuckets:
    """The buckets behind a CDN."""
    return PhotoBuckets(shared_cloud.settings, shared_cloud.s3, wiring.bucket()._presigner, CdnSigner(CDN))


def test_signed_url_is_valid_in_cloudfront_for_one_object_only(behind_cdn: PhotoBuckets, photo: Photo) -> None:
    url = behind_cdn.sign_rendition_url(photo, "256", TEN_PAST_NOON)
    assert url.startswith(f"https://cdn.example.com/r/{quote(photo.renditions['256'])}?")
    assert get_lifetime(url, TEN_PAST_NOON) > timedelta()
    with pytest.raises(InvalidSignature):
        get_lifetime(url.replace("256", "1024", 1), TEN_PAST_NOON)
    expires = parse_qs(urlsplit(url).query)["Expires"][0]
    with pytest.raises(InvalidSignature):
        get_lifetime(url.replace(expires, str(int(expires) + 1)), TEN_PAST_NOON)


@pytest.mark.parametrize("name", ["256", "1024", "2048"])
def test_url_lives_at_most_a_day_for_public_photos_and_an_hour_for_others(
    behind_cdn: PhotoBuckets, photo: Photo, name: str
) -> None:
    assert DAY / 2 <= get_lifetime(behind_cdn.sign_rendition_url(photo, name, TEN_PAST_NOON), TEN_PAST_NOON) <= DAY
    hidden = [photo.with_(visibility=visibility) for visibility in ("private", "unlisted")]
    for variant in (*hidden, photo.with_(trashed_at=format_timestamp(TEN_PAST_NOON))):
        assert (
            HOUR / 2 <= get_lifetime(behind_cdn.sign_rendition_url(variant, name, TEN_PAST_NOON), TEN_PAST_NOON) <= HOUR
        )


def test_all_processes_sign_the_same_url_for_half_a_day(behind_cdn: PhotoBuckets, photo: Photo) -> None:
    first = behind_cdn.sign_rendition_url(photo, "256", TEN_PAST_NOON)
    other = PhotoBuckets(wiring.settings(), wiring.bucket()._s3, wiring.bucket()._presigner, CdnSigner(CDN))
    assert other.sign_rendition_url(photo, "256", TEN_PAST_NOON + timedelta(hours=11)) == first
    assert other.sign_rendition_url(photo, "256", TEN_PAST_NOON + timedelta(hours=12)) != first


def test_copy_and_original_keep_presigned_s3_urls(behind_cdn: PhotoBuckets, photo: Photo) -> None:
    for link in (behind_cdn.presign_copy(photo, TEN_PAST_NOON), behind_cdn.presign_original(photo, TEN_PAST_NOON)):
        assert "X-Amz-Signature" in link.url


def test_renditions_can_be_cached_for_a_year(shared_cloud: Cloud, photo: Photo) -> None:
    key = photo.renditions["256"]
    metadata = shared_cloud.s3.head_object(Bucket=shared_cloud.settings.renditions_bucket, Key=key)
    assert metadata["CacheControl"] == "max-age=31536000, immutable"
    assert metadata["StorageClass"] == "INTELLIGENT_TIERING"


def test_cdn_requires_all_three_variables(shared_cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shared_cloud.settings.cdn is None
    monkeypatch.setenv("RENDITIONS_BASE_URL", "https://cdn.example.com/r/")
    for name, value in (("CDN_KEY_ID", CDN.key_id), ("CDN_PRIVATE_KEY", CDN.private_key)):
        with pytest.raises(MissingSetting, match=name):
            load_settings()
        monkeypatch.setenv(name, value)
    assert load_settings().cdn == CDN
    assert load_settings().storage_origins[-1] == "https://cdn.example.com", (
        "a content security policy would read a path as one file"
    )


def test_key_of_another_type_is_rejected_with_advice() -> None:
    key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError, match="make cdn-key"):
        CdnSigner(Cdn(base_url="https://x", key_id="K", private_key=key.decode()))
