"""Run ministack as the child process of `local.cloud`, on loopback only, and save each change within a second.

Without this module, ministack listens on every interface and writes its state only when it stops.
"""

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import persistence

from local import emulator_patches, iam_log

_READS = ("BatchGet", "Describe", "Get", "List", "Query", "ReceiveMessage", "Scan")


def main() -> None:
    """Serve on the port of GATEWAY_PORT until the parent stops this process or ends."""
    persistence.logger.setLevel("WARNING")
    _reject_damaged_state()
    emulator_patches.apply_all()
    if file := os.environ.get("IAM_LOG"):
        iam_log.log_decisions(Path(file))
    asyncio.run(_run())


def _reject_damaged_state() -> None:
    """Exit if a state file cannot be read. ministack would start empty and then overwrite the file."""
    for file in sorted(Path(persistence.STATE_DIR).glob("*.json")):
        try:
            is_readable = persistence.load_state(file.stem) is not None
        except ValueError:
            is_readable = False
        if not is_readable:
            sys.exit(f"{file} is damaged, or was written by a newer ministack")


async def _run() -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    stop, changed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_stop_with_parent, args=(loop, stop), daemon=True).start()

    async def serve_and_watch(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _is_administration(scope):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await ministack.app(scope, receive, send)
        if scope["type"] == "http" and _is_change(scope):
            changed.set()

    saving = asyncio.create_task(_save_changes(changed))
    await serve(serve_and_watch, config, shutdown_trigger=stop.wait)
    saving.cancel()


def _stop_with_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when the pipe from the parent closes. It also closes if the parent was killed by SIGKILL."""
    while os.read(0, 1024):
        pass
    loop.call_soon_threadsafe(stop.set)


def _is_administration(scope: dict[str, Any]) -> bool:
    """Return whether a request would reset or configure ministack. Any web page could send such a request, unsigned."""
    is_internal: bool = scope["path"].startswith("/_ministack/")
    return is_internal and scope["method"] != "GET"


def _is_change(scope: dict[str, Any]) -> bool:
    target = next((value.decode() for name, value in scope["headers"] if name == b"x-amz-target"), "")
    return scope["method"] not in ("GET", "HEAD", "OPTIONS") and not target.partition(".")[2].startswith(_READS)


async def _save_changes(changed: asyncio.Event) -> None:
    """Write the state after changes, so that SIGKILL loses at most a second. Write a large state less often."""
    pause = 0.5
    while True:
        await changed.wait()
        await asyncio.sleep(pause)
        changed.clear()
        started = time.monotonic()
        services = ministack._build_persistence_save_dict()
        # Write the stack last. It must not be complete before the state of every part is written.
        persistence.save_all(dict(sorted(services.items(), key=lambda service: service[0] == "cloudformation")))
        pause = max(0.5, 10 * (time.monotonic() - started))


if __name__ == "__main__":
    main()
