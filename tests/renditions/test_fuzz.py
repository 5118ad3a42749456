import os
import subprocess
import sys
from pathlib import Path

from tests.support import fuzz
from tests.support.paths import ROOT


def test_five_seconds_of_fuzzing_find_no_fault() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.fuzz", "5"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
    assert "0 faults" in result.stdout


def test_photo_of_an_earlier_process_is_no_fault(tmp_path: Path) -> None:
    current = tmp_path / "photo"
    current.write_bytes(b"")
    os.utime(current, (0, 0))
    results, fault = fuzz.run_child(1, 1, current)
    assert fault == ""
    assert results["outcomes"]
