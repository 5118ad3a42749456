"""A server on this machine that stands for a deployed stage. Tests replace single responses."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECURITY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
FEED: dict[str, Any] = {"items": [], "lastKey": None}


class Stage:
    """The responses of the server by path, each a status and a body, and the requests that it received."""

    def __init__(self) -> None:
        self.responses: dict[str, tuple[int, Any]] = {
            "/": (200, {}),
            "/albums": (200, FEED),
            "/health": (200, {"status": "ok", "version": "1.2.3"}),
            "/openapi.json": (200, {"paths": {"/photos": {}, "/albums": {}}}),
            "/photos": (200, FEED),
        }
        self.headers = dict(SECURITY)
        self.requests: list[str] = []
        self.url = ""


@contextmanager
def run_stage() -> Iterator[Stage]:
    """Run the server inside the block."""
    stage = Stage()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            stage.requests.append(f"{self.command} {path}")
            status, body = stage.responses.get(path, (404, {"error": "NotFound"}))
            self.send_response(status)
            for name, value in stage.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    stage.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stage
    finally:
        server.shutdown()
        server.server_close()
