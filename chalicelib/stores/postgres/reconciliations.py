"""The run of the reconciliation on PostgreSQL: the only row of a table."""

from collections.abc import Callable

import msgspec

from chalicelib.stores.postgres.database import Database
from chalicelib.stores.postgres.rows import encode_json
from chalicelib.stores.reconciliations import Run

_NAME = "latest"


class PostgresRunStore:
    """`RunStore` on a database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database, self._clock = database, clock

    def get_run(self) -> Run | None:
        statement = "SELECT body FROM reconciliation_runs WHERE name = %s AND body IS NOT NULL"
        rows = self._database.read(statement, _NAME)
        return msgspec.json.decode(rows[0][0], type=Run) if rows else None

    def acquire(self, holder: str, until: int) -> bool:
        return self._write(
            "INSERT INTO reconciliation_runs AS r (name, holder, leased_until) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, leased_until = EXCLUDED.leased_until "
            "WHERE r.holder IS NULL OR r.holder = EXCLUDED.holder OR r.leased_until < %s",
            *(_NAME, holder, until, int(self._clock())),
        )

    def store(self, run: Run, holder: str, until: int) -> bool:
        statement = "UPDATE reconciliation_runs SET body = %s, leased_until = %s WHERE name = %s AND holder = %s"
        return self._write(statement, encode_json(run), until, _NAME, holder)

    def release(self, holder: str) -> None:
        statement = "UPDATE reconciliation_runs SET holder = NULL, leased_until = NULL WHERE name = %s AND holder = %s"
        self._write(statement, _NAME, holder)

    def _write(self, statement: str, *values: str | int) -> bool:
        return self._database.change(lambda transaction: transaction.require(statement, *values))
