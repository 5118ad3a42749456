"""The implementations of the storage contracts, and the test modules that test each of them."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

BACKENDS = ("dynamodb", "postgres", "dsql")
"""All implementations. Each of them has every contract."""
_GROUPS = {name: (name,) for name in BACKENDS} | {"sql": ("postgres", "dsql")}


def list_backends(module: str) -> list[Any]:
    """Return the parameters of the implementations that a test module tests.

    A module whose name begins with `test_` and an implementation tests only this one. `test_sql` means both databases
    that understand SQL.
    """
    return _mark(_choose(module.rpartition(".")[2]))


def list_stores(module: str) -> list[Any]:
    """Return the parameters of the stores on which a test module with the mark `every_store` runs the service.

    The store on Aurora DSQL differs only in its connections and transactions, which have tests of their own.
    """
    return _mark([store for store in _choose(module.rpartition(".")[2]) if store != "dsql"])


def _choose(name: str) -> Sequence[str]:
    return next((group for prefix, group in _GROUPS.items() if name.startswith(f"test_{prefix}")), BACKENDS)


def _mark(names: Iterable[str]) -> list[Any]:
    # One worker runs all tests on SQL, so a run starts one server and one proxy.
    return [
        backend if backend == "dynamodb" else pytest.param(backend, marks=pytest.mark.xdist_group("postgres"))
        for backend in names
    ]
