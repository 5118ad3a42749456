"""Serve the gateway over HTTP on this machine."""

import asyncio
import base64
import socket
import threading
from collections.abc import Awaitable, Callable
from email.message import Message
from typing import Any

import uvicorn
from chalice.app import Chalice

from chalicelib.domain.errors import TooLarge
from chalicelib.infra.settings import Settings
from local.compression import choose_coding, compress
from local.gateway import BODY_LIMIT, Gateway, ProxyResponse

type Receive = Callable[[], Awaitable[dict[str, Any]]]
type Send = Callable[[dict[str, Any]], Awaitable[None]]


def serve(app: Chalice, settings: Settings, port: int) -> "Server":
    """Serve `app` on 127.0.0.1 in a new thread until `close()`. Port 0 picks a free port."""
    return Server(Gateway(app, settings), port)


class Server:
    """A running uvicorn server."""

    def __init__(self, gateway: Gateway, port: int) -> None:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        # Accepted connections inherit this. With Nagle's algorithm a response takes 40 ms longer.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = listener.getsockname()[1]
        config = uvicorn.Config(
            Adapter(gateway),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,  # A path may contain the token of a share link. The gateway logs the route instead.
            proxy_headers=False,  # Do not let clients choose their own address.
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening, and wait up to five seconds for the requests that have begun."""
        self._server.should_exit = True
        self._thread.join()


class Adapter:
    """An ASGI app that calls the gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, unless the client disconnects before the end of its body."""
        headers = Message()
        for name, value in scope["headers"]:
            headers[name.decode("latin-1")] = value.decode("latin-1")
        accept_encoding = ", ".join(headers.get_all("accept-encoding", []))
        try:
            body = await _read_body(receive)
        except TooLarge as error:
            await self._send(self._gateway.build_error_response(error, headers.get("origin")), accept_encoding, send)
            return
        if body is not None:
            target = (scope["raw_path"] + b"?" + scope["query_string"]).decode("latin-1")
            peer = scope["client"][0]
            response = await asyncio.to_thread(self._gateway.handle, scope["method"], target, headers, body, peer)
            await self._send(response, accept_encoding, send)

    async def _send(self, response: ProxyResponse, accept_encoding: str, send: Send) -> None:
        body = _encode_body(response)
        headers = [
            (name.lower().encode("latin-1"), str(item).encode("latin-1"))
            for name, value in (response["headers"] | response.get("multiValueHeaders", {})).items()
            for item in (value if isinstance(value, list) else [value])
        ]
        minimum = self._gateway.minimum_compression_size
        is_long_enough = bool(body) and minimum is not None and len(body) >= minimum
        coding = choose_coding(accept_encoding)
        if is_long_enough and coding and b"content-encoding" not in dict(headers):
            body = await asyncio.to_thread(compress, body, coding)
            headers.append((b"content-encoding", coding.encode()))
        if response["statusCode"] not in (204, 304):
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": response["statusCode"], "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _read_body(receive: Receive) -> bytes | None:
    """Return the request's body, or None if the client disconnects before its end.

    Raises:
        TooLarge: the body is over the limit. The server discards the rest.
    """
    body, is_complete = bytearray(), False
    while not is_complete:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        body += event["body"]
        is_complete = not event["more_body"]
        if len(body) > BODY_LIMIT:
            raise TooLarge(f"The request body exceeds {BODY_LIMIT} bytes.")
    return bytes(body)


def _encode_body(response: ProxyResponse) -> bytes:
    body: str = response.get("body") or ""
    if response["statusCode"] in (204, 304):
        return b""
    return base64.b64decode(body) if response.get("isBase64Encoded") else body.encode()
