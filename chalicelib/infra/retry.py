"""Retry a change that lost a race against another writer."""

import random
import time
from collections.abc import Callable

_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5


class WriteConflict(Exception):
    """Another writer changed the rows between the read and the write."""


def retry_on_conflict[Result](
    attempt: Callable[[], Result], *, error_factory: Callable[[], Exception], attempts: int = 5
) -> Result:
    """Return what `attempt` returns, and call it again each time it raises `WriteConflict`.

    `attempt` must read the current state each time. Raise `error_factory()` after `attempts` conflicts.
    """
    conflict: WriteConflict | None = None
    for number in range(attempts):
        pause(number)
        try:
            return attempt()
        except WriteConflict as error:
            conflict = error
    raise error_factory() from conflict


def pause(attempt: int) -> None:
    """Sleep before every attempt but the first, with full jitter.

    Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if attempt:
        time.sleep(random.uniform(0, min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS)))


def find_root_cause(error: BaseException) -> BaseException:
    """Return the first error of the chain of causes of `error`. Without a cause, return `error` itself."""
    while error.__cause__:
        error = error.__cause__
    return error
