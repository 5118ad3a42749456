"""Ratings on DynamoDB: one row per user and photo, and the sums on the row of the photo."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.domain.ids import PhotoId, UserId
from chalicelib.domain.photos import Photo
from chalicelib.infra.settings import Settings
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Calls, Write, build_update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRatingStore:
    """`RatingStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float]) -> None:
        self._calls = Calls(dynamodb, clock)
        self._photos, self._ratings = settings.photo_table, settings.rating_table

    def get_rating(self, photo_id: PhotoId, user_id: UserId) -> int | None:
        item = self._calls.read(self._ratings, _build_key(photo_id, user_id))
        return int(items.decode(item)["rating"]) if item else None

    def rate(self, photo: Photo, user_id: UserId, before: int | None, after: int | None) -> bool:
        row = self._build_row_write(_build_key(photo.photo_id, user_id), before, after)
        return not self._calls.transact([row, *build_sum_writes(self._photos, photo, before, after)])

    def _build_row_write(self, key: items.Key, before: int | None, after: int | None) -> Write:
        write: dict[str, Any] = {"TableName": self._ratings, "ConditionExpression": "attribute_not_exists(photoId)"}
        if before is not None:
            write["ConditionExpression"] = "rating = :before"
            write["ExpressionAttributeValues"] = items.encode({":before": before})
        if after is None:
            return {"Delete": write | {"Key": key}}
        return {"Put": write | {"Item": key | items.encode({"rating": after})}}


def build_sum_writes(table: str, photo: Photo, before: int | None, after: int | None) -> list[Write]:
    """Return the writes that change a rating from `before` to `after` in a photo's sums.

    The writes fail if the photo or its sums have changed since the photo was read. A tombstone has no sums.
    """
    rated_photo = photo.with_rating(before, after)
    if photo.status == "erased":
        return []
    if rated_photo != photo and not photo.listed:
        # Restoring computes the score from the sums. A restore that has read these sums must fail.
        rated_photo = rated_photo.with_(revision=photo.revision + 1)
    old, new = items.encode_photo(photo), items.encode_photo(rated_photo)
    write = build_update(table, items.build_photo_key(photo.photo_id), old, new, revision=photo.revision)
    unrated_condition, unchanged_condition = (
        "attribute_not_exists(ratingCount)",
        "ratingSum = :oldSum AND ratingCount = :oldCount",
    )
    write["Update"]["ConditionExpression"] += f" AND {unchanged_condition if photo.rating_count else unrated_condition}"
    if photo.rating_count:
        values = {":oldSum": photo.rating_sum, ":oldCount": photo.rating_count}
        write["Update"]["ExpressionAttributeValues"] |= items.encode(values)
    if rated_photo == photo:
        # The sums stay the same if they were read before the rating. DynamoDB wants an update to have an expression.
        del write["Update"]["ExpressionAttributeNames"]
        nothing = "SET ratingCount = :oldCount" if photo.rating_count else "REMOVE ratingCount"
        write["Update"]["UpdateExpression"] = nothing
    return [write]


def _build_key(photo_id: PhotoId, user_id: UserId) -> items.Key:
    return {"photoId": {"S": photo_id}, "userId": {"S": user_id}}
