"""The usage of an account, as a part of the transaction that changes it."""

from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.calls import Write


def build_charge(
    table: str, photo: Photo, count: int, size: int, *, condition: str = "", values: dict[str, int] | None = None
) -> Write:
    """Return the write that adds to the usage of a photo's owner, `size` in bytes.

    The write fails if the account is cancelled or `condition` is false. `values` are those that `condition` names.
    The write creates the account if it does not exist. AWS contract DDB-16.
    """
    condition_values = {f":{name}": value for name, value in (values or {}).items()}
    expression_values = {":count": count, ":size": size, ":created": photo.uploaded_at, **condition_values}
    return {
        "Update": {
            "TableName": table,
            "Key": items.build_account_key(photo.user_id),
            "UpdateExpression": "ADD photoCount :count, #bytes :size "
            "SET createdAt = if_not_exists(createdAt, :created)",
            "ConditionExpression": " AND ".join(filter(None, ["attribute_not_exists(cancelledAt)", condition])),
            "ExpressionAttributeNames": {"#bytes": "bytes"},
            "ExpressionAttributeValues": items.encode(expression_values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
