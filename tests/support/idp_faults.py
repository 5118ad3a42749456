"""What an identity provider does when it does not do its work."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

from tests.support.idp import Fault

_never = threading.Event()


def answering(content: bytes, status: int = 200, **headers: str) -> Fault:
    """Something else than what was asked for."""

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
    """Elsewhere."""
    return answering(b"", 302, Location=url)


def stalling(request: BaseHTTPRequestHandler) -> None:
    """Silence."""
    _never.wait(20)
    request.close_connection = True


def dripping(head: bytes) -> Fault:
    """`head`, then a byte at a time, for ten seconds."""

    def fault(request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        with suppress(OSError):
            request.wfile.write(head)
            for _ in range(200):
                request.wfile.write(b"x")
                _never.wait(0.05)

    return fault


def hanging_up(request: BaseHTTPRequestHandler) -> None:
    """The end, at once."""
    request.close_connection = True


def cutting_short(request: BaseHTTPRequestHandler) -> None:
    """Less than was announced."""
    request.close_connection = True
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")
