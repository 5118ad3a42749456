"""The base of all records, and the records that belong to no part of the domain."""

from typing import Any, Literal, Self

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A frozen record whose JSON names are camelCase."""

    def with_(self, **changes: Any) -> Self:
        """A copy in which `changes` have replaced the fields of those names."""
        return msgspec.structs.replace(self, **changes)


class Empty(Model, frozen=True):
    """An empty answer."""


class Health(Model, frozen=True):
    """The state and the version of the service."""

    status: Literal["ok"]
    version: str
