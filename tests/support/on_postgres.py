"""Run tests on PostgreSQL in a process of their own."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

skip_on_postgres = pytest.mark.skipif(os.environ.get("STORE") == "postgres", reason="This run is on PostgreSQL.")


def run_on_postgres(*paths: str, **variables: str) -> None:
    """Run the tests of these files, and fail if one of them fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths]
    environment = os.environ | {"STORE": "postgres"} | variables
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-10_000:]
