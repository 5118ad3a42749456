"""Send requests to the local server, malformed ones too."""

import json
import socket
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from email.message import Message
from http.client import HTTPConnection
from typing import Any, NamedTuple

from local.server import Server


class Reply(NamedTuple):
    """A complete answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


def send(server: Server, path: str, method: str = "GET", **headers: str) -> Reply:
    """Send a request on a new connection."""
    with connect(server) as connection:
        return send_on(connection, method, path, headers)


def connect(server: Server) -> AbstractContextManager[HTTPConnection]:
    """Open a connection. Close it at the end of the block."""
    return closing(HTTPConnection("127.0.0.1", server.server_port, timeout=30))


def send_on(
    connection: HTTPConnection, method: str, path: str, headers: Mapping[str, str] = {}, body: bytes | None = None
) -> Reply:
    """Send a request on an open connection."""
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return Reply(answer.status, answer.headers, answer.read())


def send_raw(server: Server, *lines: str, body: bytes = b"") -> bytes:
    """Send these lines and this body unchanged. Return everything that the server sends until it closes."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def status_of(answer: bytes) -> int:
    """Return the status code of a raw answer."""
    return int(answer.split(b" ", 2)[1])


def send_chunked(server: Server, body: bytes) -> bytes:
    """Send a body that is already encoded in chunks."""
    return send_raw(
        server, "POST /echo HTTP/1.1", "Host: x", "Content-Type: text/plain", "Transfer-Encoding: Chunked", body=body
    )
