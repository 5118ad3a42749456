"""Photos as rows, without their bytes, and stores to keep them in."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from moto import mock_aws

from chalicelib import aws, config
from chalicelib.config import Settings
from chalicelib.models import Account, Limits, Photo, PhotoId, UserId, new_photo_id, timestamp
from chalicelib.stores import Store
from chalicelib.stores.dynamodb import DynamoStore
from tests.conftest import deploy

START = datetime(2026, 1, 1, tzinfo=UTC)
NO_LIMITS = Limits(photos=1_000_000, bytes=10**15)

Call = Callable[..., Any]


def pending(owner: str = "ann", *, minute: int = 0, entropy: int | None = None, **facts: Any) -> Photo:
    """A photo that was granted `minute` minutes after START."""
    photo_id = new_photo_id(START + timedelta(minutes=minute), secrets.randbits(128) if entropy is None else entropy)
    made = Photo(
        photo_id=photo_id,
        user_id=UserId(owner),
        s3_key=f"{owner}/{photo_id}/x.jpg",
        filename="x.jpg",
        content_type="image/jpeg",
        status="pending",
        charged=1000,
    )
    return made.with_(**facts)


class Backend:
    """A store, and what is done to it behind its back."""

    def __init__(self, store: Store, cancel: Callable[[UserId], None], now: list[float]) -> None:
        self.store, self.cancel, self._now = store, cancel, now

    def later(self, by: timedelta) -> None:
        """Let time pass for the store."""
        self._now[0] += by.total_seconds()

    def granted(self, owner: str = "ann", **facts: Any) -> Photo:
        """A pending photo that is there."""
        photo = pending(owner, **facts)
        self.store.grant(photo, NO_LIMITS)
        return photo

    def ready(self, owner: str = "ann", *, minute: int = 0, entropy: int | None = None, **facts: Any) -> Photo:
        """A ready photo that is there."""
        return self.put(self.granted(owner, minute=minute, entropy=entropy), status="ready", **facts)

    def put(self, before: Photo, **changes: Any) -> Photo:
        """`before` changed; as it is now."""
        assert self.store.replace(before, before.with_(**changes))
        return self.now(before)

    def erase(self, before: Photo) -> Photo:
        """Its tombstone."""
        assert self.store.replace(before, before.tombstone(timestamp(START)))
        return self.now(before)

    def now(self, photo: Photo) -> Photo:
        """The row."""
        found = self.store.photo(photo.photo_id)
        assert found is not None
        return found

    def usage(self, owner: str = "ann") -> tuple[int, int]:
        """Photos and bytes that the account is charged with."""
        account: Account = self.store.account(UserId(owner))
        return account.photo_count, account.bytes


class OneAtATime:
    """A client whose calls exclude each other, as DynamoDB's transactions do and moto's do not."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.Lock()

    def __getattr__(self, name: str) -> Call:
        def call(**asked: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**asked)

        return call


@contextmanager
def dynamodb() -> Iterator[tuple[Settings, Any]]:
    """Empty tables on moto."""
    with mock_aws():
        aws._session.cache_clear()
        sign_in = {name: "none" for name in ("USER_POOL_ID", "USER_POOL_CLIENT_ID", "COGNITO_DOMAIN")}
        others = {"BASE_URL": "http://localhost", "SIGNING_KEYS": "key", "AWS_REGION": "eu-central-1"}
        yield config.load(sign_in | others | deploy()), aws.client("dynamodb")
    aws._session.cache_clear()


def on_dynamodb(settings: Settings, client: Any) -> Backend:
    """The store on these tables."""
    now = [START.timestamp()]

    def cancel(user_id: UserId) -> None:
        client.update_item(
            TableName=settings.account_table,
            Key={"userId": {"S": user_id}, "record": {"S": "account"}},
            UpdateExpression="SET cancelledAt = :now",
            ExpressionAttributeValues={":now": {"S": timestamp(START)}},
        )

    return Backend(DynamoStore(settings, OneAtATime(client), lambda: now[0]), cancel, now)


def empty(settings: Settings) -> None:
    """Delete every row."""
    resource = boto3.resource("dynamodb")
    for name in (settings.photo_table, settings.account_table, settings.term_table):
        table = resource.Table(name)
        names = [key["AttributeName"] for key in table.key_schema]
        with table.batch_writer() as batch:
            for row in table.scan()["Items"]:
                batch.delete_item(Key={key: row[key] for key in names})


def ids(photos: list[Photo]) -> list[PhotoId]:
    """The ids, in order."""
    return [photo.photo_id for photo in photos]
