"""The lists of photos. A list has a row for each of its photos, so no query can find a photo outside its list."""

from hashlib import sha256
from typing import NamedTuple

from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import normalize_tag, normalize_tags
from chalicelib.stores.postgres.database import Transaction
from chalicelib.stores.postgres.rows import build_list, build_placeholders, encode_json, get_rank

_SCORE_UNITS = 10**8
_MAX_NAME_BYTES = 512
"""Aurora DSQL refuses keys over 1 KiB. The compared form of a tag can be longer. AWS contract DSQL-13."""


class Keys(NamedTuple):
    """The sort keys of a photo in one list. None if the list does not have this order."""

    rank: int | None = None
    score: int | None = None
    taken_key: str | None = None


def build_name(scope: str, owner: str | None = None, tag: str | None = None) -> str:
    """Return the name of a list. Different lists have different names. A name that would be too long has a digest."""
    name = encode_json([scope, owner] if tag is None else [scope, owner, tag])
    if tag is None or len(name.encode()) <= _MAX_NAME_BYTES:
        return name
    return encode_json([scope, owner, None, sha256(tag.encode()).hexdigest()])


def choose_name(listing: Listing) -> str:
    """Return the name of the list of a listing."""
    return build_name(listing.scope, listing.owner, normalize_tag(listing.tag) if listing.tag else None)


def choose_walk_name(listing: Listing) -> str:
    """Return the name of the list of a listing by rank or score. The public list exists for all users only."""
    return build_name("public") if listing.scope == "public" else build_name(listing.scope, listing.owner)


def encode_score(score: float) -> int:
    """Return a score as it is stored: with eight digits after the point."""
    return round(score * _SCORE_UNITS)


def build_keys(photo: Photo) -> dict[str, Keys]:
    """Return the names of the lists that contain a photo, with its keys there."""
    if photo.status != "ready":
        return {}
    if not photo.listed:
        return {build_name("trash", photo.user_id): Keys()}
    rank, score = get_rank(photo.photo_id), encode_score(photo.score)
    keys = {build_name("owner", photo.user_id): Keys(rank, score, photo.taken_key)}
    scopes: list[tuple[str, str | None]] = [("owner", photo.user_id)]
    if photo.visibility == "public":
        keys |= {build_name("public"): Keys(rank, score), build_name("public", photo.user_id): Keys()}
        scopes += [("public", None), ("public", photo.user_id)]
    for tag in normalize_tags(photo.tags):
        keys |= {build_name(scope, owner, tag): Keys() for scope, owner in scopes}
    return keys


def write(transaction: Transaction, before: Photo, after: Photo) -> None:
    """Turn the rows of `before` into those of `after`."""
    old, new = build_keys(before), build_keys(after)
    if removed := old.keys() - new.keys():
        names, values = build_list(sorted(removed))
        statement = f"DELETE FROM listed_photos WHERE photo_id = %s AND listing IN {names}"
        transaction.execute(statement, before.photo_id, *values)
    if changed := [(name, after.photo_id, *keys) for name, keys in sorted(new.items()) if old.get(name) != keys]:
        rows, values = build_placeholders(changed)
        transaction.execute(
            f"INSERT INTO listed_photos (listing, photo_id, rank, score, taken_key) VALUES {rows} "
            "ON CONFLICT (listing, photo_id) DO UPDATE "
            "SET rank = EXCLUDED.rank, score = EXCLUDED.score, taken_key = EXCLUDED.taken_key",
            *values,
        )
