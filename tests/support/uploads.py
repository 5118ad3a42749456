"""Put objects into the bucket of originals, and run other actions during a confirmation."""

from contextlib import AbstractContextManager
from typing import Any

from tests.support.cloud import Cloud
from tests.support.faults import hooked


def put_object(cloud: Cloud, key: str, content: bytes, **metadata: str) -> str:
    """Put an object under `key`, without a grant. Return its version."""
    fields = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
    return cloud.put({"s3Key": key, "fields": fields}, content)


def cancel_account(cloud: Cloud, user_id: str) -> None:
    """Mark an account as cancelled, and delete nothing."""
    cloud.dynamodb.update_item(
        TableName=cloud.settings.account_table,
        Key={"userId": {"S": user_id}, "record": {"S": "account"}},
        UpdateExpression="SET cancelledAt = :now",
        ExpressionAttributeValues={":now": {"S": "2026-01-01T00:00:00.000Z"}},
    )


def act_during(cloud: Cloud, operation: str, *acts: Any) -> AbstractContextManager[None]:
    """Run one of `acts` during each call of `operation`, immediately before the request is sent."""
    pending = list(acts)

    def before(**_: Any) -> None:
        if pending:
            pending.pop(0)()

    return hooked(f"before-call.*.{operation}", lambda _: before, cloud.s3, cloud.dynamodb)
