"""The stores on SQL: locks, batches, and texts that need care."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.accounts import Account, IdempotencyRecord
from chalicelib.domain.ids import PhotoId, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import MAX_ALBUMS
from chalicelib.domain.requests import MAX_TAGS
from chalicelib.domain.tags import MAX_TAG_LENGTH
from chalicelib.jobs.clean_up_photo import SWEEP_LIMIT
from chalicelib.stores.postgres import expiry
from chalicelib.stores.postgres.audited_rows import build_rows
from chalicelib.stores.postgres.database import Connection, Database
from chalicelib.stores.postgres.expiry import PostgresExpiredRows
from chalicelib.stores.postgres.listed import build_name
from chalicelib.stores.postgres.search import PostgresSearchIndex
from tests.support.album_rows import add_album, build_memberships, new_album, new_link, read_album
from tests.support.postgres_hooks import hooked
from tests.support.postgres_rows import build_backend
from tests.support.races import run_concurrently
from tests.support.rows import START, Backend, ids, pending
from tests.support.searches import find_all

ANN = UserId("ann")


@pytest.fixture
def database(backend: Backend) -> Database:
    """An empty database."""
    database: Database = backend.client
    return database


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

    other = Database(database.parameters, hooked(hook), dialect=database.dialect)
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
    assert PostgresExpiredRows(database, START.timestamp).delete() == 1, "only the record has expired"
    assert 2 < PostgresExpiredRows(database, lambda: later).delete() < 20, "it does not wait for its own rows"
    assert database.read("SELECT 1 FROM photos WHERE photo_id = %s", tombstone.photo_id) == []
    assert database.read("SELECT * FROM idempotency_records") == []
    assert [row[0] for row in database.read("SELECT user_id FROM accounts")] == ["ann"]
    assert backend.now(live) == live


@pytest.mark.parametrize(("seconds", "left"), [(120, 0), (0, 1495)])
def test_expired_rows_are_deleted_until_none_is_left_or_the_time_is_spent(
    database: Database, monkeypatch: pytest.MonkeyPatch, seconds: int, left: int
) -> None:
    monkeypatch.setattr(expiry, "_ROWS", 5)
    monkeypatch.setattr(expiry, "_BUDGET_SECONDS", seconds)
    database.execute(
        "INSERT INTO idempotency_records (user_id, key, expires_at, body) "
        "SELECT 'ann', n::text, 1, '{}' FROM generate_series(1, 1500) n"
    )
    assert PostgresExpiredRows(database, START.timestamp).delete() == 1500 - left
    assert database.read("SELECT COUNT(*) FROM idempotency_records") == [(left,)]


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


def test_largest_change_of_a_photo_is_one_transaction(database: Database) -> None:
    # The stand-in for Aurora DSQL counts the rows.
    backend = build_backend(database)
    albums = [add_album(backend, name=f"Album {number}") for number in range(MAX_ALBUMS)]
    before, after = ([f"{word}-{number}" for number in range(MAX_TAGS)] for word in ("old", "new"))
    memberships = {key: value for album in albums for key, value in build_memberships(album).items()}
    photo = backend.ready(tags=tuple(before), memberships=memberships, title="a b c d e f g h")
    changed = backend.put(photo, tags=tuple(after), title="i j k l m n o p", description="q r s t u v w x y z")
    assert backend.now(photo) == changed


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


def test_account_that_is_opened_keeps_its_time(database: Database) -> None:
    backend = build_backend(database)
    account = Account(user_id=ANN, created_at=format_timestamp(START))
    assert run_concurrently([partial(backend.accounts.open_account, account)] * 8) == [account] * 8


def test_reindexing_reports_if_the_photo_has_changed(database: Database) -> None:
    backend = build_backend(database)
    stale = backend.ready()
    current = backend.put(stale, title="Quay")
    assert backend.timeline.reindex(current)
    assert not backend.timeline.reindex(stale)
    assert backend.now(stale) == current


def test_rating_that_is_none_before_and_after_is_refused_if_there_is_one(database: Database) -> None:
    backend = build_backend(database)
    photo = backend.ready()
    assert backend.ratings.rate(photo, ANN, None, None)
    assert backend.ratings.rate(photo, ANN, None, 3)
    assert not backend.ratings.rate(backend.now(photo), ANN, None, None)


def test_nothing_is_read_for_no_albums_and_for_a_missing_link(database: Database) -> None:
    backend = build_backend(database)
    assert backend.albums.list_first_entries([]) == []
    assert backend.links.read_with_link(new_album().album_id, new_link(new_album()).link_id) == (None, None)


def test_reindexing_a_photo_replaces_the_words_of_an_earlier_release(database: Database) -> None:
    backend, index = build_backend(database), PostgresSearchIndex(database)
    photo, other = backend.ready(title="Old quay"), backend.ready(title="Quay")
    database.execute("UPDATE words SET word = 'harbour' WHERE word = 'old'")
    assert index.reindex(photo)
    assert find_all(backend, "harbour", Listing(scope="public")) == []
    assert find_all(backend, "old", Listing(scope="public")) == [photo.photo_id]
    assert sorted(find_all(backend, "quay", Listing(scope="owner", owner=ANN))) == sorted(ids([other, photo]))
    backend.put(photo, title="Hills")
    assert not index.reindex(photo), "another writer has changed the photo"


@pytest.mark.parametrize("change", ["erase", "trash", "remove"])
def test_words_of_an_earlier_release_are_deleted_when_the_photo_leaves_the_lists(
    database: Database, change: str
) -> None:
    backend, now = build_backend(database), format_timestamp(START)
    photo = backend.ready(title="Quay")
    values = (build_name("public"), photo.photo_id, "quays")
    database.write(
        lambda transaction: transaction.execute(
            "INSERT INTO words (listing, photo_id, word) VALUES (%s, %s, %s)", *values
        )
    )
    if change == "remove":
        assert backend.store.remove(photo)
    else:
        after = photo.to_tombstone(now) if change == "erase" else photo.with_(trashed_at=now)
        assert backend.store.replace(photo, after)
    assert database.read("SELECT word FROM words WHERE photo_id = %s", photo.photo_id) == []


def test_postponement_of_many_photos_takes_several_transactions(database: Database) -> None:
    backend, due = build_backend(database), format_timestamp(START)
    for first in (1, 2501):
        database.execute(
            "INSERT INTO photos (photo_id, user_id, revision, sweep_at, body) "
            f"SELECT 'photo-' || n, 'ann', 1, '{due}', '' FROM generate_series({first}, {first + 2499}) n"
        )
    photo_ids = backend.store.list_due(due, SWEEP_LIMIT)
    assert len(photo_ids) == SWEEP_LIMIT == 5000
    backend.store.postpone(photo_ids, format_timestamp(START + timedelta(hours=1)))
    assert backend.store.list_due(due, SWEEP_LIMIT) == []


def test_keys_of_every_photo_fit_into_an_index(database: Database) -> None:
    backend, longest = build_backend(database), "\ufdfa" * MAX_TAG_LENGTH  # Each character is compared as 18 others.
    tags = (longest, longest[:-1], "\U0002f800" * MAX_TAG_LENGTH, "\x00" * MAX_TAG_LENGTH, "sea")
    photo = backend.ready(title=longest, tags=tags)
    sizes = [sum(len(text.encode()) for text in row.row if isinstance(text, str)) for row in build_rows(photo).values()]
    assert max(sizes) <= 1024
    for tag in tags:
        for listing in (Listing(scope="public", tag=tag), Listing(scope="owner", owner=ANN, tag=tag)):
            assert ids(backend.store.list_by_tag(listing, 10, newest_first=True)) == [photo.photo_id]
    backend.put(photo, tags=(longest,))
    assert backend.store.list_by_tag(Listing(scope="public", tag=longest[:-1]), 10, newest_first=True) == []
