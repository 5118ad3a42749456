"""The lists read few rows beyond their pages, however many photos there are. PostgreSQL counts the rows."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.domain.feed import RANKS, Span
from chalicelib.domain.ids import AlbumId, PhotoId, UserId
from chalicelib.domain.listing import Listing
from chalicelib.domain.terms import SearchWord
from chalicelib.domain.timeline import TakenRange
from chalicelib.stores.postgres.database import Connection, Database, Transaction
from chalicelib.stores.postgres.listed import build_name
from chalicelib.stores.postgres.migrations import migrate
from chalicelib.stores.postgres.rows import encode_photo
from tests.support.postgres_hooks import hooked
from tests.support.postgres_rows import build_backend, new_database
from tests.support.postgres_server import PostgresServer
from tests.support.rows import Backend, pending

pytestmark = pytest.mark.xdist_group("postgres")

COUNT, PAGE = 20_000, 10
ALBUM = AlbumId("album")
PUBLIC, MINE = Listing(scope="public"), Listing(scope="owner", owner=UserId("ann"))
LAST = PhotoId("zzz")
SPANS = [Span(RANKS // 5 * part, RANKS // 5 * part + RANKS // 10_000) for part in range(5)]
"""Five spans with two of the photos each on average."""
FILL = (
    "INSERT INTO photos (photo_id, user_id, revision, body) "
    "SELECT lpad(n::text, 8, '0'), 'ann', 0, replace(%s, '{id}', lpad(n::text, 8, '0')) FROM generate_series(1, %s) n",
    "INSERT INTO listed_photos (listing, photo_id, rank, score, taken_key) "
    "SELECT %s, photo_id, (random() * 2 - 1) * 9.2e18, hashtext(photo_id), reverse(photo_id) FROM photos",
    "INSERT INTO entries (album_id, photo_id, is_private, sort_key, rank, taken_key) "
    "SELECT 'album', photo_id, photo_id < '00019000', photo_id, (random() * 2 - 1) * 9.2e18, reverse(photo_id) "
    "FROM photos",
    "INSERT INTO words (listing, photo_id, word) SELECT %s, photo_id, 'common' FROM photos",
    "INSERT INTO words (listing, photo_id, word) SELECT %s, photo_id, 'rare' FROM photos WHERE photo_id < '00000005'",
)


@pytest.fixture(scope="module")
def explained(postgres_server: PostgresServer) -> Iterator[tuple[Backend, list[Any]]]:
    """Stores with many photos, and the plans of their queries."""
    plans: list[Any] = []

    def explain(_: Connection, statement: str, execute: Callable[..., Any]) -> Any:
        if statement.startswith("SELECT p.") or " s.number" in statement or "photo_id," in statement:
            plans.append(execute("EXPLAIN (ANALYZE, FORMAT JSON) ").fetchall()[0][0][0]["Plan"])
        return execute()

    with new_database(postgres_server) as database:
        migrate(database)
        fill(database)
        other = Database(database.parameters, hooked(explain))
        yield build_backend(other), plans
        other.close()


def fill(database: Database) -> None:
    """Add many photos to the lists, half of them private in the album."""
    photo = pending().with_(photo_id=PhotoId("{id}"), user_id=UserId("ann"), status="ready")
    public = build_name("public")

    def add(transaction: Transaction) -> None:
        for statement, *values in zip_statements(encode_photo(photo), public):
            transaction.execute(statement, *values)

    database.write(add)
    database.execute("ANALYZE")


def zip_statements(body: str, public: str) -> list[tuple[Any, ...]]:
    """Return the statements of `FILL` with their values."""
    photos, listed, entries, common, rare = FILL
    mine = build_name("owner", "ann")
    return [
        (photos, body, COUNT),
        *((listed, name) for name in (public, mine)),
        (entries,),
        *((statement, public) for statement in (common, rare)),
    ]


def count_rows(plan: Any) -> int:
    """Return the largest number of rows that one node of a plan reads or filters."""
    own: int = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return max([own, *map(count_rows, plan.get("Plans", []))])


QUERIES: dict[str, Callable[[Backend], object]] = {
    "newest": lambda backend: backend.store.list_by_time(PUBLIC, PAGE, newest_first=True, after=PhotoId("00010000")),
    "oldest": lambda backend: backend.store.list_by_time(MINE, PAGE, newest_first=False),
    "top": lambda backend: backend.store.list_by_score(PUBLIC, PAGE, after=(3.0, LAST)),
    "random": lambda backend: backend.store.list_by_rank(PUBLIC, SPANS),
    "taken": lambda backend: backend.timeline.list_photos(UserId("ann"), PAGE, TakenRange(after="5")),
    "entries": lambda backend: backend.albums.list_entries(ALBUM, PAGE, include_private=True, after="00010000"),
    "open entries": lambda backend: backend.albums.list_entries(ALBUM, PAGE, include_private=False),
    "first entries": lambda backend: backend.albums.list_first_entries([(ALBUM, True), (ALBUM, False)]),
    "random entries": lambda backend: backend.albums.list_entries_by_rank(ALBUM, SPANS, include_private=True),
    "random open entries": lambda backend: backend.albums.list_entries_by_rank(
        ALBUM, [Span(0, RANKS - 1)], PAGE, include_private=False
    ),
    "taken entries": lambda backend: backend.timeline.list_entries(ALBUM, PAGE, TakenRange(), include_private=False),
    "common word": lambda backend: backend.search.search(PUBLIC, [SearchWord("common")], PAGE),
    "rare word": lambda backend: backend.search.search(PUBLIC, [SearchWord("rare")], PAGE),
    "rare and common word": lambda backend: backend.search.search(
        PUBLIC, [SearchWord("rar", is_prefix=True), SearchWord("common")], PAGE
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_list_reads_at_most_twelve_rows_beyond_its_page(explained: tuple[Backend, list[Any]], name: str) -> None:
    backend, plans = explained
    plans.clear()
    QUERIES[name](backend)
    assert len(plans) == 1
    assert 0 < count_rows(plans[0]) <= PAGE + 12
