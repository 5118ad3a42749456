"""Photos, albums and accounts as DynamoDB items, and the sparse keys that list them.

The keys enforce visibility: a photo that must not appear in a list has no key there, so no query can find it.
AWS contract DDB-10.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from chalicelib.domain.accounts import Account
from chalicelib.domain.albums import Album
from chalicelib.domain.feed import RANKS, Span, compute_rank
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, get_upload_time
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import TOMBSTONE_SECONDS, Photo
from chalicelib.domain.years import read_years

PUBLIC_SHARD_BITS = 5
"""Shards of the public ranks. At 10,000 pages per second, each shard stays under a partition's 3,000 read units.

At most `feed.PUBLIC_MIN_DEPTH`, so that no bucket of a walk crosses a shard and costs a second query.
AWS contract DDB-19.
"""
_SHARD_WIDTH = RANKS >> PUBLIC_SHARD_BITS
DUE_SHARDS = "0123456789abcdef"
"""The partitions of the rows that are due for the sweep at some time: the last digits of ids."""
_HEX_DIGITS = 64
"""The length of a SHA-256 digest in the rows of an earlier release."""
_DESCRIPTIVE = ("title", "description", "tags", "exif")

Item = dict[str, Any]
"""DynamoDB's typed values by attribute name."""
Key = dict[str, Any]
PlainItem = dict[str, Any]
"""Plain Python values by attribute name."""


class _NumberDeserializer(TypeDeserializer):
    # boto3's deserializer returns every number as a Decimal.
    def _deserialize_n(self, value: str) -> int | float:
        return int(value) if value.lstrip("-").isdigit() else float(value)


_from_wire = _NumberDeserializer()
_to_wire = TypeSerializer()


def encode(values: PlainItem) -> Item:
    """Convert plain values to DynamoDB's typed values."""
    plain = json.loads(msgspec.json.encode(values), parse_float=Decimal)
    return {name: _to_wire.serialize(value) for name, value in plain.items()}


def decode(item: Item) -> PlainItem:
    """Convert DynamoDB's typed values to plain values."""
    return {name: _from_wire.deserialize(value) for name, value in item.items()}


def build_photo_key(photo_id: PhotoId) -> Key:
    """Return the primary key of a photo. The sort key follows from the id."""
    return {"photoId": {"S": photo_id}, "uploadedAt": {"S": get_upload_time(photo_id)}}


def build_account_key(user_id: UserId) -> Key:
    """Return the primary key of an account's own record."""
    return {"userId": {"S": user_id}, "record": {"S": "account"}}


def build_album_key(album_id: AlbumId) -> Key:
    """Return the primary key of an album's own record."""
    return {"albumId": {"S": album_id}, "record": {"S": "album"}}


def encode_photo(photo: Photo, now: int = 0) -> Item:
    """Return the item of a photo. A tombstone expires 90 days after `now`, in Unix seconds."""
    values = msgspec.to_builtins(photo)
    values.pop("outdatedTakenKey", None)
    values["metadata"] = {name: values.pop(name) for name in _DESCRIPTIVE if name in values}
    values |= {"uploadedAt": photo.uploaded_at, "revision": photo.revision}
    # Store nothing twice. Lists read many rows, and DynamoDB charges for each KB of a row in each of its indexes.
    values["s3Key"] = _shorten_original_key(photo)
    if photo.renditions:
        values["renditions"] = {name: _shorten_key(photo, name, key) for name, key in photo.renditions.items()}
    if photo.sha256:
        values["sha256"] = base64_encode(bytes.fromhex(photo.sha256)).decode()
    if photo.status == "erased":
        values["expiresAt"] = now + TOMBSTONE_SECONDS
    return encode(values | _build_index_keys(photo))


def decode_photo(item: Item) -> Photo:
    """Return the photo of an item."""
    values = decode(item)
    photo = msgspec.convert(values | values.get("metadata", {}), Photo)
    stored_key, sha256 = values.get("takenKey", ""), photo.sha256
    return photo.with_(
        s3_key=photo.s3_key if "/" in photo.s3_key else f"{photo.prefix}{photo.s3_key or photo.filename}",
        renditions={name: _restore_key(photo, name, short) for name, short in photo.renditions.items()},
        # An earlier release has stored hexadecimal digits.
        sha256=base64_decode(sha256).hex() if sha256 and len(sha256) < _HEX_DIGITS else sha256,
        outdated_taken_key=None if stored_key == (get_stored_taken_key(photo) or "") else stored_key,
    )


def get_stored_taken_key(photo: Photo) -> str | None:
    """Return the `taken_key` with which the stored rows list and count a photo, or None if they do neither."""
    if photo.outdated_taken_key is not None:
        return photo.outdated_taken_key or None
    return photo.taken_key if photo.listed else None


def build_taken_list(album_id: AlbumId, *, is_private: bool) -> str:
    """Return the partition of an album's private photos, or of its other photos, in the order `taken`."""
    return f"{album_id}#private" if is_private else f"{album_id}#open"


def _get_folder(photo: Photo) -> str:
    return f"{photo.prefix}{photo.version_id}/"


def _shorten_original_key(photo: Photo) -> str:
    # The name of the object is empty if it is the file name. A key with another prefix stays whole.
    name = photo.s3_key.removeprefix(photo.prefix)
    return "" if name == photo.filename else name


def _shorten_key(photo: Photo, rendition: str, key: str) -> str:
    # A leading slash marks a whole key. The key of a file outside the folder stays whole.
    name = key.removeprefix(_get_folder(photo))
    if name == key or "/" in name:
        return f"/{key}"
    return name.removeprefix(rendition) if name.startswith(f"{rendition}.") else name


def _restore_key(photo: Photo, rendition: str, short: str) -> str:
    if short.startswith("/"):
        return short[1:]
    return f"{_get_folder(photo)}{rendition if short.startswith('.') else ''}{short}"


def decode_account(item: Item) -> Account:
    """Return the account of an item."""
    values = decode(item)
    return msgspec.convert(values | {"cancelled": "cancelledAt" in values}, Account)


def decode_album(item: Item) -> Album:
    """Return the album of an item. Older items have the years as a text."""
    values = decode(item)
    return msgspec.convert(values | {"years": read_years(values.get("years", ()))}, Album)


def encode_entries(photo: Photo) -> dict[AlbumId, Item]:
    """Return the rows that list a photo in its albums. A photo in the trash has none."""
    rows: dict[AlbumId, Item] = {}
    for album_id, membership in photo.memberships.items() if photo.listed else ():
        position = f"{membership.position:016d}#{photo.photo_id}"
        row = {"albumId": album_id, "photoId": photo.photo_id, "position": position}
        row["rank"] = encode_rank(compute_rank(photo.photo_id))
        if photo.visibility != "private":
            row["openKey"] = album_id
        if taken_key := get_stored_taken_key(photo):
            is_private = photo.visibility == "private"
            row |= {"takenKey": taken_key, "takenList": build_taken_list(album_id, is_private=is_private)}
        rows[album_id] = encode(row)
    return rows


def encode_digest(photo: Photo) -> Item | None:
    """Return the row that finds a photo by its bytes, or None if the photo is not listed."""
    if not photo.listed or photo.sha256 is None:
        return None
    row = {"userId": photo.user_id, "record": f"sha256#{photo.sha256}#{photo.photo_id}", "photoId": photo.photo_id}
    return encode(row)


def choose_shard(rank_value: int) -> str:
    """Return the partition of the public ranks that holds a rank."""
    return f"{rank_value // _SHARD_WIDTH:02d}"


def split_by_shard(span: Span) -> Iterator[tuple[str, Span]]:
    """Split a span of public ranks at the borders of its shards. Yield each partition and its part of the span."""
    for low in range(span.low - span.low % _SHARD_WIDTH, span.high + 1, _SHARD_WIDTH):
        yield choose_shard(low), Span(max(span.low, low), min(span.high, low + _SHARD_WIDTH - 1))


def encode_rank(rank_value: int) -> str:
    """Return a rank as a sort key."""
    return f"{rank_value:016x}"


def build_rank_range(span: Span) -> tuple[str, str, str]:
    """Return the name of the ranks' sort key, and its values at both ends of a span."""
    return "rank", encode_rank(span.low), encode_rank(span.high)


def encode_score(score: float, photo_id: PhotoId) -> str:
    """Return a score as a sort key: text order is score order, and equal scores are in the order of their ids."""
    return f"{score:.8f}#{photo_id}"


def get_key_below(key: str) -> str:
    """Return a text that sorts before `key` and after every other key of the same length below it."""
    return f"{key[:-1]}{chr(ord(key[-1]) - 1)}~"


def choose_owner_partition(listing: Listing) -> str:
    """Return the partition of a user's photos, or of their trash."""
    return f"{listing.owner}#trash" if listing.scope == "trash" else f"{listing.owner}"


def _build_index_keys(photo: Photo) -> PlainItem:
    keys: PlainItem = {}
    if photo.sweep_at is not None:
        # `sweepAt` is separate from `dueAt`, so that a sweep can postpone the row without changing the photo.
        keys |= {"dueShard": photo.photo_id[-1], "sweepAt": photo.sweep_at}
    # The key also says that the photo is counted in its month, so an outdated key stays until the count changes.
    if taken_key := get_stored_taken_key(photo):
        keys["takenKey"] = taken_key
    if photo.status != "ready":
        return keys
    keys["ownerKey"] = f"{photo.user_id}#trash" if photo.trashed_at else photo.user_id
    if photo.listed:
        photo_rank = compute_rank(photo.photo_id)
        keys |= {"rank": encode_rank(photo_rank), "score": encode_score(photo.score, photo.photo_id)}
        if photo.visibility == "public":
            keys |= {"publicKey": "public", "publicOwnerKey": photo.user_id, "feedShard": choose_shard(photo_rank)}
    return keys
