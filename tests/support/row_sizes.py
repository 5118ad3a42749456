"""A typical row of `PhotoMetadata`, its size, and what DynamoDB charges for reading it."""

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from chalicelib.domain.ids import UserId, new_photo_id, timestamp
from chalicelib.domain.photos import Exif, Photo
from chalicelib.stores.dynamodb import items

START = datetime(2026, 1, 1, tzinfo=UTC)
KB = 1024
DOLLARS_PER_MILLION_UNITS = 0.125
"""On demand, us-east-1, DynamoDB Standard, since November 2024."""
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
    """The `number`-th of some ready photos, with all that a camera and its owner have to say about one."""
    rng = random.Random(f"{seed} {number}")
    owner: UserId = facts.get("user_id") or UserId(str(UUID(int=rng.getrandbits(128), version=4)))
    made = START + timedelta(minutes=number)
    photo_id = new_photo_id(made, rng.getrandbits(128))
    version = f"{rng.getrandbits(128):032x}"
    keys = {name: f"{owner}/{photo_id}/{version}/{name}.webp" for name in ("256", "1024", "2048", "full")}
    typical = Photo(
        photo_id=photo_id,
        user_id=owner,
        s3_key=f"{owner}/{photo_id}/IMG_{number:04d}.jpg",
        filename=f"IMG_{number:04d}.jpg",
        content_type="image/jpeg",
        status="ready",
        title="The harbour before the storm",
        description="Taken from the north pier, a quarter of an hour before everybody ran for cover.",
        tags=("harbour", "storm", "blue hour"),
        size=rng.randrange(2_000_000, 9_000_000),
        sha256=f"{rng.getrandbits(256):064x}",
        version_id=version,
        width=6000,
        height=4000,
        taken_at=timestamp(made - timedelta(days=3)),
        exif=TYPICAL_EXIF,
        placeholder="3OcRJYB4d3h/iIeHeEh3eIhw+j3A",
        renditions=keys,
        copy_type="image/webp",
        copy_size=rng.randrange(1_000_000, 4_000_000),
        rating_sum=37,
        rating_count=9,
        charged=5_000_000,
        revision=3,
    )
    return typical.with_(**facts)


def item_size(item: items.Item) -> int:
    """Bytes of an item, or of a projected one, as DynamoDB counts them ("Item sizes and formats", its guide)."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(typed: dict[str, Any]) -> int:
    ((kind, value),) = typed.items()
    if kind == "S":
        return len(str(value).encode())
    if kind == "N":
        return math.ceil(len(str(value).strip("-").replace(".", "").strip("0")) / 2) + 1 + str(value).startswith("-")
    if kind == "M":
        return 3 + len(value) + item_size(value)
    if kind == "L":
        return 3 + len(value) + sum(map(_value, value))
    return 1


def read_units(read: int) -> float:
    """Read units of one eventually consistent Query that read so many bytes: half a one for every 4 KB begun."""
    return max(math.ceil(read / (4 * KB)), 1) / 2


ROW_BYTES = item_size(items.photo_item(typical_photo(1234)))
"""What a photo takes in an index."""
