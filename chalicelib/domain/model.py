"""The base of all records."""

from typing import Any, Self

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A frozen record whose JSON names are camelCase."""

    def with_(self, **changes: Any) -> Self:
        """A copy in which `changes` have replaced the fields of those names."""
        return msgspec.structs.replace(self, **changes)
