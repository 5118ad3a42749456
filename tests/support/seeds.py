"""The seeds of random runs. Each call of a command continues after the previous call."""

import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.policies import VIOLATIONS


def iterate_seeds(name: str, seconds: float) -> Iterator[int]:
    """Yield one seed after another for some seconds, but at least one.

    Begin with the seed after the last one of the previous call. If the caller fails, the next call begins with the same
    seed. Fail if a function has exceeded its policy.
    """
    path, end = Path(".hypothesis", f"next-{name}-seed"), time.monotonic() + seconds
    path.parent.mkdir(exist_ok=True)
    number = first = int(path.read_text()) if path.exists() else 0
    while number == first or time.monotonic() < end:
        print(f"seed {number}", flush=True)
        yield number
        assert VIOLATIONS == []
        number += 1
        path.write_text(str(number))
