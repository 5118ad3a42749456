"""Request headers and cookies that views declare as parameters."""

import re
from typing import Annotated, get_args, get_type_hints

import msgspec

KEY_PATTERN = r"^[!-~]{1,255}$(?!\n)"


class Header(msgspec.Struct, frozen=True):
    """A request header. A repeated header counts as absent, unless `is_repeatable` is true or `pattern` is set.

    Chalice uses the last of two values, but other software uses the first. A proxy could therefore see another value.
    """

    name: str
    description: str = ""
    """Empty for headers that HTTP clients set themselves. The OpenAPI document omits such headers."""
    pattern: str = ""
    """If set, reject the request if the value does not match or the header is sent twice."""
    rule: str = ""
    """The description of the pattern in error messages."""
    is_repeatable: bool = False
    """True if the client may send the header twice. The last value counts."""

    def is_valid(self, value: str | None) -> bool:
        """Return whether the value matches the pattern."""
        return not self.pattern or (value is not None and re.fullmatch(self.pattern, value) is not None)


class Cookie(msgspec.Struct, frozen=True):
    """A request cookie."""

    name: str
    description: str


class HeaderGroup(msgspec.Struct, frozen=True):
    """A base class for parameters that take several headers or cookies, one per field."""

    @classmethod
    def headers(cls) -> dict[str, Header | Cookie]:
        """Return the header or cookie of each field."""
        return {name: get_args(hint)[1] for name, hint in get_type_hints(cls, include_extras=True).items()}


LOGIN_COOKIE = "__Host-login"
REFRESH_COOKIE = "__Host-refresh"

Accept = Annotated[str | None, Header("Accept", is_repeatable=True)]
Origin = Annotated[str | None, Header("Origin", pattern="(?s).*", rule="The header must not be repeated.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        "Idempotency-Key",
        "Makes the request idempotent. For 24 hours, the same request with the same key returns the same response.",
        KEY_PATTERN,
        "The header must contain 1 to 255 visible ASCII characters and must not be repeated.",
    ),
]
LinkPassword = Annotated[
    str | None,
    Header(
        "X-Link-Password",
        "The password of the share link, percent-encoded in UTF-8. Required if the link has a password.",
    ),
]
RequestedWith = Annotated[
    str | None,
    Header(
        "X-Requested-With",
        "Any value. Required to send the refresh token in the cookie, and to get it in the cookie at a sign-in.",
        is_repeatable=True,
    ),
]
LoginCookie = Annotated[str | None, Cookie(LOGIN_COOKIE, "The pending sign-in of this browser.")]
RefreshCookie = Annotated[
    str | None, Cookie(REFRESH_COOKIE, "The refresh token of a browser. Ignored if there is a body.")
]
