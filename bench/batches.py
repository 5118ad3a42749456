"""Measure a batch of 50 photos with simulated latencies of DynamoDB: `python -m bench.batches`.

botocore builds and signs each request. No request leaves the process.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib import wiring
from chalicelib.domain.accounts import Caller
from chalicelib.domain.albums import Album
from chalicelib.domain.batches import MAX_BATCH_SIZE, EntryBatch, EntryItem, PhotoIdBatch
from chalicelib.domain.ids import UserId, create_album_id, create_photo_id, format_timestamp
from chalicelib.domain.photos import Membership, Photo
from chalicelib.stores.dynamodb import items

OWNER = Caller(UserId("ann"))
LATENCIES = (0.02, 0.04, 0.08)
"""Seconds of a transaction. A read takes a fifth of them."""
NOW = wiring.now()
ALBUM = Album(
    album_id=create_album_id(NOW, 1),
    user_id=OWNER.user_id,
    name="Summer at the sea",
    created_at=format_timestamp(NOW),
    updated_at=format_timestamp(NOW),
)
NAMES = """PHOTO_TABLE ALBUM_TABLE ENTRY_TABLE ACCOUNT_TABLE RATING_TABLE TERM_TABLE ORIGINALS_BUCKET RENDITIONS_BUCKET
USER_POOL_ID USER_POOL_CLIENT_ID COGNITO_DOMAIN BASE_URL JOB_QUEUE_URL SIGNING_KEYS AWS_ACCESS_KEY_ID
AWS_SECRET_ACCESS_KEY"""
"""The required settings. Their values do not matter."""


class Response(AWSResponse):
    """A response with this body."""

    def __init__(self, url: str, body: bytes) -> None:
        super().__init__(url, 200, HTTPHeaders(), None)
        self._body = body

    @property
    def content(self) -> bytes:
        """Return the body."""
        return self._body


class Dynamo:
    """Answer the requests of botocore after a delay."""

    def __init__(self, photos: Sequence[Photo], latency: float) -> None:
        self._latency = latency
        tables = wiring.settings().photo_table, wiring.settings().album_table
        album = items.encode(msgspec.to_builtins(ALBUM) | {"record": "album"})
        rows = {tables[0]: [items.encode_photo(photo) for photo in photos], tables[1]: [album]}
        self._found = json.dumps({"Responses": rows, "UnprocessedKeys": {}}).encode()

    def respond(self, request: Any, **_: Any) -> AWSResponse:
        """Handle the `before-send` event of botocore."""
        is_read = b"BatchGetItem" in request.headers["X-Amz-Target"]
        time.sleep(self._latency / 5 if is_read else self._latency)
        return Response(request.url, self._found if is_read else b"{}")


def create_photos(albums: int) -> list[Photo]:
    """Return ready photos with typical texts. Each is in one of `albums` albums, or in none if 0."""
    names = [create_album_id(NOW, 2 + number) for number in range(albums)]
    return [
        Photo(
            photo_id=create_photo_id(NOW - timedelta(minutes=number), number),
            user_id=OWNER.user_id,
            s3_key=f"ann/{number}/x.jpg",
            filename="x.jpg",
            content_type="image/jpeg",
            status="ready",
            title="The harbour before the storm",
            description="Taken from the north pier.",
            tags=("sea", "storm"),
            renditions={name: f"ann/{number}/{name}.webp" for name in ("256", "1024", "2048", "full")},
            memberships={names[number % albums]: Membership(name="Sea", public=True, position=1)} if albums else {},
        )
        for number in range(MAX_BATCH_SIZE)
    ]


def measure(name: str, photos: Sequence[Photo], run: Callable[[list[str]], Any]) -> None:
    """Print the seconds of a batch for each latency."""
    ids: list[str] = [photo.photo_id for photo in photos]
    results = []
    for latency in LATENCIES:
        client = wiring.dynamodb()
        handler: Any = Dynamo(photos, latency).respond
        client.meta.events.register("before-send", handler)
        start, cpu = time.perf_counter(), time.process_time()
        failures = sum(item.error is not None for item in run(ids).items)
        results.append(f"{time.perf_counter() - start:5.2f} s ({time.process_time() - cpu:.2f} s CPU)")
        client.meta.events.unregister("before-send", handler)
        assert not failures
    print(f"{name:<44}{'  '.join(results)}")


def main() -> None:
    os.environ |= {name: name.lower() for name in NAMES.split()} | {"AWS_DEFAULT_REGION": "us-east-1"}
    print(f"{MAX_BATCH_SIZE} photos, transactions of {', '.join(f'{latency * 1000:.0f}' for latency in LATENCIES)} ms")

    for albums, name in ((0, "no album"), (10, "ten albums"), (1, "the same album")):
        measure(f"trash photos of {name}", create_photos(albums), trash)
    measure("add photos to an album", create_photos(0), add)


def trash(ids: list[str]) -> Any:
    """Move photos to the trash."""
    return wiring.photo_batches().trash(PhotoIdBatch(photo_ids=ids), by=OWNER)


def add(ids: list[str]) -> Any:
    """Add photos to the album."""
    batch = EntryBatch(items=[EntryItem(photo_id=photo_id) for photo_id in ids])
    return wiring.album_batches().add(ALBUM.album_id, batch, by=OWNER)


if __name__ == "__main__":
    main()
