"""Count the rows and buffers of a page of the random feed on PostgreSQL, by gallery size: `python -m bench.sql_feed`.

`EXPLAIN (ANALYZE, BUFFERS)` counts them for each query of the service's own code, and for two designs that are one
query: `ORDER BY random() LIMIT 10` and `TABLESAMPLE SYSTEM`. A buffer is a block of 8 KB. Parallel workers and JIT are
off. The server is temporary. `python -m bench.sql_feed 300000` stops at this size.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import fmean, median
from typing import Any, NamedTuple

from chalicelib.domain.ids import PhotoId, UserId, create_photo_id
from chalicelib.domain.queries import PhotoQuery
from chalicelib.photos.lists import PhotoLists
from chalicelib.stores.postgres.database import Connection, Database, Transaction
from chalicelib.stores.postgres.dialects import POSTGRES_WITHOUT_TIMEOUTS
from chalicelib.stores.postgres.listed import build_name
from chalicelib.stores.postgres.migrations import migrate
from chalicelib.stores.postgres.rows import PHOTO, encode_photo, get_rank
from chalicelib.stores.postgres.stores import build_stores
from local.postgres import find_programs
from tests.support.postgres_hooks import hooked
from tests.support.postgres_server import running_server
from tests.support.presenters import RowPresenter
from tests.support.row_sizes import START, typical_photo

SIZES = (10**3, 10**4, 10**5, 10**6)
PAGE, GOAL = 10, 12
"""The photos of a page, and the most rows that a page of a walk may read beyond them on average."""
PAGES, SLOW_PAGES, LATER = 100, 5, 5
"""The number of first pages, of pages that read the whole gallery, and of later pages of each walk."""
EVEN_PAGES, REPEAT_PAGES = 2_000, 100
_CHUNK = 10_000
_NEW = "INSERT INTO new (photo_id, rank) SELECT * FROM unnest(%s::text[], %s::bigint[])"
_FILL = (
    "INSERT INTO photos (photo_id, user_id, revision, body) "
    "SELECT photo_id, %s, 0, replace(%s, %s, photo_id) FROM new ORDER BY photo_id",
    "INSERT INTO listed_photos (listing, photo_id, rank, score) SELECT %s, photo_id, rank, 0 FROM new ORDER BY rank",
)
_CHOSEN = f"SELECT {PHOTO}, p.photo_id FROM (SELECT l.photo_id FROM listed_photos l"
_JOINED = f"LIMIT {PAGE}) l JOIN photos p ON p.photo_id = l.photo_id"


class Cost(NamedTuple):
    """The rows that one query reads and returns, and its buffers."""

    rows: int
    returned: int
    buffers: int


class Explainer:
    """Explains each query before it is executed."""

    def __init__(self, parameters: str) -> None:
        self.costs: list[Cost] = []
        self.database = Database(parameters, hooked(self._explain), dialect=POSTGRES_WITHOUT_TIMEOUTS)

    def _explain(self, _: Connection, statement: str, execute: Callable[..., Any]) -> Any:
        if statement.startswith("SELECT") and "listed_photos" in statement:
            plan = execute("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ").fetchall()[0][0][0]["Plan"]
            buffers = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            self.costs.append(Cost(_count_rows(plan), plan["Actual Rows"], buffers))
        return execute()


def _count_rows(plan: Any) -> int:
    """Return the largest number of rows that a node of a plan reads, with those that a filter removes.

    The values of a query are no rows of a table. PostgreSQL rounds the rows of a node that runs several times, so only
    its removed rows count.
    """
    if plan["Node Type"] == "Values Scan":
        return 0
    loops, removed = plan["Actual Loops"], plan.get("Rows Removed by Filter", 0)
    own: int = removed * loops if loops > 1 else plan["Actual Rows"] + removed
    return max([own, *map(_count_rows, plan.get("Plans", []))])


def fill(database: Database, existing: int, count: int) -> None:
    """Add public photos with typical rows until there are `count`."""
    rng, owner = random.Random(existing), UserId("6f1c2b8e-93d4-4a57-8e0b-2d7c51a9f3e4")
    typical = typical_photo(0, user_id=owner)
    for first in range(existing, count, _CHUNK):
        numbers = range(first, min(first + _CHUNK, count))
        ids = [create_photo_id(START + timedelta(seconds=number), rng.getrandbits(128)) for number in numbers]
        values = (ids, [get_rank(photo_id) for photo_id in ids]), (owner, encode_photo(typical), typical.photo_id)

        def add(transaction: Transaction, values: Any = values) -> None:
            transaction.execute("CREATE TEMPORARY TABLE new (photo_id text, rank bigint) ON COMMIT DROP")
            transaction.execute(_NEW, *values[0])
            transaction.execute(_FILL[0], *values[1])
            transaction.execute(_FILL[1], build_name("public"))

        database.write(add)
    database.execute("VACUUM ANALYZE")


def read_walk(database: Database) -> Iterator[list[PhotoId]]:
    """Yield the pages of a new walk."""
    stores, last_key = build_stores(database), None
    lists = PhotoLists(stores.photos, stores.timeline, RowPresenter(), ["key"])
    while True:
        page = lists.list_page(PhotoQuery(limit=PAGE, last_key=last_key), by=None)
        yield [photo.photo_id for photo in page.items]
        if (last_key := page.last_key) is None:
            return


def sort_by_random(database: Database) -> Iterator[list[PhotoId]]:
    """Yield pages of `ORDER BY random()`."""
    statement = f"{_CHOSEN} WHERE l.listing = %s ORDER BY random() {_JOINED}"
    while True:
        yield [row[-1] for row in database.read(statement, build_name("public"))]


def sample_blocks(database: Database) -> Iterator[list[PhotoId]]:
    """Yield pages of `TABLESAMPLE SYSTEM`. The sampled blocks hold four pages on average."""
    ((count,),) = database.read("SELECT reltuples FROM pg_class WHERE relname = 'listed_photos'")
    statement = f"{_CHOSEN} TABLESAMPLE SYSTEM (%s::float8) WHERE l.listing = %s {_JOINED}"
    while True:
        rows = database.read(statement, min(100 * 4 * PAGE / count, 100), build_name("public"))
        yield [row[-1] for row in rows]


class Design(NamedTuple):
    """A way to read pages, and the most pages to read from a large gallery."""

    name: str
    read: Callable[[Database], Iterator[list[PhotoId]]]
    pages: int = PAGES


DESIGNS = (
    Design("Photoshare", read_walk),
    Design("`ORDER BY random()`", sort_by_random, SLOW_PAGES),
    Design("`TABLESAMPLE SYSTEM`", sample_blocks),
)


class Pages:
    """The costs and durations of some pages."""

    def __init__(self) -> None:
        self.beyond: list[int] = []
        self.buffers: list[int] = []
        self.seconds: list[float] = []

    def add(self, photos: int | None, costs: list[Cost]) -> None:
        """Add the queries of a page with this number of photos. None means those that its query returns."""
        returned = sum(cost.returned for cost in costs) if photos is None else photos
        self.beyond.append(sum(cost.rows for cost in costs) - returned)
        self.buffers.append(sum(cost.buffers for cost in costs))


def measure(design: Design, database: Database, explainer: Explainer, count: int) -> tuple[Pages, Pages]:
    """Measure first pages, and the pages after them. The pages of two designs do not depend on the pages before."""
    measured = Pages(), Pages()
    for _ in range(PAGES if count <= 10**4 else design.pages):
        explained, timed = design.read(explainer.database), design.read(database)
        for number in range(1 + LATER if design.read is read_walk else 1):
            pages = measured[number > 0]
            explainer.costs.clear()
            photos = len(next(explained))
            # EXPLAIN executes a query once more, and a random query then returns other photos.
            pages.add(photos if design.read is read_walk else None, explainer.costs)
            started = time.perf_counter()
            next(timed)
            pages.seconds.append(time.perf_counter() - started)
    return measured


def describe_evenness(design: Design, database: Database, count: int) -> str:
    """Return the share of repeats, the dispersion of first pages, and the share of short pages."""
    pages = design.read(database)
    shown = [photo for _, page in zip(range(REPEAT_PAGES), pages, strict=False) for photo in page]
    repeats = 1 - len({*shown}) / len(shown)
    first = [next(design.read(database)) for _ in range(EVEN_PAGES)]
    seen = Counter(photo for page in first for photo in page)
    mean = sum(seen.values()) / count
    squares = sum((times - mean) ** 2 for times in seen.values()) + (count - len(seen)) * mean**2
    short = sum(len(page) < PAGE for page in first) / len(first)
    return f"| {design.name} | {repeats:.0%} | {squares / mean / (count - 1):.2f} | {short:.0%} |"


def main(largest: int = SIZES[-1]) -> None:
    """Print both tables. Fail if a page reads too many rows."""
    if find_programs() is None:
        print("PostgreSQL is not installed (Debian: apt install postgresql), so the random feed on SQL is skipped.")
        return
    with running_server() as server:
        name = server.create_database()
        for setting in ("max_parallel_workers_per_gather = 0", "jit = off"):
            Database(server.url()).execute(f"ALTER DATABASE {name} SET {setting}")
        database = Database(server.url(name), dialect=POSTGRES_WITHOUT_TIMEOUTS)
        migrate(database)
        explainer, existing = Explainer(server.url(name)), 0
        print("| photos | design | rows beyond the page: mean | largest | buffers | time | pages measured |")
        print("|---:|---|---:|---:|---:|---:|---:|")
        for count in sorted({min(size, largest) for size in SIZES}):
            fill(database, existing, count)
            existing = count
            print_costs(database, explainer, count)
            if count == SIZES[0]:
                evenness = [describe_evenness(design, database, count) for design in DESIGNS]
        print(f"\n{SIZES[0]:,} photos, {REPEAT_PAGES} pages for the repeats, {EVEN_PAGES:,} first pages for the rest")
        print("| design | repeats | dispersion | short pages |\n|---|---:|---:|---:|")
        print("\n".join(evenness))
        explainer.database.close()
        database.close()


def print_costs(database: Database, explainer: Explainer, count: int) -> None:
    """Print the costs of each design. The unit of the time is a later page of Photoshare."""
    unit = 0.0
    for design in DESIGNS:
        first, later = measure(design, database, explainer, count)
        unit = unit or median(later.seconds)
        named = {"first pages": first, "later pages": later} if later.beyond else {"pages": first}
        for kind, pages in named.items():
            beyond = fmean(pages.beyond)
            print(
                f"| {count:,} | {design.name}, {kind} | {beyond:,.1f} | {max(pages.beyond):,} "
                f"| {fmean(pages.buffers):,.0f} | {median(pages.seconds) / unit:,.1f} | {len(pages.beyond)} |",
                flush=True,
            )
            assert design.read is not read_walk or beyond <= GOAL, (
                f"A page reads more than {GOAL} rows beyond its photos."
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
