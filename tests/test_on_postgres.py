"""A selection of the tests of the service also passes on PostgreSQL. `STORE=postgres` runs any other tests so."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

SELECTION = (
    "tests/test_races.py",
    "tests/test_crash_matrix.py",
    "tests/uploads/test_event_orders.py",
    "tests/accounts/test_large_deletion.py",
    "tests/accounts/test_deletion_request.py",
)


E2E = (
    "tests/e2e/test_journey.py",
    "tests/e2e/page/test_whole_journey.py",
    "tests/e2e/test_openapi.py",
)


def run_on_postgres(paths: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths]
    variables = {"STORE": "postgres", "SCHEMATHESIS_EXAMPLES": "1"}
    result = subprocess.run(command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-10_000:]


@pytest.mark.skipif(os.environ.get("STORE") == "postgres", reason="This run is on PostgreSQL already.")
@pytest.mark.parametrize("paths", [SELECTION, E2E], ids=["selection", "e2e"])
def test_selection_of_tests_passes_on_postgres(paths: tuple[str, ...]) -> None:
    run_on_postgres(paths)
