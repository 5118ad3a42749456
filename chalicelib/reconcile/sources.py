"""Sources of a look: rows, objects and users, as they are now or as they were at the time of an export."""

from collections.abc import Callable
from typing import NamedTuple

from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import UserId
from chalicelib.storage.listings import Listings
from chalicelib.stores.row_audit import RowReader


class Sources(NamedTuple):
    """The rows, objects and users that a look reads, and their time."""

    rows: RowReader
    listings: Listings
    has_user: Callable[[UserId], bool]
    """Return whether the user pool has a user."""
    clock: Clock
    """Return the time at which the rows and objects had the state that the look reads."""
