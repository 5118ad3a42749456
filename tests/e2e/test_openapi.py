"""schemathesis: thousands of requests made from the OpenAPI document, good and bad, to the running service."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.images import photo as make_photo
from tests.support.paths import ROOT
from tests.support.rest import environment, put
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("local")

CASES = 1000
# It would take the caller's account away in the middle; `test_cancelling.py` has it.
LEFT_OUT = {"visitor": [], "owner": ["--exclude-operation-id", "cancelAccount"]}


@pytest.mark.parametrize("caller", LEFT_OUT)
def test_service_conforms_to_its_openapi_document(local: Local, tmp_path: Path, caller: str) -> None:
    token = local.sign_up(f"{caller}@example.com")
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/e2e/schemathesis.toml", "run"]
    command += [f"{local.url}/openapi.json", "--no-color", "--report-json-path", str(report), *LEFT_OUT[caller]]
    if caller == "owner":
        command += ["--header", f"Authorization: Bearer {token}"]
    known = environment() | {"SERVICE": local.url} | belongings(local, token)
    ran = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told: dict[str, Any] = json.loads(report.read_text())
    print(f"{caller}: {told['test_cases']['generated']} cases in {told['running_time']:.0f} s")
    assert told["complete"]
    assert told["test_cases"]["generated"] >= CASES
    assert told["operations"]["tested"] == told["operations"]["total"] - len(LEFT_OUT[caller]) // 2


def belongings(local: Local, token: str) -> dict[str, str]:
    """A photo, an album and a share link, by the variables of `schemathesis.toml`."""
    grant, photo = local.grant(token), make_photo(64, 48)
    assert put(grant, photo) == 200
    local.wait_ready(grant["photoId"], token)
    album = local.call("POST", "/albums", {"name": "Sea"}, token).json["albumId"]
    link = local.call("POST", f"/albums/{album}/links", {}, token).json["url"]
    return {"PHOTO_ID": grant["photoId"], "ALBUM_ID": album, "LINK_TOKEN": link.rpartition("/")[2]}
