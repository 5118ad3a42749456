import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_few_seconds_of_mutated_photos_crash_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "5"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
    assert "0 faults" in ran.stdout
