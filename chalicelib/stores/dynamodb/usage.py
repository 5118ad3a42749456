"""What an account holds, as a part of the transaction that changes it."""

from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Write


def charge(
    table: str, photo: Photo, count: int, size: int, *, condition: str = "", values: dict[str, int] | None = None
) -> Write:
    """Add to the usage of a photo's owner, where the account is not cancelled and `condition` holds.

    `size`: bytes. `values`: those that `condition` names.
    """
    bound = {f":{name}": value for name, value in (values or {}).items()}
    sent = {":count": count, ":size": size, ":created": photo.uploaded_at, **bound}
    return {
        "Update": {
            "TableName": table,
            "Key": items.account_key(photo.user_id),
            "UpdateExpression": "ADD photoCount :count, #bytes :size "
            "SET createdAt = if_not_exists(createdAt, :created)",
            "ConditionExpression": " AND ".join(filter(None, ["attribute_not_exists(cancelledAt)", condition])),
            "ExpressionAttributeNames": {"#bytes": "bytes"},
            "ExpressionAttributeValues": items.encode(sent),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
