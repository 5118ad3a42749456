"""A typical row of `PhotoMetadata`, its size, and the cost of reading it from DynamoDB."""

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.domain.ids import LocalTime, UserId, UtcOffset, create_photo_id, format_timestamp
from chalicelib.domain.photos import Exif, Photo
from chalicelib.stores.dynamodb import items

START = datetime(2026, 1, 1, tzinfo=UTC)
KB = 1024
DOLLARS_PER_MILLION_UNITS = 0.125
"""The price in us-east-1 since November 2024, for DynamoDB Standard with on-demand capacity."""
TYPICAL_EXIF = Exif(
    camera="FUJIFILM X-T5",
    lens="XF23mmF1.4 R LM WR",
    iso=400,
    aperture=5.6,
    shutter="1/250",
    focal_length=23.0,
    latitude=54.323,
    longitude=10.139,
    altitude=4.0,
)


def typical_photo(number: int, seed: int = 0, **facts: Any) -> Photo:
    """Return ready photo number `number`, with all metadata of a camera and all fields that an owner can set."""
    rng = random.Random(f"{seed} {number}")
    owner: UserId = facts.get("user_id") or UserId(str(UUID(int=rng.getrandbits(128), version=4)))
    created_at = START + timedelta(minutes=number)
    photo_id = create_photo_id(created_at, rng.getrandbits(128))
    version = f"{rng.getrandbits(128):032x}"
    files = {"256": "256.webp", "1024": "1024.webp", "2048": "2048.webp", "full": "full.jpg"}
    keys = {name: f"{owner}/{photo_id}/{version}/{file}" for name, file in files.items()}
    typical = Photo(
        photo_id=photo_id,
        user_id=owner,
        s3_key=f"{owner}/{photo_id}/IMG_{number:04d}.jpg",
        filename=f"IMG_{number:04d}.jpg",
        content_type="image/jpeg",
        status="ready",
        title="The harbour before the storm",
        description="Taken from the north pier, a quarter of an hour before all visitors ran inside.",
        tags=("harbour", "storm", "blue hour"),
        size=rng.randrange(2_000_000, 9_000_000),
        sha256=f"{rng.getrandbits(256):064x}",
        version_id=version,
        width=6000,
        height=4000,
        taken_at=format_timestamp(created_at - timedelta(days=3)),
        taken_local=LocalTime(format_timestamp(created_at - timedelta(days=3, hours=-2))[:19]),
        taken_offset=UtcOffset("+02:00"),
        exif=TYPICAL_EXIF,
        placeholder="3OcRJYB4d3h/iIeHeEh3eIhw+j3A",
        renditions=keys,
        copy_type="image/jpeg",
        copy_size=rng.randrange(1_000_000, 4_000_000),
        rating_sum=37,
        rating_count=9,
        charged_bytes=5_000_000,
        revision=3,
    )
    return typical.with_(**facts)


def item_size(item: items.Item) -> int:
    """Return the bytes of an item or an index entry, by "Item sizes and formats" in the DynamoDB developer guide."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(typed: dict[str, Any]) -> int:
    ((kind, value),) = typed.items()
    if kind == "S":
        return len(str(value).encode())
    if kind == "N":
        return math.ceil(len(str(value).strip("-").replace(".", "").strip("0")) / 2) + 1 + str(value).startswith("-")
    if kind == "M":
        return 3 + len(value) + item_size(value)
    if kind == "L":
        return 3 + len(value) + sum(map(_value_size, value))
    return 1


def read_units(size: int) -> float:
    """Return the read units of an eventually consistent query: a half for each started block of 4 KB."""
    return max(math.ceil(size / (4 * KB)), 1) / 2


ROW_BYTES = item_size(items.encode_photo(typical_photo(1234)))
"""The bytes of a photo in an index."""
