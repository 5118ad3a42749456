"""The command `make reconcile` says what to do if it finds no stage."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def run(*arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "release.reconcile", *arguments],
        cwd=ROOT,
        env=environment | {"AWS_CONFIG_FILE": "/dev/null"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    ).stderr


def test_missing_local_cloud_is_named(tmp_path: Path) -> None:
    assert run("local", "--data", str(tmp_path)).strip().startswith(f"There is no local cloud in {tmp_path}.")
