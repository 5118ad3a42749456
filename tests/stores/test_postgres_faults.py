"""A connection that is lost at any statement changes neither the result of a write nor the rows that it leaves."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.domain.accounts import IdempotencyRecord, Limits
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, UserId, format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.stores.postgres.database import Database, Row
from chalicelib.stores.postgres.migrations import migrate
from tests.support.album_rows import build_memberships, new_album, new_link
from tests.support.postgres_hooks import Cut, dump, list_tables
from tests.support.postgres_rows import build_backend, new_database
from tests.support.postgres_server import PostgresServer
from tests.support.rows import START, Backend, pending

pytestmark = pytest.mark.xdist_group("postgres")

BOB = UserId("bob")
ALBUM: Album = new_album().with_(album_id=AlbumId("019b76da-a800-7000-8000-000000000001"))
PHOTO: Photo = pending(entropy=1, tags=("sea",), title="Old quay", sha256="00" * 32)
LINK = new_link(ALBUM)
RECORD = IdempotencyRecord(
    user_id=PHOTO.user_id, key="k", request="r", resource_id=PHOTO.photo_id, expires_at=2**40, response="{}"
)


IN_ALBUM = PHOTO.with_(memberships=build_memberships(ALBUM))


def read(backend: Backend) -> Photo:
    return backend.now(PHOTO)


STEPS: dict[str, Callable[[Backend], Any]] = {
    "add album": lambda backend: backend.albums.add(ALBUM, 1),
    "add pending": lambda backend: backend.store.add_pending(PHOTO, Limits(photos=1, bytes=1000), RECORD),
    "make ready": lambda backend: backend.store.replace(PHOTO, IN_ALBUM.with_(status="ready", charged_bytes=700)),
    "add link": lambda backend: backend.links.add_link(LINK, 1),
    "count wrong password": lambda backend: backend.links.count_wrong_password(LINK, 7, 1),
    "rate": lambda backend: backend.ratings.rate(read(backend), BOB, None, 4),
    "change album": lambda backend: backend.albums.change(
        backend.albums.get_album(ALBUM.album_id) or ALBUM, ALBUM.with_(name="Hills")
    ),
    "trash": lambda backend: backend.store.replace(
        read(backend), read(backend).with_(trashed_at=format_timestamp(START))
    ),
    "remove link": lambda backend: backend.links.remove_link(ALBUM.album_id, LINK.link_id),
    "erase": lambda backend: backend.store.replace(read(backend), read(backend).to_tombstone(format_timestamp(START))),
    "delete ratings": lambda backend: backend.store.delete_ratings(PHOTO.photo_id),
    "remove": lambda backend: backend.store.remove(read(backend)),
}
"""The steps of one history. Each step is tried with a cut at each of its statements."""


Outcome = tuple[Any, list[Row]]


def run_history(database: Database, cuts: Callable[[], Cut | None]) -> Iterator[tuple[str, Outcome]]:
    """Run all steps on an empty database, each with a cut of its own. Yield the result and all rows after each step."""
    database.execute("; ".join(f"DELETE FROM {table}" for table in list_tables(database)))
    for name, step in STEPS.items():
        cut = cuts()
        other = Database(database.parameters, cut.connect) if cut else database
        result = step(build_backend(other))
        other.close()
        yield name, (result, dump(database))


def test_cut_at_any_statement_changes_neither_results_nor_rows(postgres_server: PostgresServer) -> None:
    with new_database(postgres_server) as database:
        migrate(database)
        expected = dict(run_history(database, lambda: None))
        assert [result for result, _ in expected.values()] == [True] * 10 + [1, True]
        number, plans = 0, list[Cut]()
        while number == 0 or any(plan.happened for plan in plans):
            plans.clear()
            for executed in (False, True):

                def plan_cut(number: int = number, executed: bool = executed) -> Cut:
                    plans.append(Cut(number, executed=executed))
                    return plans[-1]

                for name, outcome in run_history(database, plan_cut):
                    assert outcome == expected[name], (name, number, executed)
            number += 1
    assert number > 13
