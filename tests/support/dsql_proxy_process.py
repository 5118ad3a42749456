"""Run ministack's proxy of Aurora DSQL in the emulator's environment: `python dsql_proxy_process.py SERVER PROXY`.

The proxy refuses what Aurora DSQL refuses, and forwards the rest to PostgreSQL. SERVER and PROXY are the folders of the
sockets. The proxy stops at the end of its standard input.
"""

import asyncio
import sys
from typing import Any

from ministack.core import pgproxy

PORT = 5432


async def open_socket(
    host: Any = None, port: Any = None, **_: Any
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the server. The folder of its socket takes the place of the host."""
    return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")


async def serve(server: str, proxy: str) -> None:
    """Serve until the standard input ends."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await pgproxy._handle_client("cluster", server, PORT, reader, writer)

    # The proxy connects to ports only, and `pgproxy.start_proxy` listens on every network interface.
    asyncio.open_connection = open_socket
    listener = await asyncio.start_unix_server(handle, f"{proxy}/.s.PGSQL.{PORT}")
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    listener.close()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
