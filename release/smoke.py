"""Check a deployed stage: `python -m release.smoke STAGE [--url URL]`.

The checks of a visitor change nothing. If `SMOKE_EMAIL` and `SMOKE_PASSWORD` name a user, the command also signs in,
uploads a private photo and erases it. It never creates an account.
"""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from PIL import Image

from release.failures import exit_on_failure
from release.web import Reply, find_url, send

_ATTEMPTS = 60
"""Attempts, one per second. A cold start and the processing of a small photo both take a few seconds."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'",
    "Strict-Transport-Security": "max-age=",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Failed(Exception):
    """A check failed. The message names the difference."""


class Smoke:
    """The checks of one stage."""

    def __init__(self, url: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url, self._sleep = url.rstrip("/"), sleep

    def check_health(self) -> str:
        """Wait until the service is healthy. Return its version."""
        for _ in range(_ATTEMPTS):
            try:
                reply = send("GET", f"{self.url}/health")
            except OSError as error:
                problem = str(error)
            else:
                if reply.status == 200 and reply.json["status"] == "ok":
                    return f"version {reply.json['version']}"
                problem = f"status {reply.status}"
            self._sleep(1)
        raise Failed(f"not healthy after {_ATTEMPTS} attempts: {problem}")

    def check_openapi(self) -> str:
        """Read the OpenAPI document. Return the number of its paths."""
        document = self._read("/openapi.json")
        if "/photos" not in document.get("paths", {}):
            raise Failed("the document does not describe /photos")
        return f"{len(document['paths'])} paths"

    def check_headers(self) -> str:
        """Compare the security headers of the page and of the API with the expected ones."""
        for path in ("/", "/photos?limit=1"):
            reply = send("GET", f"{self.url}{path}")
            for name, start in _HEADERS.items():
                if not reply.headers.get(name, "").startswith(start):
                    raise Failed(f"{path} has {name}: {reply.headers.get(name)}")
        return f"{len(_HEADERS)} headers"

    def check_feed(self) -> str:
        """Read the first page of the public feed as a visitor. Return the number of its photos."""
        page = self._read("/photos?limit=5")
        if not isinstance(page.get("items"), list) or "lastKey" not in page:
            raise Failed("the feed has no items")
        return f"{len(page['items'])} photos"

    def check_upload(self, email: str, password: str) -> str:
        """Sign in, upload a private photo, wait until it is ready, and erase it."""
        tokens = self._call("POST", "/login", {"email": email, "password": password})
        token = {"Authorization": f"Bearer {tokens['accessToken']}"}
        picture = _draw()
        wanted = {"filename": "smoke.png", "contentType": "image/png", "size": len(picture), "visibility": "private"}
        grant = self._call("POST", "/upload", wanted, token)
        path = f"/photos/{grant['photoId']}"
        try:
            stored = send("PUT", grant["uploadUrl"], picture, grant["headers"])
            if stored.status != 200:
                raise Failed(f"S3 returned {stored.status} for the upload")
            self._wait_ready(path, token)
        finally:
            self._call("DELETE", f"{path}?permanent=true", None, token)
        if (status := send("GET", f"{self.url}{path}", None, token).status) != 404:
            raise Failed(f"the erased photo returns {status}")
        return "uploaded and erased a photo"

    def _wait_ready(self, path: str, token: dict[str, str]) -> None:
        status = "pending"
        for _ in range(_ATTEMPTS):
            status = self._call("GET", path, None, token)["status"]
            if status != "pending":
                break
            self._sleep(1)
        if status != "ready":
            raise Failed(f"the photo is {status}")

    def _read(self, path: str) -> dict[str, Any]:
        document = self._call("GET", path)
        if not isinstance(document, dict):
            raise Failed(f"{path.partition('?')[0]} is not an object")
        return document

    def _call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        reply = send(method, f"{self.url}{path}", content, {"Content-Type": "application/json", **(headers or {})})
        if reply.status >= 300:
            raise Failed(f"{method} {path.partition('?')[0]} returned {reply.status}: {_name_error(reply)}")
        return reply.json if reply.content else None


def _draw() -> bytes:
    """Return a PNG of random pixels. The service refuses a photo that its user already has."""
    picture = io.BytesIO()
    Image.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3)).save(picture, "PNG")
    return picture.getvalue()


def _name_error(reply: Reply) -> str:
    try:
        return str(reply.json["error"])
    except (ValueError, KeyError, TypeError):
        return "not an error of Photoshare"


def run(smoke: Smoke, email: str = "", password: str = "") -> bool:
    """Run the checks and print their results. Return True if all passed."""
    checks: dict[str, Callable[[], str]] = {
        "health": smoke.check_health,
        "openapi": smoke.check_openapi,
        "headers": smoke.check_headers,
        "feed": smoke.check_feed,
    }
    if email:
        checks["upload"] = lambda: smoke.check_upload(email, password)
    passed = True
    for name, check in checks.items():
        try:
            print(f"ok      {name}: {check()}")
        except (Failed, OSError, ValueError, KeyError, TypeError) as error:
            passed = False
            print(f"FAILED  {name}: {error}")
    if not email:
        print("skipped upload: set SMOKE_EMAIL and SMOKE_PASSWORD to a test user to include it")
    return passed


def main() -> None:
    """Check the stage that the arguments name.

    Raises:
        SystemExit: a check failed.
    """
    parser = argparse.ArgumentParser(prog="python -m release.smoke")
    parser.add_argument("stage")
    parser.add_argument("--url", default="")
    options = parser.parse_args()
    url = options.url or find_url(boto3.Session().client, options.stage)
    print(f"Checking {url}")
    if not run(Smoke(url), os.environ.get("SMOKE_EMAIL", ""), os.environ.get("SMOKE_PASSWORD", "")):
        sys.exit("The stage failed the smoke test.")


if __name__ == "__main__":
    with exit_on_failure("The stage was not checked", LookupError):
        main()
