"""Requests for the parsing functions, without a gateway."""

import json
from typing import Any

import msgspec
from chalice.app import CaseInsensitiveMapping, MultiDict


class BareRequest(msgspec.Struct):
    """A request that has not passed through a gateway."""

    raw_body: bytes = b""
    query: dict[str, list[str]] = {}
    sent_headers: dict[str, str] = {}

    @property
    def headers(self) -> Any:
        """The headers, in the type that Chalice uses."""
        return CaseInsensitiveMapping(self.sent_headers)

    @property
    def query_params(self) -> Any:
        """The query, in the type that Chalice uses."""
        return MultiDict(self.query)

    def to_original_event(self) -> Any:
        """Return an empty event."""
        return {}


def encode_json(value: Any) -> bytes:
    """Return `value` as a JSON body."""
    return json.dumps(value).encode()
