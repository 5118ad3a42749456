"""`Database`: transactions that conflict, connections that end, and a database that cannot be reached."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest

from chalicelib.domain import errors
from chalicelib.domain.accounts import Account, IdempotencyRecord
from chalicelib.domain.ids import PhotoId, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.stores.postgres.database import Connection, Database, Refused, Transaction, connect
from chalicelib.stores.postgres.expiry import delete_expired
from chalicelib.stores.postgres.migrations import migrate
from tests.support.album_rows import add_album, build_memberships, new_album, new_link, read_album
from tests.support.postgres_hooks import hooked
from tests.support.postgres_rows import build_backend, new_database
from tests.support.postgres_server import PostgresServer, running_server
from tests.support.races import run_concurrently
from tests.support.rows import START, Backend, ids, pending

ANN = UserId("ann")
ADD = "INSERT INTO month_counts (user_id, month, shard, photo_count) VALUES (%s, '2026-01', '0', 0)"
COUNT = "UPDATE month_counts SET photo_count = %s WHERE user_id = 'ann'"
READ = "SELECT photo_count FROM month_counts WHERE user_id = 'ann'"


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    """A database with tables."""
    with new_database(postgres_server) as database:
        migrate(database)
        yield database


def add_row(transaction: Transaction, name: str = "ann") -> int:
    return transaction.execute(ADD, name)


def increment(transaction: Transaction) -> None:
    ((count,),) = transaction.query(READ)
    transaction.execute(COUNT, count + 1)


def test_transactions_that_read_and_write_the_same_row_do_not_lose_a_change(database: Database) -> None:
    database.write(add_row)
    run_concurrently([partial(database.write, increment)] * 24)
    assert database.read(READ) == [(24,)]


def test_transaction_that_raises_changes_nothing(database: Database) -> None:
    def refuse(transaction: Transaction) -> None:
        add_row(transaction)
        raise Refused

    def fail(transaction: Transaction) -> None:
        add_row(transaction)
        raise errors.NotFound

    assert not database.change(refuse)
    with pytest.raises(errors.NotFound):
        database.write(fail)
    assert database.read(READ) == []


def test_conflict_in_every_attempt_is_busy(database: Database) -> None:
    attempts: list[int] = []

    def conflict(_: Transaction) -> None:
        attempts.append(1)
        raise psycopg.errors.DeadlockDetected

    with pytest.raises(errors.Busy):
        database.write(conflict)
    assert len(attempts) == 10


def test_database_that_cannot_be_reached_is_busy() -> None:
    unreachable = Database("host=127.0.0.1 port=8150 dbname=none")
    for call in (partial(unreachable.read, "SELECT 1"), partial(unreachable.write, add_row)):
        with pytest.raises(errors.Busy):
            call()


def test_statement_that_takes_too_long_is_busy(database: Database) -> None:
    impatient = Database(f"{database.parameters} options='-c statement_timeout=50ms'")
    with pytest.raises(errors.Busy):
        impatient.read("SELECT pg_sleep(5)")
    assert impatient.read("SELECT 1") == [(1,)]
    impatient.close()


def test_writes_continue_after_the_server_has_crashed_and_restarted() -> None:
    with running_server() as server:
        database = Database(server.url())
        migrate(database)
        database.write(add_row)
        restarted = server.restart()
        try:
            database.write(increment)
            assert database.read(READ) == [(1,)]
        finally:
            database.close()
            restarted.stop()


@pytest.mark.parametrize(("pause", "opened"), [(1, 1), (60, 1), (51 * 60, 2)])
def test_connection_is_used_again_until_it_is_old(database: Database, pause: int, opened: int) -> None:
    connections: list[Connection] = []

    def count(parameters: str) -> Connection:
        connections.append(connect(parameters))
        return connections[-1]

    now = [0.0]
    counted = Database(database.parameters, count, lambda: now[0])
    counted.read("SELECT 1")
    now[0] += pause
    counted.read("SELECT 1")
    counted.close()
    assert len(connections) == opened
    assert all(connection.closed for connection in connections)


@pytest.mark.parametrize("pause", [0, 60])
def test_idle_connection_that_was_closed_by_the_server_is_replaced(database: Database, pause: int) -> None:
    now = [0.0]
    idle = Database(database.parameters, clock=lambda: now[0])
    ((first,),) = idle.read("SELECT pg_backend_pid()")
    with connect(database.parameters) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (first,))
    now[0] += pause
    ((second,),) = idle.read("SELECT pg_backend_pid()")
    assert first != second
    idle.close()


def test_server_that_has_become_a_replica_is_left(database: Database) -> None:
    connections: list[Connection] = []

    def connect_to_replica_first(parameters: str) -> Connection:
        connections.append(connect(parameters))
        if len(connections) == 1:
            connections[0].execute("SET default_transaction_read_only = on")
        return connections[-1]

    other = Database(database.parameters, connect_to_replica_first)
    other.write(add_row)
    other.close()
    assert len(connections) == 2
    assert database.read(READ) == [(0,)]


def test_process_has_at_most_eight_connections(database: Database) -> None:
    counts = run_concurrently(
        [
            partial(
                database.read,
                "SELECT pg_sleep(0.02), count(*) FROM pg_stat_activity WHERE datname = current_database()",
            )
        ]
        * 24
    )
    assert max(rows[0][1] for rows in counts) <= 8


# --- Stores


def test_album_cannot_be_renamed_while_a_photo_copies_its_name(database: Database) -> None:
    finished = threading.Event()
    plain = build_backend(database)
    album = add_album(plain)
    photo = plain.ready(memberships=build_memberships(album))
    album = read_album(plain, album)
    assert plain.albums.change(album, album.with_(name="Hills"))
    album = read_album(plain, album)
    changes: list[threading.Thread] = []

    def rename() -> None:
        assert plain.albums.change(album, album.with_(name="Lakes"))
        finished.set()

    def hook(_: Connection, statement: str, execute: Callable[[], Any]) -> Any:
        result = execute()
        if "FOR UPDATE" in statement and not changes:
            changes.append(threading.Thread(target=rename))
            changes[0].start()
            assert not finished.wait(0.3), "the photo would get the old name, although the album has a new one"
        return result

    other = Database(database.parameters, hooked(hook))
    renamed = photo.with_(memberships={album.album_id: photo.memberships[album.album_id].with_(name="Hills")})
    assert build_backend(other).store.replace(photo, renamed)
    changes[0].join()
    other.close()
    assert plain.now(photo).memberships[album.album_id].name == "Hills"


def test_tag_may_have_any_character(database: Database) -> None:
    backend = build_backend(database)
    tags = ("a\x00b", 'a"b', "a\\b", "a#b", "\U0010ffff")
    photo = backend.ready(tags=tags, title="\x00", description="\U0010ffff")
    for tag in tags:
        assert ids(backend.store.list_by_tag(Listing(scope="public", tag=tag), 9, newest_first=True)) == [
            photo.photo_id
        ]
    assert backend.now(photo).tags == tags


def test_text_that_is_no_id_finds_no_photo(database: Database) -> None:
    backend = build_backend(database)
    album, photo = add_album(backend), backend.ready()
    texts = [PhotoId(text) for text in ("", "\x00", "x", photo.photo_id)]
    assert backend.store.get_photos(texts) == {photo.photo_id: photo}
    assert backend.albums.read_with_photos(album.album_id, texts) == (album, {photo.photo_id: photo})


def test_expired_rows_are_deleted(database: Database) -> None:
    backend = build_backend(database)
    photo = pending()
    record = IdempotencyRecord(user_id=ANN, key="k", request="r", resource_id=photo.photo_id, expires_at=1)
    assert backend.idempotency.add(record)
    tombstone, live = backend.erase(backend.ready()), backend.ready()
    backend.cancel(UserId("bob"))
    backend.deletions.finish_purge_run(UserId("bob"), None)
    later = time.time() + 3600 * 24 * 365
    assert delete_expired(database, START.timestamp()) == 1, "only the record has expired"
    while delete_expired(database, later):
        if not database.read("SELECT 1 FROM photos WHERE photo_id = %s", tombstone.photo_id):
            break
    assert [database.read(f"SELECT * FROM {table}") for table in ("idempotency_records",)] == [[]]
    assert [row[0] for row in database.read("SELECT user_id FROM accounts")] == ["ann"]
    assert backend.now(live) == live


def test_purge_of_a_photo_with_many_ratings_takes_several_transactions(database: Database) -> None:
    backend: Backend = build_backend(database)
    photo = backend.ready()
    database.execute(
        "INSERT INTO ratings (photo_id, user_id, rating) "
        f"SELECT '{photo.photo_id}', 'fan-' || n, 3 FROM generate_series(1, 1500) n"
    )
    backend.cancel(ANN)
    assert backend.deletions.purge_photos(ANN) == 1
    assert backend.now(photo).status == "erased"
    assert not backend.ratings.rate(photo, UserId("bob"), None, 5), "a tombstone gets no ratings"
    assert backend.deletions.purge_photos(ANN) == 1
    assert backend.store.get_photo(photo.photo_id) is None
    assert database.read("SELECT 1 FROM ratings") == []


def test_deleted_album_leaves_no_link(database: Database) -> None:
    backend = build_backend(database)
    album = add_album(backend)
    for minute in range(3):
        backend.links.add_link(new_link(album, minute), 9)
    assert [backend.deletions.purge_albums(ANN) for _ in range(2)] == [4, 0]
    assert database.read("SELECT 1 FROM share_links") == []


def test_repeated_link_and_album_change_nothing(database: Database) -> None:
    backend = build_backend(database)
    album = add_album(backend)
    record = IdempotencyRecord(user_id=ANN, key="k", request="r", resource_id="x", expires_at=2**40)
    assert backend.links.add_link(new_link(album), 1, record)
    assert not backend.links.add_link(new_link(album), 1, record)
    assert not backend.albums.add(new_album(), 1, record)
    assert read_album(backend, album).link_count == 1


def test_app_does_not_import_the_driver() -> None:
    code = "import sys, app; sys.exit('psycopg' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_account_that_is_opened_keeps_its_time(database: Database) -> None:
    backend = build_backend(database)
    account = Account(user_id=ANN, created_at=format_timestamp(START))
    assert run_concurrently([partial(backend.accounts.open_account, account)] * 8) == [account] * 8
