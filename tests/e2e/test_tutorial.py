"""The tutorial: its Python blocks run as one script and print the documented lines."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.rest import environment, wait_until
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("local")

TUTORIAL = (ROOT / "docs" / "tutorial" / "rest-client.md").read_text(encoding="utf-8")
ADDRESS = "http://localhost:8000"
_BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_tutorial_prints_the_documented_lines(local: Local, tmp_path: Path) -> None:
    wait_until(lambda: "Sign in as" in local.read_output(), 30)
    (tmp_path / ".data").symlink_to(local.data)
    (tmp_path / "client.py").write_text(read_blocks("python").replace(ADDRESS, local.url), encoding="utf-8")

    command = [sys.executable, "client.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120)

    assert (done.returncode, done.stdout) == (0, read_blocks("text")), done.stderr


def read_blocks(language: str) -> str:
    """Return the blocks of the tutorial in this language, joined to one text."""
    return "".join(code for kind, code in _BLOCK.findall(TUTORIAL) if kind == language)
