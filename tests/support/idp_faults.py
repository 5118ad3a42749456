"""Faults of an identity provider."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

from tests.support.idp import Fault

_never = threading.Event()


def answering(content: bytes, status: int = 200, **headers: str) -> Fault:
    """Send this response instead of the requested document."""

    def fault(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        with suppress(OSError):
            request.wfile.write(content)

    return fault


def redirecting(url: str) -> Fault:
    """Redirect to a URL."""
    return answering(b"", 302, Location=url)


def stalling(request: BaseHTTPRequestHandler) -> None:
    """Send no response for 20 seconds."""
    _never.wait(20)
    request.close_connection = True


def dripping(head: bytes) -> Fault:
    """Send `head`, and then single bytes for ten seconds."""

    def fault(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        with suppress(OSError):
            request.wfile.write(head)
            for _ in range(200):
                request.wfile.write(b"x")
                _never.wait(0.05)

    return fault


def hanging_up(request: BaseHTTPRequestHandler) -> None:
    """Close the connection without a response."""
    request.close_connection = True


def cutting_short(request: BaseHTTPRequestHandler) -> None:
    """Send fewer bytes than `Content-Length` states."""
    request.close_connection = True
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")
