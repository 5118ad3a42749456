"""Files that the API serves: the web page and the OpenAPI document."""

from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec
from chalice.app import Chalice

from chalicelib.domain.errors import NotFound
from chalicelib.http.responses import File

_WEB = Path(__file__).parent.parent / "web"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def load_web_file(name: str) -> File:
    """Return a file of the web page.

    Raises:
        NotFound: the web page has no such file.
    """
    paths = {path.name: path for path in _WEB.iterdir() if path.suffix in CONTENT_TYPES}
    if name not in paths:
        raise NotFound
    return build_file(paths[name].read_text(encoding="utf-8"), CONTENT_TYPES[paths[name].suffix])


@cache
def build_openapi_file(app: Chalice) -> File:
    """Return the OpenAPI document of an app. Build it on the first request, to keep cold starts fast."""
    from chalicelib.http import openapi

    return build_file(msgspec.json.encode(openapi.build_document(app.routes)).decode(), "application/json")


def build_file(content: str, content_type: str) -> File:
    """Return a file with an ETag that is a hash of its content."""
    return File(content, content_type, f'"{sha256(content.encode()).hexdigest()[:32]}"')
