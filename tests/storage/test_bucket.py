"""The conditions that a grant signs. The tests on the emulator show that storage enforces them."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

from tests.support.cloud import Cloud

DIGEST = "0" * 64


def test_put_grant_signs_every_header_that_it_lists(cloud: Cloud) -> None:
    grant = cloud.grant(cloud.person("ann"), size=10, sha256=DIGEST)
    signed = parse_qs(urlsplit(grant["uploadUrl"]).query)["X-Amz-SignedHeaders"][0].split(";")
    assert set(signed) == {"host", *(name.lower() for name in grant["headers"])}
    assert grant["headers"]["If-None-Match"] == "*"
    assert grant["headers"]["Content-Length"] == "10"
    assert base64.b64decode(grant["headers"]["x-amz-checksum-sha256"]).hex() == DIGEST
    assert "fields" not in grant


def test_put_grant_without_size_and_digest_binds_neither(cloud: Cloud) -> None:
    headers = cloud.grant(cloud.person("ann"))["headers"]
    assert not {"Content-Length", "x-amz-checksum-sha256"} & set(headers)


def test_form_grant_binds_key_type_metadata_and_length(cloud: Cloud) -> None:
    grant = cloud.grant(cloud.person("ann"), method="POST", sha256=DIGEST)
    policy = json.loads(base64.b64decode(grant["fields"]["policy"]))
    bound = {
        name: value
        for condition in policy["conditions"]
        if isinstance(condition, dict)
        for name, value in condition.items()
    }
    assert bound.pop("bucket") == cloud.settings.originals_bucket
    assert bound["key"] == grant["s3Key"] == grant["fields"]["key"]
    sent = {name: value for name, value in grant["fields"].items() if name not in ("policy", "x-amz-signature")}
    assert bound == sent
    assert ["content-length-range", 1, 200_000_000] in policy["conditions"]
    exact = cloud.grant(cloud.person("ann"), method="POST", size=7)
    assert ["content-length-range", 7, 7] in json.loads(base64.b64decode(exact["fields"]["policy"]))["conditions"]


def test_unsafe_filenames_are_encoded_for_storage(cloud: Cloud) -> None:
    name = "naïve\r\nX-Evil: 1\u202egpj.\U0001f4f7"
    grant = cloud.grant(cloud.person("ann"), filename=name)
    assert grant["s3Key"].isascii()
    assert grant["headers"]["x-amz-meta-filename"].isascii()
    assert "\r" not in grant["headers"]["x-amz-meta-filename"]
    assert cloud.photo(grant["photoId"]).filename == name
