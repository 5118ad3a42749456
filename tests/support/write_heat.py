"""Compute the write units that a change of a photo costs on the keys that all public photos share.

One key of an index takes 1,000 write units per second. The rules are those of the DynamoDB developer guide: a changed
entry costs its larger size in KB, and an entry whose key changes is deleted and written again.
"""

import math

from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from tests.support import row_sizes

LIMIT = 1_000
"""The write units that one key takes per second."""
PEAK = 5
"""The load of the busiest second, as a multiple of the average."""
RATINGS_A_PHOTO = 0.5
SECONDS_A_MONTH = 30 * 24 * 3600
SHARED = {"public-time": "photoId", "public-score": "score"}
"""The indexes of `PhotoMetadata` with one key for all public photos, and the attribute that sorts each."""


def write_units(before: Photo | None, after: Photo | None) -> dict[str, int]:
    """Return the write units of a change on the shared key of each index."""
    old, new = (items.encode_photo(photo) if photo else {} for photo in (before, after))
    return {index: _charge(old, new, sort_key) for index, sort_key in SHARED.items()}


def list_changes() -> dict[str, tuple[Photo | None, Photo | None]]:
    """Return the changes of a typical public photo."""
    photo = row_sizes.typical_photo(1234)
    unrated = photo.with_(rating_sum=0, rating_count=0)
    return {
        "becomes ready": (photo.with_(status="pending", renditions={}, due_at="2026-01-01"), unrated),
        "is rated": (photo, photo.with_(rating_sum=photo.rating_sum + 4, rating_count=photo.rating_count + 1)),
        "gets a new title": (photo, photo.with_(title="The harbour after the storm")),
        "is hidden": (photo, photo.with_(visibility="private")),
    }


def load_at_peak(photos: int) -> dict[str, int]:
    """Return the write units per second on each shared key, if a month brings this number of public photos."""
    changes = list_changes()
    ready, rated = (write_units(*changes[name]) for name in ("becomes ready", "is rated"))
    peak = photos / SECONDS_A_MONTH * PEAK
    return {index: round(peak * (ready[index] + RATINGS_A_PHOTO * rated[index])) for index in SHARED}


def _charge(old: items.Item, new: items.Item, sort_key: str) -> int:
    before, after = (item if "publicKey" in item and sort_key in item else {} for item in (old, new))
    if before == after:
        return 0
    if before and after and before[sort_key] != after[sort_key]:
        return _kilobytes(before) + _kilobytes(after)
    return max(_kilobytes(before), _kilobytes(after))


def _kilobytes(item: items.Item) -> int:
    return math.ceil(row_sizes.item_size(item) / row_sizes.KB)
