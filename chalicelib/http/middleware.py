"""Middleware for all routes: security headers, the access log, read-only operation and CORS preflight requests."""

import hmac
import time
from collections.abc import Callable

from chalice.app import Chalice, Request, Response

from chalicelib.domain.errors import Forbidden
from chalicelib.http.errors import build_error_response, translate_chalice_errors
from chalicelib.http.read_only import build_guard
from chalicelib.http.responses import build_preflight_response, build_security_headers, log_response
from chalicelib.infra.settings import Settings


def install_middleware(app: Chalice, settings: Callable[[], Settings]) -> None:
    """Add security headers to every response, log the response, and give all errors the same JSON shape.

    Refuse changes while the settings make the app read-only.
    """

    def add_headers(request: Request, get_response: Callable[[Request], Response]) -> Response:
        start = time.perf_counter()
        if _came_through_edge(request, settings().edge_secrets):
            response = get_response(request)
        else:
            response = build_error_response(Forbidden("Send requests to the public address of the service."), request)
        vary = response.headers.get("Vary")
        response.headers |= build_security_headers(settings(), request.headers.get("origin"))
        if vary:
            response.headers["Vary"] = f"{response.headers['Vary']}, {vary}"
        log_response(request, response.status_code, time.perf_counter() - start)
        return response

    app.register_middleware(add_headers, "http")
    app.register_middleware(translate_chalice_errors, "http")
    app.register_middleware(build_guard(settings), "http")


def _came_through_edge(request: Request, secrets: tuple[str, ...]) -> bool:
    """Return whether the CDN sent a request, or no CDN is required. Health checks need no CDN.

    Compare in constant time with every secret, so that the time reveals nothing about them.
    """
    sent = (request.headers.get("x-edge-key") or "").encode()
    matches = [hmac.compare_digest(sent, secret.encode()) for secret in secrets]
    return not secrets or request.path == "/health" or any(matches)


def add_preflight_routes(app: Chalice) -> None:
    """Answer the CORS preflight requests of all routes. Call this after the last route."""

    def preflight(**_path_parameters: str) -> Response:
        request = app.current_request
        assert request is not None
        return build_preflight_response(list(app.routes[request.path]))

    for path in list(app.routes):
        app.route(path, methods=["OPTIONS"], name=f"preflight {path}")(preflight)
