"""A copy from DynamoDB to PostgreSQL and to a second DynamoDB shows everything that the first one shows."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.ids import UserId
from chalicelib.domain.photos import Exif
from chalicelib.stores.copies import KINDS, PhotoCopy, Record, encode_canonically
from chalicelib.stores.copying import EmptySource, NeedsReplace, UnknownAccount
from chalicelib.stores.dynamodb import copies as dynamodb_copies
from chalicelib.stores.postgres import copies as postgres_copies
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.migrations import migrate
from tests.support.copied_gallery import Gallery, at, furnish, observe, purge
from tests.support.copies import Copied, Tables, copy, open_database, open_tables, two_stages
from tests.support.dsql import DsqlProxy
from tests.support.moto_data import delete_rows, read_rows
from tests.support.rows import pending

TABLES = ("photo_table", "account_table", "term_table", "album_table", "entry_table", "rating_table")


@pytest.fixture(scope="module")
def stages() -> Iterator[list[Tables]]:
    with two_stages() as stages:
        yield stages


@pytest.fixture
def first(stages: list[Tables]) -> Copied:
    return open_empty(stages[0])


@pytest.fixture
def second(stages: list[Tables]) -> Copied:
    return open_empty(stages[1])


@pytest.fixture
def postgres(database: Database) -> Copied:
    return open_database(database)


@pytest.fixture
def dsql(dsql_proxy: DsqlProxy) -> Iterator[Copied]:
    with dsql_proxy.new_database() as database:
        migrate(database)
        yield open_database(database)


def open_empty(stage: Tables) -> Copied:
    for table in TABLES:
        delete_rows(stage.client, getattr(stage.settings, table))
    return open_tables(stage)


def list_rows(stage: Tables) -> dict[str, list[Any]]:
    """Return all rows of a stage, except the progress of a copy and counts of zero, which may be missing."""
    rows = {table: read_rows(stage.client, getattr(stage.settings, table)) for table in TABLES}
    accounts = [{name: value for name, value in row.items() if value != {"N": "0"}} for row in rows["account_table"]]
    is_shown = [row["userId"] != {"S": "#copy"} and not is_empty_month(row) for row in accounts]
    rows["account_table"] = [row for row, shown in zip(accounts, is_shown, strict=True) if shown]
    return {table: sorted(found, key=lambda row: json.dumps(row, sort_keys=True)) for table, found in rows.items()}


def is_empty_month(row: dict[str, Any]) -> bool:
    return row["record"]["S"].startswith("months#") and len(row) == 2


def list_records(copied: Copied) -> list[Record]:
    users, _ = copied.copies.list_users(1000)
    return [record for user_id in sorted(users) for kind in KINDS for record in copied.copies.read(kind, user_id)]


def test_copy_to_postgres_and_back_shows_the_same(
    first: Copied, postgres: Copied, second: Copied, stages: list[Tables]
) -> None:
    gallery = furnish(first.backend)
    shown = observe(first.backend, gallery)
    there = copy(first.side, postgres.side)
    assert there.report.verified, there.mismatches
    assert observe(postgres.backend, gallery) == shown
    back = copy(postgres.side, second.side)
    assert back.report.verified, back.mismatches
    assert observe(second.backend, gallery) == shown
    assert list_rows(stages[1]) == list_rows(stages[0])
    expected = {"ratings": 4, "photos": 11, "links": 2, "albums": 4, "keys": 2, "requests": 1, "accounts": 5}
    assert there.report.written == there.report.records == back.report.written == expected
    assert list_records(first) == list_records(postgres) == list_records(second)


def test_second_run_writes_nothing(first: Copied, postgres: Copied) -> None:
    furnish(first.backend)
    copy(first.side, postgres.side)
    again = copy(first.side, postgres.side, replace=True).report
    assert (again.verified, again.written, again.removed) == (True, {}, {})


@pytest.mark.parametrize("page", [1, 2])
def test_pages_of_any_size_are_complete(
    first: Copied, postgres: Copied, second: Copied, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(first.backend)
    for module in (dynamodb_copies, postgres_copies):
        monkeypatch.setattr(module, "_PAGE", page)
    monkeypatch.setattr(dynamodb_copies, "_ROWS", page)
    monkeypatch.setattr("chalicelib.stores.copying._USERS", page)
    monkeypatch.setattr("chalicelib.stores.copying._BATCH", page)
    assert copy(first.side, postgres.side).report.verified
    assert copy(postgres.side, second.side).report.verified
    assert list_records(first) == list_records(postgres) == list_records(second)


def change_everything(copied: Copied, gallery: Gallery) -> None:
    """Change, add and remove records of every kind."""
    backend, (coast, secret, _, pier) = copied.backend, gallery.albums
    sea, private, unlisted, dated, *_ = map(backend.now, gallery.photos[:6])
    backend.put(sea, title="lake", tags=("winter",), memberships={})
    backend.put(private, visibility="public", memberships={secret.album_id: private.memberships[secret.album_id]})
    backend.erase(unlisted)
    backend.put(dated, taken_local="2020-02-02T10:00:00")
    assert backend.store.remove(backend.now(gallery.photos[7]))
    gallery.photos.append(backend.ready("new", title="first", tags=("summer",)))
    assert backend.ratings.rate(backend.now(sea), UserId("rater"), 5, 3)
    assert backend.ratings.rate(backend.now(sea), UserId("bob"), 2, None)
    assert backend.links.remove_link(coast.album_id, gallery.links[0].link_id)
    before = backend.albums.get_album(pier.album_id)
    assert before
    assert backend.albums.change(before, before.with_(name="Dock", visibility="unlisted"))
    backend.trash_requests.remove(UserId("ann"), at(9))
    backend.later(timedelta(days=30))
    backend.cancel(UserId("bob"))
    purge(backend, UserId("cancelled"))


@pytest.mark.parametrize("target", ["postgres", "second", "dsql"])
def test_second_run_copies_changes_and_removes_the_rest(
    first: Copied, target: str, request: pytest.FixtureRequest, stages: list[Tables]
) -> None:
    copied: Copied = request.getfixturevalue(target)
    gallery = furnish(first.backend)
    copy(first.side, copied.side)
    change_everything(first, gallery)
    copied.backend.later(timedelta(days=30))
    shown = observe(first.backend, gallery)
    verified = copy(first.side, copied.side, only_verify=True)
    assert not verified.report.verified
    run = copy(first.side, copied.side, replace=True)
    assert run.report.verified, run.mismatches
    assert observe(copied.backend, gallery) == shown
    assert list_records(first) == list_records(copied)
    assert run.report.removed == {"ratings": 1, "photos": 2, "links": 1, "requests": 1}
    if target == "second":
        assert list_rows(stages[1]) == list_rows(stages[0])


def test_account_that_the_source_has_lost_is_removed(first: Copied, postgres: Copied) -> None:
    furnish(postgres.backend)
    kept = first.backend.ready("kept")
    run = copy(first.side, postgres.side, replace=True)
    assert run.report.verified
    assert list_records(first) == list_records(postgres)
    assert postgres.backend.store.get_photo(kept.photo_id) == kept
    assert run.report.removed["accounts"] == 5


def test_one_account_can_be_copied_alone(first: Copied, postgres: Copied) -> None:
    for name in ("ann", "bob"):
        first.backend.ready(name)
    report = copy(first.side, postgres.side, account="bob").report
    assert (report.verified, report.accounts, report.written) == (True, 1, {"photos": 1, "accounts": 1})
    assert postgres.copies.list_users(9)[0] == ["bob"]


def test_empty_source_never_empties_the_target(first: Copied, postgres: Copied) -> None:
    postgres.backend.ready("ann")
    with pytest.raises(EmptySource):
        copy(first.side, postgres.side, replace=True)
    assert postgres.copies.list_users(9)[0] == ["ann"]


@pytest.mark.parametrize("only_verify", [False, True])
def test_unknown_account_is_refused_instead_of_reported_as_equal(
    first: Copied, postgres: Copied, only_verify: bool
) -> None:
    first.backend.ready("ann")
    with pytest.raises(UnknownAccount, match=r"^eve$"):
        copy(first.side, postgres.side, account="eve", only_verify=only_verify)


def test_verification_alone_writes_nothing(first: Copied, postgres: Copied) -> None:
    first.backend.ready("ann")
    run = copy(first.side, postgres.side, only_verify=True)
    assert [(found.account, found.kind, found.source_count, found.target_count) for found in run.mismatches] == [
        ("ann", "photos", 1, 0),
        ("ann", "accounts", 1, 0),
        ("ann", "lists", 2, 0),
    ]
    assert postgres.copies.list_users(9) == ([], None)
    assert postgres.copies.get_progress() is None


def test_target_in_use_is_not_overwritten(first: Copied, postgres: Copied) -> None:
    photo = first.backend.ready("ann")
    postgres.backend.ready("bob")
    with pytest.raises(NeedsReplace, match="no copy from this source"):
        copy(first.side, postgres.side)
    assert copy(first.side, postgres.side, replace=True).report.verified
    with pytest.raises(NeedsReplace, match="was verified"):
        copy(first.side, postgres.side)
    with pytest.raises(NeedsReplace, match="no copy from this source"):
        copy(first.side, postgres.side, task="c -> b")
    with pytest.raises(NeedsReplace):
        copy(first.side, postgres.side, account="ann")
    assert postgres.backend.store.get_photo(photo.photo_id) == photo


@pytest.mark.parametrize("kind", ["photos", "ratings", "albums", "links", "keys", "requests", "accounts"])
def test_change_during_the_copy_is_found(first: Copied, postgres: Copied, kind: str) -> None:
    gallery = furnish(first.backend)
    backend, photo = first.backend, gallery.photos[0]
    changes: dict[str, Any] = {
        "photos": lambda: backend.put(backend.now(photo), title="changed"),
        "ratings": lambda: backend.ratings.rate(backend.now(photo), UserId("rater"), 5, 4),
        "albums": lambda: backend.albums.mark_updated(gallery.albums[1]),
        "links": lambda: backend.links.count_wrong_password(gallery.links[0], 5, 9),
        "keys": lambda: delete_key(first, gallery),
        "requests": lambda: backend.trash_requests.add(UserId("ann"), at(50), at(60)),
        "accounts": lambda: backend.cancel(UserId("ann")),
    }
    # The walk over the users of the target begins after all users of the source were copied.
    source = first.side
    target = postgres.side._replace(copies=Interrupted(postgres.copies, changes[kind]))
    run = copy(source, target)
    assert not run.report.verified
    assert (UserId("ann"), kind) in {(found.account, found.kind) for found in run.report.mismatches}
    assert {found.account for found in run.mismatches} == {"ann"}
    assert copy(source, postgres.side).report.verified, "the next run copies the change"


def delete_key(copied: Copied, gallery: Gallery) -> None:
    record = copied.backend.idempotency.get_record(*gallery.keys[0])
    assert record
    copied.copies.remove("keys", [record])


class Interrupted:
    """Copies that change something when the walk over their users begins."""

    def __init__(self, copies: Any, change: Any) -> None:
        self._copies, self._changes = copies, [change]

    def __getattr__(self, name: str) -> Any:
        if name == "list_users":
            return partial(self._list_users, self._copies.list_users)
        return getattr(self._copies, name)

    def _list_users(self, list_users: Any, *arguments: Any) -> Any:
        if arguments[1:] and self._changes:
            self._changes.pop()()
        return list_users(*arguments)


def test_negative_zero_has_the_checksum_of_zero() -> None:
    # DynamoDB stores no sign of zero. moto does.
    one, other = (
        PhotoCopy(photo=pending(entropy=1, title=":-0.0,x", exif=Exif(latitude=zero, longitude=zero, altitude=-0.5)))
        for zero in (0.0, -0.0)
    )
    assert encode_canonically(one) == encode_canonically(other)
    assert b"-0.5" in encode_canonically(one)
