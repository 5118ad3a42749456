"""Photos and albums as rows. A column named `body` has as JSON what no query or condition needs.

JSON also stores the character NUL, which a text of PostgreSQL cannot have.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from chalicelib.domain.albums import Album
from chalicelib.domain.feed import RANKS, compute_rank
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres.database import Row

LAST_CHARACTER = "\U0010ffff"
"""A text that sorts after every text of a key."""
PHOTO = "p.body, p.revision, p.rating_sum, p.rating_count"
"""The columns of `decode_photo`. `p` is the table of photos."""
ALBUM = (
    "a.body, a.revision, a.photo_count, a.non_private_count, a.link_count, a.latest_photo_id, a.due_at, "
    "a.updated_through, a.updated_change_number"
)
"""The columns of `decode_album`. `a` is the table of albums, or its view."""
ALBUM_COLUMNS = 9

_decode_photo = msgspec.json.Decoder(Photo).decode
_decode_album = msgspec.json.Decoder(Album).decode


def encode_json(value: Any) -> str:
    """Return a value as JSON."""
    return msgspec.json.encode(value).decode()


def encode_photo(photo: Photo) -> str:
    """Return the body of a photo."""
    return encode_json(photo.with_(revision=0, rating_sum=0, rating_count=0, outdated_taken_key=None))


def decode_photo(row: Row) -> Photo:
    """Return the photo of a row that begins with the columns `PHOTO`."""
    body, revision, rating_sum, rating_count = row[:4]
    return _decode_photo(body).with_(revision=revision, rating_sum=rating_sum, rating_count=rating_count)


def encode_album(album: Album) -> str:
    """Return the body of an album."""
    counts = {"photo_count": 0, "non_private_count": 0, "link_count": 0, "latest_photo_id": None}
    progress = {"due_at": None, "updated_through": None, "updated_change_number": 0}
    return encode_json(album.with_(revision=0, **counts, **progress))


def decode_album(row: Row) -> Album:
    """Return the album of a row that begins with the columns `ALBUM`."""
    body, revision, photo_count, non_private_count, link_count, latest, due_at, through, number = row[:ALBUM_COLUMNS]
    return _decode_album(body).with_(
        revision=revision,
        photo_count=photo_count,
        non_private_count=non_private_count,
        link_count=link_count,
        latest_photo_id=latest,
        due_at=due_at,
        updated_through=through,
        updated_change_number=number,
    )


def encode_rank(rank: int) -> int:
    """Return a rank as a number of 64 bits with a sign, in the same order."""
    return rank - RANKS // 2


def get_rank(photo_id: PhotoId) -> int:
    """Return the rank of a photo as it is stored."""
    return encode_rank(compute_rank(photo_id))


def build_placeholders(groups: Sequence[Sequence[Any]], *, types: Sequence[str] = ()) -> tuple[str, list[Any]]:
    """Return the placeholders of groups of values, such as `(%s, %s), (%s, %s)`, and all values.

    `types` are the SQL types of a group's values, if the database cannot infer them.
    """
    casts = [f"::{name}" for name in types] or [""] * len(groups[0])
    group = f"({', '.join(f'%s{cast}' for cast in casts)})"
    return ", ".join([group] * len(groups)), [value for values in groups for value in values]


def build_list(values: Iterable[Any]) -> tuple[str, list[Any]]:
    """Return the placeholders of a list, such as `(%s, %s)`, and its values."""
    items = list(values)
    return f"({', '.join(['%s'] * len(items))})", items
