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
    ".webmanifest": "application/manifest+json",
}


@cache
def load_web_file(name: str, folder: str = "") -> File:
    """Return a file of the web page. Its folder is `web` if `folder` is empty, else a folder in `web`.

    Raises:
        NotFound: the web page has no such file.
    """
    files = _list_web_files()
    if (folder, name) not in files:
        raise NotFound
    path = files[folder, name]
    return build_file(path.read_text(encoding="utf-8"), CONTENT_TYPES[path.suffix])


def list_etags() -> dict[str, str]:
    """Return the ETags of all files of the web page by their path below `/web`."""
    names = {"/".join(filter(None, key)): key for key in sorted(_list_web_files())}
    return {path: load_web_file(name, folder).etag for path, (folder, name) in names.items()}


@cache
def build_openapi_file(app: Chalice) -> File:
    """Return the OpenAPI document of an app. Build it on the first request, to keep cold starts fast."""
    from chalicelib.http import openapi

    return build_file(msgspec.json.encode(openapi.build_document(app.routes)).decode(), "application/json")


def build_file(content: str, content_type: str) -> File:
    """Return a file with an ETag that is a hash of its content."""
    return File(content, content_type, f'"{sha256(content.encode()).hexdigest()[:32]}"')


@cache
def _list_web_files() -> dict[tuple[str, str], Path]:
    # Look the names up in this list. A path that is built from the request could leave the folder.
    paths = [path for pattern in ("*", "*/*") for path in _WEB.glob(pattern) if path.suffix in CONTENT_TYPES]
    return {("" if path.parent == _WEB else path.parent.name, path.name): path for path in paths}
