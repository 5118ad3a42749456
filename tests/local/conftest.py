"""The local server with a small app."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer

import pytest

from local.server import Server, serve
from tests.support.small_app import KEY, QuietFiles, gateway_settings, public_jwk, small_app


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The small app, served on a free port."""
    folder = tmp_path_factory.mktemp("pool")
    (folder / "jwks.json").write_text(json.dumps({"keys": [public_jwk(KEY, "ours")]}))
    pool = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=str(folder)))
    threading.Thread(target=pool.serve_forever, daemon=True).start()
    running = serve(small_app(), gateway_settings(f"http://127.0.0.1:{pool.server_port}/jwks.json"), 0)
    yield running
    running.close()
    pool.shutdown()
    pool.server_close()
