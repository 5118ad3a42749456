"""Measure the speed and the memory of `make copy-store` between two PostgreSQL databases: `python -m bench.copies`.

The server is temporary. The photos have typical rows, and belong to accounts with 500 photos each.
`python -m bench.copies 150` stops at this number of photos.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import batched

from chalicelib.domain.ids import UserId
from chalicelib.stores.copies import AccountCopy, PhotoCopy
from chalicelib.stores.postgres.copies import PostgresCopyStore
from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.dialects import POSTGRES_WITHOUT_TIMEOUTS
from chalicelib.stores.postgres.migrations import migrate
from local.postgres import find_programs
from tests.support.paths import ROOT
from tests.support.postgres_server import running_server
from tests.support.row_sizes import typical_photo

SIZES = (150, 1_500)
PHOTOS_PER_ACCOUNT = 500
_TABLES = ("photos", "listed_photos", "words", "digests", "month_counts", "accounts")


def build_photos(count: int) -> Iterator[PhotoCopy]:
    """Yield photos of several accounts."""
    for number in range(count):
        owner = UserId(f"6f1c2b8e-93d4-4a57-8e0b-{number // PHOTOS_PER_ACCOUNT:012}")
        photo = typical_photo(number, user_id=owner)
        yield PhotoCopy(photo=photo)


def fill(database: Database, count: int) -> None:
    """Write photos and their accounts."""
    copies = PostgresCopyStore(database)
    for batch in batched(build_photos(count), PHOTOS_PER_ACCOUNT):
        copies.write("photos", batch)
        copies.write("accounts", [AccountCopy(user_id=batch[0].photo.user_id, photo_count=len(batch))])


def count_rows(database: Database) -> int:
    """Return the number of rows of all tables that the copy fills here."""
    counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in _TABLES)
    ((count,),) = database.read(f"SELECT {counts}")
    return int(count)


def run_command(source: Database, target: Database, *options: str) -> tuple[float, int]:
    """Run the command. Return its duration in seconds and its peak memory in MB."""
    command = [sys.executable, "-m", "release.copy_store", source.parameters, target.parameters, *options]
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, "The databases differ."
    return time.perf_counter() - started, usage.ru_maxrss // 1024


def measure(create: Callable[[], Database], count: int) -> str:
    """Return a row of the table for this number of photos."""
    source, target = create(), create()
    migrate(source)
    fill(source, count)
    seconds, megabytes = run_command(source, target)
    again, _ = run_command(source, target, "--replace")
    rows = count_rows(target)
    assert rows == count_rows(source)
    for database in (source, target):
        database.close()
    return f"| {count:,} | {rows:,} | {seconds:.0f} s | {rows / seconds:,.0f} | {again:.0f} s | {megabytes} MB |"


def main(largest: int = SIZES[-1]) -> None:
    """Print the table."""
    if find_programs() is None:
        print("PostgreSQL is not installed (Debian: apt install postgresql), so copies are not measured.")
        return
    with running_server() as server:

        def create() -> Database:
            return Database(server.url(server.create_database()), dialect=POSTGRES_WITHOUT_TIMEOUTS)

        print("| photos | rows | first copy | rows per second | second copy | peak memory |")
        print("|---:|---:|---:|---:|---:|---:|")
        for count in sorted({min(size, largest) for size in SIZES}):
            print(measure(create, count), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
