"""A local server for all tests of a module."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer

import pytest

from local.server import Server, serve
from tests.support.local_server import KEY, Files, public_jwk, settings, small_app


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("pool")
    (folder / "jwks.json").write_text(json.dumps({"keys": [public_jwk(KEY, "ours")]}))
    pool = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=pool.serve_forever, daemon=True).start()
    running = serve(small_app(), settings(f"http://127.0.0.1:{pool.server_port}/jwks.json"), 0)
    yield running
    running.close()
    pool.shutdown()
    pool.server_close()
