"""The differences between PostgreSQL and Aurora DSQL that the stores cannot avoid."""

import re
from typing import NamedTuple

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from chalicelib.infra.settings import InvalidDatabaseUrl

_NETWORK: dict[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class Dialect(NamedTuple):
    """The properties of one kind of database."""

    begin: str
    """The statement that begins a transaction with the isolation level REPEATABLE READ."""
    parameters: dict[str, str | int]
    """The default parameters of connections."""
    transient_codes: frozenset[str]
    """The SQLSTATEs after which a transaction is repeated, besides those of psycopg's `OperationalError`."""
    is_dsql: bool

    def add_defaults(self, url: str) -> str:
        """Return a connection string with the default parameters that `url` does not set.

        The `options` of `url` follow the default ones, so each setting in them overrides only its own default.

        Raises:
            InvalidDatabaseUrl: libpq cannot parse `url`, or takes a part of its password as the host or the port.
        """
        try:
            given = conninfo_to_dict(url)
        except (ProgrammingError, UnicodeDecodeError):
            # These errors quote the URL.
            raise InvalidDatabaseUrl from None
        if "@" in str(given.get("host", "")) or not re.fullmatch(r"[\d,]*", str(given.get("port", ""))):
            raise InvalidDatabaseUrl
        default, options = str(self.parameters.get("options", "")), str(given.get("options", ""))
        if default not in options:
            # The last value of a setting counts.
            given["options"] = f"{default} {options}"
        return make_conninfo("", **self.parameters | given)

    def translate(self, statement: str) -> str:
        """Return a statement of `schema` for this database. The files are written for Aurora DSQL."""
        if self.is_dsql:
            return statement
        # Aurora DSQL has only the collation C, and refuses to name it. AWS contract DSQL-11.
        return re.sub(r"\btext\b", 'text COLLATE "C"', statement).replace("CREATE INDEX ASYNC ", "CREATE INDEX ")


# Without `client_encoding`, texts have the encoding of the database or of PGCLIENTENCODING.
# A standby does not have the latest writes.
_POSTGRES = _NETWORK | {"client_encoding": "UTF8", "target_session_attrs": "primary"}
POSTGRES = Dialect(
    begin="BEGIN ISOLATION LEVEL REPEATABLE READ",
    # Compiling a query of the random feed takes longer than executing it, but the planner overestimates its rows.
    parameters=_POSTGRES
    | {"options": "-c jit=off -c statement_timeout=10s -c idle_in_transaction_session_timeout=15s"},
    # The server has ended a transaction that was idle for too long or took too long, for example because the process
    # was paused.
    transient_codes=frozenset({"25P03", "25P04"}),
    is_dsql=False,
)
POSTGRES_WITHOUT_TIMEOUTS = POSTGRES._replace(parameters=_POSTGRES)
"""PostgreSQL for migrations. An index of a large table takes minutes."""
# Aurora DSQL has no other isolation level, and refuses to set timeouts. A transaction takes at most five minutes.
# AWS contracts DSQL-4, DSQL-5, DSQL-7.
DSQL = Dialect(
    begin="BEGIN",
    parameters=_NETWORK | {"sslmode": "verify-full"},
    transient_codes=frozenset({"XX000", "OC000", "OC001"}),
    is_dsql=True,
)
