"""Ratings on DynamoDB: a row a person and photo, and the sums on the photo's own row."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chalicelib.config import Settings
from chalicelib.ids import PhotoId, UserId
from chalicelib.models import Photo
from chalicelib.stores import items
from chalicelib.stores.calls import Calls, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoRatings:
    """`RatingStore` on the tables that `Settings` names."""

    def __init__(self, settings: Settings, dynamodb: "DynamoDBClient", clock: Callable[[], float] = time.time) -> None:
        self._calls = Calls(dynamodb, clock)
        self._photos, self._ratings = settings.photo_table, settings.rating_table

    def rating(self, photo_id: PhotoId, user_id: UserId) -> int | None:
        item = self._calls.read(self._ratings, _key(photo_id, user_id))
        return int(items.decode(item)["rating"]) if item else None

    def rate(self, photo: Photo, user_id: UserId, before: int | None, after: int | None) -> bool:
        row = self._row(_key(photo.photo_id, user_id), before, after)
        return not self._calls.transact([row, self._sums(photo, photo.rated(before, after))])

    def _row(self, key: items.Key, before: int | None, after: int | None) -> Write:
        write: dict[str, Any] = {"TableName": self._ratings, "ConditionExpression": "attribute_not_exists(photoId)"}
        if before is not None:
            write["ConditionExpression"] = "rating = :before"
            write["ExpressionAttributeValues"] = items.encode({":before": before})
        if after is None:
            return {"Delete": write | {"Key": key}}
        return {"Put": write | {"Item": key | items.encode({"rating": after})}}

    def _sums(self, before: Photo, after: Photo) -> Write:
        # The revision as well: nobody rates a photo that was hidden or trashed since they were let see it.
        unrated = "attribute_not_exists(ratingCount)"
        rated = "ratingSum = :oldSum AND ratingCount = :oldCount"
        values = {":revision": before.revision, ":score": items.score_text(after.score, after.photo_id)}
        if before.rating_count:
            values |= {":oldSum": before.rating_sum, ":oldCount": before.rating_count}
        if after.rating_count:
            values |= {":sum": after.rating_sum, ":count": after.rating_count}
        sums = "ratingSum = :sum, ratingCount = :count, " if after.rating_count else ""
        # As everywhere in the row, what is zero is absent.
        zeroes = "" if after.rating_count else " REMOVE ratingSum, ratingCount"
        return {
            "Update": {
                "TableName": self._photos,
                "Key": items.photo_key(before.photo_id, before.uploaded_at),
                "UpdateExpression": f"SET {sums}score = :score{zeroes}",
                "ConditionExpression": f"revision = :revision AND {rated if before.rating_count else unrated}",
                "ExpressionAttributeValues": items.encode(values),
            }
        }


def _key(photo_id: PhotoId, user_id: UserId) -> items.Key:
    return {"photoId": {"S": photo_id}, "userId": {"S": user_id}}
