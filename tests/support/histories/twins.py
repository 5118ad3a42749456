"""Two databases behind one service. Each side has its own rows, objects and messages."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from chalicelib import wiring
from chalicelib.domain.feed import FEW_PHOTOS
from chalicelib.domain.ids import UserId
from chalicelib.stores.backend import Stores
from chalicelib.stores.dynamodb.albums import DynamoAlbumStore
from chalicelib.stores.dynamodb.photos import DynamoPhotoStore
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.stores import build_stores
from tests.support.cloud import Cloud
from tests.support.histories.entropy import USERS, Entropy
from tests.support.services import rebuild_services
from tests.support.snapshots import copy_objects
from tests.support.stored.facts import Stored
from tests.support.stored.postgres import PostgresStored

_QUEUE = {"_messages": list, "_pending_messages": set, "deleted_messages": set}
"""The state of a queue of moto. Receipts are equal on both sides."""


class Difference(AssertionError):
    """The two databases differ."""


class Side:
    """One database, with the objects and messages of its service."""

    def __init__(self, name: str, stores: Stores, stored: Stored) -> None:
        self.name, self.stores, self.stored = name, stores, stored
        self.objects: dict[str, Any] = {}
        self.queues: dict[str, dict[str, Any]] = {}


class _Switch:
    """A store that passes each call to the store of the present side."""

    def __init__(self, twins: "Twins", field: str) -> None:
        self._twins, self._field = twins, field

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(self._twins.side.stores, self._field), name)


class Twins:
    """A deployment whose stores are on two databases. Use `running_twins` to open it."""

    def __init__(self, cloud: Cloud, database: Database) -> None:
        self.cloud, self.entropy = cloud, Entropy()
        self._sides = (
            Side("DynamoDB", wiring.stores(), cloud.stored),
            Side("PostgreSQL", build_stores(database), PostgresStored(database)),
        )
        self._buckets = s3_backends[ACCOUNT]["aws"].buckets
        self._queues = sqs_backends[ACCOUNT][wiring.queue()._sqs.meta.region_name].queues
        self.side = self._sides[0]
        self._number = 0
        self.comparisons = 0
        """The number of results that were compared so far."""
        for side in self._sides:
            side.objects = {name: copy_objects(bucket.keys) for name, bucket in self._buckets.items()}
            side.queues = self._create_queues()
        switches: Any = Stores(*[_Switch(self, field) for field in Stores._fields])
        self.stores: Stores = switches

    def run[Result](self, act: Callable[[], Result]) -> Result:
        """Act on each side, and return the result.

        Raises:
            Difference: the results differ.
        """
        self._number += 1
        results = []
        for side in self._sides:
            self._enter(side)
            self.entropy.begin(self._number)
            results.append(act())
        return self._compare(results)

    def run_together(self, acts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Act concurrently on each side, each in a thread of its own. The results must not depend on the order."""
        self._number += 1
        results = []
        for side in self._sides:
            self._enter(side)

            def call(part: tuple[int, Callable[[], Any]]) -> Any:
                self.entropy.begin(self._number, part[0])
                return part[1]()

            with side.stored.isolated(), ThreadPoolExecutor(len(acts)) as threads:
                results.append([*threads.map(call, enumerate(acts))])
        return self._compare(results)

    def compare_facts(self, user_ids: Sequence[str]) -> None:
        """Compare all stored facts.

        Raises:
            Difference: the facts differ.
        """
        self._compare([_read_facts(side.stored, user_ids) for side in self._sides])

    def close(self) -> None:
        """Close the connections of both sides."""
        for side in self._sides:
            side.stored.close()

    def save(self) -> Callable[[], None]:
        """Return a function that restores the present state of both sides. The queues must be empty."""
        self._enter(self._sides[0])
        self._leave()
        rows = [side.stored.save() for side in self._sides]
        assert not any(queue["_messages"] for side in self._sides for queue in side.queues.values())
        number = self._number
        saved = [{name: copy_objects(keys) for name, keys in side.objects.items()} for side in self._sides]

        def restore() -> None:
            self._number = number
            for side, restore_rows, objects in zip(self._sides, rows, saved, strict=True):
                restore_rows()
                side.objects = {name: copy_objects(keys) for name, keys in objects.items()}
                side.queues = self._create_queues()
            self._install(self.side)

        return restore

    def _compare[Result](self, results: list[Result]) -> Result:
        first, second = results
        self.comparisons += 1
        if first != second:
            raise Difference(f"{self._sides[0].name}: {first}\n{self._sides[1].name}: {second}")
        return first

    def _enter(self, side: Side) -> None:
        if side is not self.side:
            self._leave()
            self._install(side)
        wiring.limiter()._buckets.clear()

    def _leave(self) -> None:
        self.side.objects = {name: bucket.keys for name, bucket in self._buckets.items()}
        self.side.queues = {
            name: {part: getattr(queue, part) for part in _QUEUE} for name, queue in self._queues.items()
        }

    def _create_queues(self) -> dict[str, dict[str, Any]]:
        return {name: {part: kind() for part, kind in _QUEUE.items()} for name in self._queues}

    def _install(self, side: Side) -> None:
        self.side = side
        for name, keys in side.objects.items():
            self._buckets[name].keys = keys
        for name, queue in side.queues.items():
            vars(self._queues[name]).update(queue)


def _read_facts(stored: Stored, user_ids: Sequence[str]) -> dict[str, Any]:
    photos = [photo.with_(outdated_taken_key=None) for photo in stored.list_photos()]
    return {
        "photos": {photo.photo_id: photo for photo in photos},
        "albums": {album.album_id: album for album in stored.list_albums()},
        "ratings": stored.list_ratings(),
        "entries": {*stored.list_entries()},
        "links": sorted(stored.list_link_albums()),
        "months": {user_id: stored.count_months(user_id) for user_id in user_ids},
        "accounts": {
            user_id: {name: value for name, value in stored.read_account(user_id).items() if value}
            for user_id in user_ids
        },
        "cancelled": [UserId(user_id) for user_id in user_ids if "cancelledAt" in stored.read_account(user_id)],
    }


@contextmanager
def running_twins(cloud: Cloud, database: Database) -> Iterator[Twins]:
    """Put two databases behind a deployment on DynamoDB. `database` has the tables of a release."""
    twins = Twins(cloud, database)
    with pytest.MonkeyPatch.context() as patch:
        # Each store has sizes of its own, and the pages of walks are equal only if the sizes are.
        for store in (DynamoPhotoStore, DynamoAlbumStore):
            patch.setattr(store, "walk_sizes", FEW_PHOTOS)
        patch.setattr(wiring, "stores", lambda: twins.stores)
        patch.setattr(cloud, "store", twins.stores.photos)
        patch.setattr(cloud, "albums", twins.stores.albums)
        patch.setattr(cloud, "accounts", twins.stores.accounts)
        for module in USERS:
            patch.setattr(module, "secrets", twins.entropy)
        rebuild_services()
        try:
            yield twins
        finally:
            twins.close()
    rebuild_services()
