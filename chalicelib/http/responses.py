"""Responses: JSON, redirects, files and cookies, and the headers of every response."""

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from chalice.app import Request, Response

from chalicelib.http.parsing import matches_etag
from chalicelib.infra.settings import Settings

log = logging.getLogger(__name__)

_REQUEST_HEADERS = "Authorization,Content-Type,Idempotency-Key,X-Link-Password,X-Requested-With"


class Redirect(NamedTuple):
    """A redirect of the browser to `url`, with cookies to set."""

    url: str
    cookies: tuple[str, ...] = ()


class WithCookies[Content](NamedTuple):
    """A view with cookies to set."""

    content: Content
    cookies: tuple[str, ...]


class File(NamedTuple):
    """A file that a browser may cache and revalidate by its ETag."""

    content: str
    content_type: str
    etag: str


def build_response(result: Any, responses: Mapping[int, Any], request: Request) -> Response:
    """Return the response for a view's return value. `responses` holds the statuses that the route declares."""
    if isinstance(result, Redirect):
        headers: dict[str, Any] = {"Location": result.url, "Set-Cookie": list(result.cookies)}
        status = next(status for status, kind in responses.items() if kind is Redirect)
        return Response("", headers | {"Cache-Control": "no-store"}, status)
    if isinstance(result, File):
        return _build_file_response(result, request)
    if result is None:
        return Response("", status_code=204)
    content, cookies = result if isinstance(result, WithCookies) else (result, ())
    # API Gateway compresses large responses. AWS contract APIGW-7.
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    headers |= {"Set-Cookie": list(cookies)} if cookies else {}
    return Response(msgspec.json.encode(content).decode(), headers, _select_status(content, responses))


def build_security_headers(settings: Settings, origin: str | None) -> dict[str, str]:
    """Return the security and CORS headers of every response to a request from `origin`."""
    storage = " ".join(settings.storage_origins)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' data: blob: {storage}; connect-src 'self' {storage}; "
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Origin",
        **_build_cors_headers(settings, origin),
    }


def build_preflight_response(methods: list[str]) -> Response:
    """Return the response to a CORS preflight request of a route with these methods."""
    headers: dict[str, Any] = {
        "Access-Control-Allow-Methods": ",".join(sorted(methods)),
        "Access-Control-Allow-Headers": _REQUEST_HEADERS,
        "Access-Control-Max-Age": "7200",
    }
    return Response("", headers, 204)


def log_response(request: Request, status: int, seconds: float) -> None:
    """Log a request and its response. Omit parameters, headers and bodies, because they can contain secrets."""
    fields = {
        "method": request.method,
        "route": request.path,
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "request_id": getattr(request.lambda_context, "aws_request_id", ""),
    }
    log.log(logging.ERROR if status >= 500 else logging.INFO, "request completed", extra=fields)


def _select_status(content: Any, responses: Mapping[int, Any]) -> int:
    """Return the status for this content. If the route has several statuses, the type of the content selects one."""
    statuses = [status for status, kind in responses.items() if kind not in (None, Redirect, File)]
    if len(statuses) == 1:
        return statuses[0]
    return next(status for status in statuses if isinstance(content, responses[status]))


def _build_file_response(file: File, request: Request) -> Response:
    # API Gateway and the local server send no body in response to HEAD. AWS contract APIGW-10.
    is_cached = matches_etag(request, file.etag)
    headers: dict[str, Any] = {"Content-Type": file.content_type, "Cache-Control": "no-cache", "ETag": file.etag}
    return Response("" if is_cached else file.content, headers, 304 if is_cached else 200)


def _build_cors_headers(settings: Settings, origin: str | None) -> dict[str, str]:
    # Never allow credentials, so that browsers send no cookies with requests from other origins.
    if origin not in settings.allowed_origins:
        return {}
    return {"Access-Control-Allow-Origin": origin or "", "Access-Control-Expose-Headers": "Retry-After,Location"}
