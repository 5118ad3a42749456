"""Photos and accounts as DynamoDB items, and the sparse keys that list them.

Visibility is in the keys: a photo that must not appear in a list has no key there, so no query can find it.
"""

import json
from decimal import Decimal
from typing import Any

import msgspec
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.domain.accounts import Account
from chalicelib.domain.feed import RANK_BITS, rank
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, uploaded_at
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.terms import prefixes, terms

PUBLIC_SHARD_BITS = 5
"""32 shards of the public ranks: at 10,000 pages a second each stays under a partition's 3,000 read units.

Whoever changes it raises `cursors.VERSION` too: the buckets of walks that are under way could cross the new shards.
"""
TOMBSTONE_SECONDS = 90 * 24 * 60 * 60
_DESCRIPTIVE = ("title", "description", "tags", "exif")

Item = dict[str, Any]
Key = dict[str, Any]


class _Numbers(TypeDeserializer):
    # boto3's own makes every number a Decimal.
    def _deserialize_n(self, value: str) -> int | float:
        return int(value) if value.lstrip("-").isdigit() else float(value)


_from_wire = _Numbers()
_to_wire = TypeSerializer()


def encode(values: Item) -> Item:
    """Plain values as DynamoDB spells them."""
    plain = json.loads(msgspec.json.encode(values), parse_float=Decimal)
    return {name: _to_wire.serialize(value) for name, value in plain.items()}


def decode(item: Item) -> Item:
    """DynamoDB's spelling as plain values."""
    return {name: _from_wire.deserialize(value) for name, value in item.items()}


def photo_key(photo_id: PhotoId) -> Key:
    """The primary key of a photo: the sort key follows from the id."""
    return {"photoId": {"S": photo_id}, "uploadedAt": {"S": uploaded_at(photo_id)}}


def account_key(user_id: UserId) -> Key:
    """The primary key of an account's own record."""
    return {"userId": {"S": user_id}, "record": {"S": "account"}}


def album_key(album_id: AlbumId) -> Key:
    """The primary key of an album's own record."""
    return {"albumId": {"S": album_id}, "record": {"S": "album"}}


def photo_item(photo: Photo, now: int = 0) -> Item:
    """The whole item of a photo; a tombstone expires 90 days after `now`, in Unix seconds."""
    values = msgspec.to_builtins(photo)
    values["metadata"] = {name: values.pop(name) for name in _DESCRIPTIVE if name in values}
    values |= {"uploadedAt": photo.uploaded_at, "revision": photo.revision}
    if photo.renditions:
        # Without what they all begin with: lists read many rows, and pay by the byte.
        values["renditions"] = {name: _short(key, _folder(photo)) for name, key in photo.renditions.items()}
    if photo.status == "erased":
        values["expiresAt"] = now + TOMBSTONE_SECONDS
    return encode(values | _index_keys(photo))


def photo_of(item: Item) -> Photo:
    """The photo of an item."""
    values = decode(item)
    photo = msgspec.convert(values | values.get("metadata", {}), Photo)
    return photo.with_(renditions={name: _whole(short, _folder(photo)) for name, short in photo.renditions.items()})


def _folder(photo: Photo) -> str:
    return f"{photo.prefix}{photo.version_id}/"


def _short(key: str, folder: str) -> str:
    # A file name has a slash before it only where it is not in the folder.
    name = key.removeprefix(folder)
    return name if name != key and "/" not in name else f"/{key}"


def _whole(short: str, folder: str) -> str:
    return short[1:] if short.startswith("/") else folder + short


def account_of(item: Item) -> Account:
    """The account of an item."""
    values = decode(item)
    return msgspec.convert(values | {"cancelled": "cancelledAt" in values}, Account)


def entry_items(photo: Photo) -> dict[AlbumId, Item]:
    """The rows that list a photo in its albums; those in the trash are in none."""
    rows: dict[AlbumId, Item] = {}
    for album_id, placement in photo.albums.items() if photo.listed else ():
        position = f"{placement.position:016d}#{photo.photo_id}"
        row = {"albumId": album_id, "photoId": photo.photo_id, "position": position}
        row["rank"] = rank_text(rank(photo.photo_id))
        if photo.visibility != "private":
            row["openKey"] = album_id
        rows[album_id] = encode(row)
    return rows


def term_items(photo: Photo) -> dict[str, Item]:
    """The rows that find a listed photo by its terms, by their partition keys."""
    found = terms(photo) if photo.listed else {}
    public = {text for text, term in found.items() if term.public and photo.visibility == "public"}
    words = {text for text, term in found.items() if term.word}
    own, others = prefixes(words), prefixes(words & public)
    rows: dict[str, Item] = {}
    for text, term in found.items():
        row = {"ownerTerm": f"{photo.user_id}#{text}", "photoId": photo.photo_id}
        row |= _tag_keys(photo, text, public=text in public) if term.tag else {}
        row |= {"publicWord": text} if text in words & public else {}
        row |= {f"owner{len(prefix)}": f"{photo.user_id}#{prefix}" for prefix in own.get(text, ())}
        row |= {f"public{len(prefix)}": prefix for prefix in others.get(text, ())}
        rows[row["ownerTerm"]] = encode(row)
    return rows


def _tag_keys(photo: Photo, text: str, *, public: bool) -> Item:
    tag = text.removeprefix("tag#")
    keys = {"ownerTag": f"{photo.user_id}#{tag}"}
    return keys | {"publicTag": tag, "publicOwnerTag": keys["ownerTag"]} if public else keys


def digest_item(photo: Photo) -> Item | None:
    """The row that finds a listed photo by its bytes."""
    if not photo.listed or photo.sha256 is None:
        return None
    row = {"userId": photo.user_id, "record": f"sha256#{photo.sha256}#{photo.photo_id}", "photoId": photo.photo_id}
    return encode(row)


def shard(rank_value: int) -> str:
    """The partition of the public ranks that a rank is in."""
    return f"{rank_value >> (RANK_BITS - PUBLIC_SHARD_BITS):02d}"


def rank_text(rank_value: int) -> str:
    """A rank as a sort key."""
    return f"{rank_value:016x}"


def score_text(score: float, photo_id: PhotoId) -> str:
    """A score as a sort key: text order is score order, and equals are in the order of their ids."""
    return f"{score:.8f}#{photo_id}"


def just_below(key: str) -> str:
    """A text after which, and up to `key`, no other key of the same length sorts."""
    return f"{key[:-1]}{chr(ord(key[-1]) - 1)}~"


def owner_partition(listing: Listing) -> str:
    """The partition of one person's photos, or of their trash."""
    return f"{listing.owner}#trash" if listing.scope == "trash" else f"{listing.owner}"


def _index_keys(photo: Photo) -> Item:
    keys: Item = {}
    if photo.due_at is not None:
        # Beside `dueAt`, so that a sweep can postpone the row without anything else seeing it.
        keys |= {"dueShard": photo.photo_id[-1], "sweepAt": photo.due_at}
    if photo.status != "ready":
        return keys
    keys["ownerKey"] = f"{photo.user_id}#trash" if photo.trashed_at else photo.user_id
    if photo.listed:
        place = rank(photo.photo_id)
        keys |= {"rank": rank_text(place), "score": score_text(photo.score, photo.photo_id)}
        if photo.visibility == "public":
            keys |= {"publicKey": "public", "publicOwnerKey": photo.user_id, "feedShard": shard(place)}
    return keys
