"""Copy S3 inventories, DynamoDB exports and the list of users into an sqlite database, for the first looks of a run.

The database is on disk, so the use of memory does not depend on the size of the stage.
"""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from chalicelib import wiring
from chalicelib.domain.ids import UserId
from chalicelib.infra.exported_files import ExportedFiles, InvalidExport
from chalicelib.reconcile.sources import Sources
from chalicelib.storage.inventory import InventoryListings, load_inventories
from chalicelib.stores.dynamodb.audited_rows import DynamoRowReader
from chalicelib.stores.dynamodb.exports import ExportedRows, load_exports


@contextmanager
def open_snapshot(
    files: ExportedFiles, inventories: Sequence[str], exports: Sequence[str], directory: Path
) -> Iterator[Sources]:
    """Open the database of these manifests in `directory`. Create it unless an interrupted run has left it there.

    Raises:
        InvalidExport: a file is damaged, or the manifests are not those of the stage.
    """
    manifests = b"".join(files.read(location) for location in [*inventories, *exports])
    path = directory / f"{hashlib.sha256(manifests).hexdigest()[:32]}.sqlite3"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        try:
            with _connect(unfinished) as database:
                _fill(database, files, inventories, exports)
        except (ValueError, KeyError, msgspec.MsgspecError, zlib.error) as error:
            raise InvalidExport(f"A file of an inventory or an export has an invalid format: {error!r}") from error
        unfinished.rename(path)
    with _connect(path) as database:
        (time,) = database.execute("SELECT time FROM oldest").fetchone()
        oldest = datetime.fromisoformat(time)

        def has_user(user_id: UserId) -> bool:
            return database.execute("SELECT 1 FROM users WHERE id = ?", (user_id,)).fetchone() is not None

        # A photo that was uploaded between the oldest and the newest file looks damaged. At the time of the oldest
        # file, its upload was under way, so the checks ignore the photo.
        rows = DynamoRowReader(ExportedRows(database))
        yield Sources(rows, InventoryListings(database), has_user, lambda: oldest)
    path.unlink()


@contextmanager
def _connect(path: Path) -> Iterator[sqlite3.Connection]:
    # Several threads read the rows, one at a time.
    with closing(sqlite3.connect(path, check_same_thread=False)) as database, database:
        # The file is useless after a crash in any case.
        database.execute("PRAGMA synchronous = OFF")
        yield database


def _fill(
    database: sqlite3.Connection, files: ExportedFiles, inventories: Sequence[str], exports: Sequence[str]
) -> None:
    settings = wiring.settings()
    times = [
        load_exports(database, files, settings, exports),
        load_inventories(database, files, settings, inventories),
    ]
    database.execute("CREATE TABLE users (id PRIMARY KEY)")
    users = ((user_id,) for user_id in wiring.user_pool().list_user_ids())
    database.executemany("INSERT INTO users VALUES (?)", users)
    database.execute("CREATE TABLE oldest (time)")
    database.execute("INSERT INTO oldest VALUES (?)", (min(times).isoformat(),))
