"""Snapshots of a deployment: its rows, objects and messages at one moment."""

from copy import copy
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID as ACCOUNT
from moto.s3.models import s3_backends
from moto.s3.utils import _VersionedKeyStore
from moto.sqs.models import sqs_backends

from chalicelib import wiring
from tests.support.cloud import Cloud


class Snapshot:
    """All rows, objects and messages of a deployment. `restore` brings them back as often as needed."""

    def __init__(self, cloud: Cloud) -> None:
        region = wiring.queue()._sqs.meta.region_name
        self._buckets = s3_backends[ACCOUNT]["aws"].buckets
        self._queues = sqs_backends[ACCOUNT][region].queues
        self._restore_rows = cloud.stored.save()
        self._objects = {name: copy_objects(bucket.keys) for name, bucket in self._buckets.items()}
        self._messages = {name: copy_messages(queue._messages) for name, queue in self._queues.items()}

    def restore(self) -> None:
        """Replace the present rows, objects and messages by copies of those of the snapshot."""
        self._restore_rows()
        for name, objects in self._objects.items():
            self._buckets[name].keys = copy_objects(objects)
        for name, messages in self._messages.items():
            self._queues[name]._messages = copy_messages(messages)


def copy_messages(messages: list[Any]) -> list[Any]:
    """Copy the messages of a queue."""
    return [copy(message) for message in messages]


def copy_objects(keys: Any) -> Any:
    """Copy the objects of a bucket, with all versions."""
    # moto closes the buffer of an object when it deletes the object, so share none.
    copied = _VersionedKeyStore()
    for key, versions in keys.lists():
        copied.setlist(key, [copy(version) for version in versions])
    return copied
