"""Random numbers of the service that are the same on each database, so that ids and tokens are equal."""

import secrets
import threading
from hashlib import blake2b
from typing import Any

from moto.moto_api._internal import mock_random

from chalicelib.albums import albums, link_creation
from chalicelib.photos import random_walk, rotation
from chalicelib.uploads import grants

USERS: tuple[Any, ...] = (albums, grants, link_creation, random_walk, rotation)
"""The modules that show random numbers to clients, or keep them in rows."""


class Entropy:
    """A replacement for the module `secrets`. `begin` starts a sequence that depends only on its labels."""

    def __init__(self) -> None:
        self._local = threading.local()

    def begin(self, *labels: int) -> None:
        """Start the sequence of this thread."""
        self._local.labels, self._local.count = labels, 0
        # moto creates the ids of versions.
        mock_random.seed(hash(labels))

    def token_bytes(self, size: int) -> bytes:
        """Return the next bytes."""
        self._local.count += 1
        return blake2b(repr((self._local.labels, self._local.count)).encode(), digest_size=size).digest()

    def token_hex(self, size: int) -> str:
        """Return the next bytes in hexadecimal form."""
        return self.token_bytes(size).hex()

    def randbits(self, count: int) -> int:
        """Return the next number of `count` bits. `count` is a multiple of 8."""
        return int.from_bytes(self.token_bytes(count // 8))

    def __getattr__(self, name: str) -> Any:
        return getattr(secrets, name)
