"""Snapshots of moto: its rows, objects and messages at one moment."""

from copy import copy
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.s3.utils import _VersionedKeyStore
from moto.sqs.models import sqs_backends

from tests.support.cloud import Cloud
from tests.support.fast_moto import copy_table


class Snapshot:
    """All rows, objects and messages of a deployment. `restore` brings them back as often as needed."""

    def __init__(self, cloud: Cloud) -> None:
        region = cloud.dynamodb.meta.region_name
        self._tables = dynamodb_backends[ACCOUNT][region].tables
        self._buckets = s3_backends[ACCOUNT]["aws"].buckets
        self._queues = sqs_backends[ACCOUNT][region].queues
        self._rows = {name: copy_table(table) for name, table in self._tables.items()}
        self._objects = {name: _copy_objects(bucket.keys) for name, bucket in self._buckets.items()}
        self._messages = {name: [copy(message) for message in queue._messages] for name, queue in self._queues.items()}

    def restore(self) -> None:
        """Replace the present rows, objects and messages by copies of those of the snapshot."""
        for name, table in self._rows.items():
            self._tables[name] = copy_table(table)
        for name, objects in self._objects.items():
            self._buckets[name].keys = _copy_objects(objects)
        for name, messages in self._messages.items():
            self._queues[name]._messages = [copy(message) for message in messages]


def _copy_objects(keys: Any) -> Any:
    # moto closes the buffer of an object when it deletes the object, so share none.
    copied = _VersionedKeyStore()
    for key, versions in keys.lists():
        copied.setlist(key, [copy(version) for version in versions])
    return copied
