"""What every answer carries beside its body: security headers, CORS, and its line in the log."""

import logging
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib.domain.errors import NotFound
from chalicelib.infra.settings import Settings

log = logging.getLogger(__name__)

_WEB = Path(__file__).parent.parent / "web"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_REQUEST_HEADERS = "Authorization,Content-Type,Idempotency-Key,X-Link-Password,X-Requested-With"


def headers(settings: Settings, origin: str | None) -> dict[str, str]:
    """The headers of every answer to a request from `origin`."""
    storage = " ".join(settings.storage_origins)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data: blob: {storage}; connect-src 'self' {storage}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Origin",
        **_cors(settings, origin),
    }


def preflight(methods: list[str]) -> dict[str, str | list[str]]:
    """What a preflight is told beside that."""
    return {
        "Access-Control-Allow-Methods": ",".join(sorted(methods)),
        "Access-Control-Allow-Headers": _REQUEST_HEADERS,
        "Access-Control-Max-Age": "7200",
    }


class File(NamedTuple):
    """What a browser may keep, and asks whether it has changed."""

    content: str
    content_type: str
    tag: str
    """Changes with the content."""


@cache
def page(name: str) -> File:
    """A file of the web page.

    Raises:
        NotFound: the page has no such file.
    """
    known = {path.name: path for path in _WEB.iterdir() if path.suffix in CONTENT_TYPES}
    if name not in known:
        raise NotFound
    return file(known[name].read_text(encoding="utf-8"), CONTENT_TYPES[known[name].suffix])


def file(content: str, content_type: str) -> File:
    """A file of this content."""
    return File(content, content_type, f'"{sha256(content.encode()).hexdigest()[:32]}"')


def note(request: Any, status: int, seconds: float) -> None:
    """Log an answered request: the route, never its parameters, headers or body."""
    facts = {
        "method": request.method,
        "route": request.path,
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "request_id": getattr(request.lambda_context, "aws_request_id", ""),
    }
    log.log(logging.ERROR if status >= 500 else logging.INFO, "answered", extra=facts)


def _cors(settings: Settings, origin: str | None) -> Mapping[str, str]:
    # No cookie goes with requests from other origins, so credentials are never allowed.
    if origin not in settings.allowed_origins:
        return {}
    return {"Access-Control-Allow-Origin": origin or "", "Access-Control-Expose-Headers": "Retry-After,Location"}
