import subprocess
import sys

from tests.support.paths import ROOT


def test_five_seconds_of_fuzzing_find_no_fault() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.support.fuzz", "5"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
    assert "0 faults" in result.stdout
