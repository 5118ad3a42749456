"""The implementations of the storage contracts, and the test modules that test each of them."""

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
    name = module.rpartition(".")[2]
    chosen = next((group for prefix, group in _GROUPS.items() if name.startswith(f"test_{prefix}")), BACKENDS)
    # One worker runs all tests on SQL, so a run starts one server and one proxy.
    return [
        backend if backend == "dynamodb" else pytest.param(backend, marks=pytest.mark.xdist_group("postgres"))
        for backend in chosen
    ]
