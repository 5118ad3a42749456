"""Count the requests of boto3 clients."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def count_requests(*clients: Any) -> Iterator[Counter[str]]:
    """Count the requests of these clients by operation, inside the block."""
    sent = Counter[str]()

    def count(model: Any, **_: Any) -> None:
        sent[model.name] += 1

    for client in clients:
        client.meta.events.register_first("before-call", count)
    try:
        yield sent
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", count)
