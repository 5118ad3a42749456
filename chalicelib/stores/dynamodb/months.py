"""The number of a user's photos in each month, as a part of the transaction that changes a photo.

The counts of a user are records in the table of accounts, one for each year and last digit of the photo's id.
See docs/decisions/0100-count-months-in-sharded-rows.md.
"""

from collections import Counter

from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls, KeyRange, Write

PREFIX = "months#"
"""The beginning of the records with counts."""
_YEAR, _MONTH = slice(0, 4), slice(5, 7)


def build_writes(table: str, before: Photo, after: Photo) -> list[Write]:
    """Return the writes that count `after` instead of `before`. There are at most two."""
    old, new = items.get_stored_taken_key(before), items.get_stored_taken_key(after)
    changes: dict[str, Counter[str]] = {}
    for key, step in ((old, -1), (new, 1)):
        if key:
            changes.setdefault(key[_YEAR], Counter())[key[_MONTH]] += step
    steps = {year: {month: step for month, step in months.items() if step} for year, months in changes.items()}
    return [_build_update(table, after, year, months) for year, months in steps.items() if months]


def read(calls: Calls, table: str, owner: UserId) -> dict[str, int]:
    """Return the number of photos by month, without months that have none."""
    keys = KeyRange(table, ("userId", owner), ("record", PREFIX, f"{PREFIX}~"))
    counts: Counter[str] = Counter()
    for row in calls.query(keys, None, consistent=True):
        values = items.decode(row)
        year = values.pop("record").split("#")[1]
        del values["userId"]
        counts.update({f"{year}-{month}": count for month, count in values.items()})
    return dict(+counts)


def find_count(photo: Photo, taken_key: str) -> tuple[str, str]:
    """Return the record and the attribute that count a photo with this `taken_key`."""
    return f"{PREFIX}{taken_key[_YEAR]}#{photo.photo_id[-1]}", taken_key[_MONTH]


def _build_update(table: str, photo: Photo, year: str, steps: dict[str, int]) -> Write:
    return {
        "Update": {
            "TableName": table,
            "Key": items.encode({"userId": photo.user_id, "record": f"{PREFIX}{year}#{photo.photo_id[-1]}"}),
            "UpdateExpression": "ADD " + ", ".join(f"#{month} :{month}" for month in steps),
            "ExpressionAttributeNames": {f"#{month}": month for month in steps},
            "ExpressionAttributeValues": items.encode({f":{month}": step for month, step in steps.items()}),
        }
    }
