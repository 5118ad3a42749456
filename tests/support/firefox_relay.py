"""Start Firefox, and relay WebDriver BiDi between Playwright and Firefox.

Playwright sends commands that an ESR of Firefox may not know yet, and fails if one of them fails.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from threading import Thread

from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.sync.server import ServerConnection, serve

OPTIONAL = {"emulation.setMediaFeaturesOverride"}
"""Commands that the tests do not need."""


def run(command: list[str]) -> int:
    """Run Firefox, and copy its log. Replace its address in the log with the address of the relay."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as firefox:
        assert firefox.stderr
        for line in firefox.stderr:
            print(re.sub(r"ws://\S+", lambda match: start_relay(match[0]), line), end="", file=sys.stderr, flush=True)
    return firefox.returncode


def start_relay(url: str) -> str:
    """Relay every connection to `url` in the background, and return the URL of the relay."""

    def relay(client: ServerConnection) -> None:
        assert client.request
        with connect(url + client.request.path, max_size=None, compression=None) as firefox:
            Thread(target=forward, args=(client, firefox)).start()
            forward(map(allow_unknown, firefox), client)

    server = serve(relay, "127.0.0.1", 0, max_size=None, compression=None)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"ws://127.0.0.1:{server.socket.getsockname()[1]}"


def forward(messages: Iterable[str | bytes], receiver: Connection) -> None:
    """Send all messages to the receiver, and close its connection after the last one."""
    for message in messages:
        receiver.send(message)
    receiver.close()


def allow_unknown(message: str | bytes) -> str | bytes:
    """Return the message of Firefox, or a success if Firefox does not know an optional command."""
    if "unknown command" not in str(message):
        return message
    answer = json.loads(message)
    if answer.get("error") == "unknown command" and answer["message"] in OPTIONAL:
        return json.dumps({"type": "success", "id": answer["id"], "result": {}})
    return message


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
