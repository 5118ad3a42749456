"""The base of all records, and the records that belong to no other module."""

from typing import Any, Literal, Self

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A frozen record whose JSON names are camelCase."""

    def with_(self, **changes: Any) -> Self:
        """Return a copy with these fields changed."""
        return msgspec.structs.replace(self, **changes)


class Empty(Model, frozen=True):
    """An empty object."""


class Health(Model, frozen=True):
    """The state and the version of the service."""

    status: Literal["ok"]
    version: str
