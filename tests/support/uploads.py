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
    cloud.stored.mark_cancelled(user_id)


def act_during(cloud: Cloud, operation: str, *acts: Any) -> AbstractContextManager[None]:
    """Run one of `acts` during each call of `operation`, immediately before the request is sent.

    The operation `write` is a transaction of the database.
    """
    pending = list(acts)
    name = cloud.stored.writes if operation == "write" else operation

    def before(**_: Any) -> None:
        if pending:
            pending.pop(0)()

    return hooked(f"before-call.*.{name}", lambda _: before, cloud.s3, cloud.stored.client)


def during_writes(cloud: Cloud, act: Any) -> AbstractContextManager[None]:
    """Run `act` before each transaction of the stores, with the arguments of the event."""
    return hooked(f"before-call.*.{cloud.stored.writes}", lambda _: act, cloud.stored.client)
