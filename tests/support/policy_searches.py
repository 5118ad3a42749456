"""Use every permission for the tables of search words and search terms."""

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.stores.dynamodb import words
from chalicelib.stores.dynamodb.photos import DynamoPhotoStore
from tests.support.cloud import Cloud
from tests.support.images import photo as make_photo
from tests.support.old_search import OLD_TABLE


def search_photos(cloud: Cloud) -> None:
    """Search by whole words, by prefixes of each length, and by a common prefix."""
    ann = cloud.person("ann")
    cloud.upload(ann, make_photo(64, 48), title="Abcdefghijk", tags=["sea"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(words, "BLOCK", 1)
        for scope in ("public", "mine"):
            assert ann.get("/search", q="abc", scope=scope).status == 200
    for text in ("abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abcdefghijk", "#sea", "tag:sea", "sea", "a"):
        for scope in ("public", "mine"):
            assert ann.get("/search", q=text, scope=scope).status == 200


def search_old_terms(cloud: Cloud) -> None:
    """Search and list by tag while functions also read the table of an earlier release."""
    photos = wiring.stores().photos
    assert isinstance(photos, DynamoPhotoStore)
    services: list[Any] = [wiring.stores().search, photos._tags]
    with pytest.MonkeyPatch.context() as patched:
        for service in services:
            patched.setattr(service, "_old_terms", OLD_TABLE)
        search_photos(cloud)
        for filters in ({"scope": "mine"}, {"userId": "ann"}, {}):
            assert cloud.person("ann").get("/photos", order="newest", tag="sea", **filters).status == 200
