"""schemathesis generates thousands of valid and invalid requests from the OpenAPI document and sends them."""

import json
import os
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
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES")
"""The number of examples of each operation in a short run, which has no smallest number of cases."""
PHOTO_TAGS = ("Photos", "Ratings", "Search", "Uploading")
SELECTIONS = {
    "visitor": [],
    # Two users share the operations, because one user would soon wait for the rate limit.
    "photo-owner": [word for tag in PHOTO_TAGS for word in ("--include-tag", tag)],
    "album-owner": [
        *(word for tag in PHOTO_TAGS for word in ("--exclude-tag", tag)),
        # This operation would delete the account of the caller during the run. `test_cancelling.py` tests it.
        *("--exclude-operation-id", "cancelAccount"),
    ],
}


@pytest.mark.parametrize("caller", SELECTIONS)
def test_service_conforms_to_its_openapi_document(local: Local, tmp_path: Path, caller: str) -> None:
    token = local.sign_up(f"{caller}@example.com")
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/e2e/schemathesis.toml", "run"]
    command += [f"{local.url}/openapi.json", "--no-color", "--report-json-path", str(report), *SELECTIONS[caller]]
    command += ["--max-examples", EXAMPLES] if EXAMPLES else []
    if caller != "visitor":
        command += ["--header", f"Authorization: Bearer {token}"]
    env = environment() | {"SERVICE": local.url} | create_resources(local, token)
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    summary: dict[str, Any] = json.loads(report.read_text())
    print(f"{caller}: {summary['test_cases']['generated']} cases in {summary['running_time']:.0f} s")
    assert summary["complete"]
    assert EXAMPLES or summary["test_cases"]["generated"] >= CASES
    operations = summary["operations"]
    assert operations["tested"] == operations["total" if caller == "visitor" else "selected"]


def create_resources(local: Local, token: str) -> dict[str, str]:
    """Create a photo, an album and a share link. Return them as the variables of `schemathesis.toml`."""
    grant, photo = local.grant(token), make_photo(64, 48)
    assert put(grant, photo) == 200
    local.wait_ready(grant["photoId"], token)
    album = local.call("POST", "/albums", {"name": "Sea"}, token).json["albumId"]
    link = local.call("POST", f"/albums/{album}/links", {}, token).json["url"]
    return {"PHOTO_ID": grant["photoId"], "ALBUM_ID": album, "LINK_TOKEN": link.rpartition("/")[2]}
