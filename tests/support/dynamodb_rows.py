"""Write rows to DynamoDB without a store, and count the calls that reach DynamoDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.domain.photos import Photo
from chalicelib.stores.dynamodb import items, term_rows
from tests.support.faults import hooked
from tests.support.rows import Backend


def write_rows(backend: Backend, *photos: Photo, stale: dict[str, Any] | None = None) -> None:
    """Write the rows of photos and their terms without transactions.

    The photos get the changes in `stale`, but their terms do not: the index lags behind the photos.
    """
    rows = {"PhotoMetadata": [items.encode_photo(photo.with_(**stale or {})) for photo in photos]}
    rows["SearchWords"] = [row for photo in photos for row in term_rows.encode_terms(photo).values()]
    for table, table_rows in rows.items():
        for start in range(0, len(table_rows), 25):
            puts = [{"PutRequest": {"Item": row}} for row in table_rows[start : start + 25]]
            backend.client.batch_write_item(RequestItems={f"photoshare-test-{table}": puts})


@contextmanager
def counted_calls(backend: Backend) -> Iterator[list[str]]:
    """Collect the names of the calls to DynamoDB."""
    names: list[str] = []

    def before(model: Any, **_: Any) -> None:
        names.append(model.name)

    with hooked("before-call", lambda _: before, backend.client):
        yield names
