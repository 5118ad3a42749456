"""Fill a cloud with photos and read its lists page by page."""

import secrets
from datetime import timedelta
from typing import Any

from chalicelib.domain.ids import PhotoId, UserId, create_photo_id
from chalicelib.domain.photos import Photo, Visibility
from tests.support.cloud import Client, Cloud
from tests.support.rows import START


def add_photos(
    cloud: Cloud, count: int, owner: str = "ann", visibility: Visibility = "public", **facts: Any
) -> list[PhotoId]:
    """Add ready photos without their files, one per minute from START. Return their ids, oldest first."""
    added = []
    for number in range(count):
        photo_id = create_photo_id(START + timedelta(minutes=number), secrets.randbits(128))
        photo = Photo(
            photo_id=photo_id,
            user_id=UserId(owner),
            s3_key=f"{owner}/{photo_id}/x.jpg",
            filename="x.jpg",
            content_type="image/jpeg",
            status="ready",
            visibility=visibility,
            **facts,
        )
        pending = photo.with_(status="pending", rating_sum=0, rating_count=0)
        assert cloud.store.rebuild(pending)
        assert cloud.store.replace(pending, photo)
        added.append(photo_id)
    return added


def read_pages(client: Client, path: str = "/photos", **query: Any) -> list[list[str]]:
    """Read a list to its end. Return the photo ids of each page."""
    pages, last_key = [], None
    while True:
        answer = client.get(path, **query, **({"lastKey": last_key} if last_key else {}))
        assert answer.status == 200, answer.body
        pages.append([item["photoId"] for item in answer.json["items"]])
        last_key = answer.json["lastKey"]
        if last_key is None:
            return pages


def join_pages(pages: list[list[str]]) -> list[str]:
    """Return the ids of all pages in one list."""
    return [photo_id for page in pages for photo_id in page]
