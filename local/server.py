"""HTTP/1.1 in front of the gateway, sturdy against what clients may send."""

import base64
import contextlib
import socket
import socketserver
import string
import sys
import threading
import time
from collections.abc import Callable
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalice.app import Chalice

from chalicelib.domain.errors import InvalidRequest, PhotoshareError, TooLarge
from chalicelib.infra.settings import Settings
from local.gateway import Answer, Gateway

BODY_LIMIT = 10 * 1024 * 1024
"""API Gateway's."""


def serve(app: Chalice, settings: Settings, port: int) -> "Server":
    """Serve `app` on loopback from a thread of its own, until `close()`. Port 0 means any free one."""
    server = Server(port, Gateway(app, settings))
    threading.Thread(target=server.serve_forever, args=(0.1,), name="http", daemon=True).start()
    return server


class Server(ThreadingHTTPServer):
    """One thread a connection."""

    request_queue_size = 128

    def __init__(self, port: int, gateway: Gateway) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.gateway = gateway
        self.url = f"http://localhost:{self.server_port}"

    def server_bind(self) -> None:
        """Bind without looking the host's name up, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, except that a client went away in mid-sentence: that is no news."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Stop listening. Requests that are being answered go on."""
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75
    server: Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        # Any method is the gateway's to answer.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        try:
            body = self._body()
        except PhotoshareError as error:
            # Where a body ends is unknown now, and so is where another request would begin.
            self._refuse(error)
            return
        target = self.path.encode("latin-1").decode("utf-8", "replace")
        self._send(self.server.gateway.answer(self.command, target, self.headers, body, self.client_address[0]))

    def _body(self) -> bytes:
        lengths = set(self.headers.get_all("content-length", []))
        codings = [coding.strip().lower() for coding in self.headers.get_all("transfer-encoding", [])]
        if codings:
            if lengths or codings != ["chunked"]:
                raise InvalidRequest("The body's length is not clear.")
            return self._chunks()
        if not lengths:
            return b""
        if len(lengths) > 1:
            raise InvalidRequest("The body's length is not clear.")
        return self._exactly(_size(lengths.pop(), string.digits))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := _size(self._line().partition(b";")[0].decode("latin-1"), string.hexdigits, len(body)):
            body += self._exactly(size)
            if self._line():
                raise InvalidRequest("A chunk is longer than it says.")
        while self._line():  # Trailers mean nothing here.
            pass
        return bytes(body)

    def _line(self) -> bytes:
        line = self.rfile.readline(8192)
        if not line.endswith(b"\n"):
            raise InvalidRequest("The body is cut short.")
        return line.rstrip(b"\r\n")

    def _exactly(self, length: int) -> bytes:
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError
        return body

    def _refuse(self, error: PhotoshareError) -> None:
        """Answer, then close, reading on for a while: a closed door would be all that a sending client sees."""
        self.close_connection = True
        headers = getattr(self, "headers", Message())
        self._send(self.server.gateway.refusal(error, headers.get("origin")))
        self.wfile.flush()
        deadline = time.monotonic() + 5
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            while time.monotonic() < deadline and self.rfile.read1(65536):
                pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Say what is wrong with a request that could not even be read, in the service's own shape."""
        if self.request_version == "HTTP/0.9":
            self.request_version = "HTTP/1.0"
        error = InvalidRequest(f"{message or HTTPStatus(code).phrase}.")
        error.status = code if code < 500 else 400
        self._refuse(error)

    def _send(self, answer: Answer) -> None:
        body = answer.get("body") or b""
        if answer.get("isBase64Encoded"):
            body = base64.b64decode(body)
        elif isinstance(body, str):
            body = body.encode()
        self.send_response(answer["statusCode"])
        for name, value in (answer["headers"] | answer.get("multiValueHeaders", {})).items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, str(one))
        if answer["statusCode"] not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        """The Server header."""
        return "photoshare-local"

    def handle_expect_100(self) -> bool:
        """Tell the client to go on, at once: what is written is buffered."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the gateway logs, by route, for a path may hold a secret."""


def _size(text: str, digits: str, already: int = 0) -> int:
    """A length as HTTP writes it, where int() would also take signs, spaces and underscores."""
    text = text.strip(" \t")
    if not text or not set(text) <= set(digits):
        raise InvalidRequest("The body's length is not clear.")
    size = int(text.lstrip("0")[:16] or "0", 10 if digits == string.digits else 16)
    if already + size > BODY_LIMIT:
        raise TooLarge(f"A request's body may have {BODY_LIMIT} bytes.")
    return size
