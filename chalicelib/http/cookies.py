"""The browser's two cookies: the sign-in on its way, and the refresh token."""

from urllib.parse import urlsplit

import msgspec

from chalicelib.auth.cognito import Tokens
from chalicelib.auth.hosted_ui import LOGIN_SECONDS
from chalicelib.domain import errors, requests
from chalicelib.http import parsing
from chalicelib.infra.settings import Settings

LOGIN = "__Host-login"
REFRESH = "__Host-refresh"
REFRESH_SECONDS = 30 * 24 * 60 * 60
# Both need HTTPS, for which browsers also take http://localhost. The login cookie must come back with a navigation
# that the identity provider starts, which Strict would not allow.
_COOKIE = "{}={}; Max-Age={}; Path=/; Secure; HttpOnly; SameSite={}"


class Held(msgspec.Struct, frozen=True):
    """A refresh token, and whether the browser holds it in its cookie."""

    token: str
    by_cookie: bool

    def shown(self, tokens: Tokens) -> Tokens:
        """Fresh tokens, with the refresh token only where the client holds it by itself."""
        return tokens if self.by_cookie else msgspec.structs.replace(tokens, refresh_token=self.token)


def login_cookie(value: str) -> str:
    """The cookie of a sign-in that has begun."""
    return _COOKIE.format(LOGIN, value, LOGIN_SECONDS, "Lax")


def signed_in_cookies(refresh_token: str) -> list[str]:
    """The cookies once it has ended: the sign-in's is gone, so its state cannot be used twice."""
    return [_COOKIE.format(LOGIN, "", 0, "Lax"), _COOKIE.format(REFRESH, refresh_token, REFRESH_SECONDS, "Strict")]


def signed_out_cookie() -> str:
    """The cookie that removes the refresh token."""
    return _COOKIE.format(REFRESH, "", 0, "Strict")


def cookie(request: parsing.HttpRequest, name: str) -> str | None:
    """The value of a cookie; None where it is absent or empty."""
    pairs = (pair.strip().partition("=") for pair in (request.headers.get("cookie") or "").split(";"))
    return next((value for key, _, value in pairs if key == name), None) or None


def held(request: parsing.HttpRequest, settings: Settings) -> Held | None:
    """The refresh token that came with a request, in its body or in its cookie.

    Raises:
        Forbidden: it came in a cookie, and another site may have sent the request: no `X-Requested-With`, which
            other sites cannot set without a preflight, or a foreign `Origin`.
    """
    if request.raw_body:
        return Held(parsing.body(requests.RefreshRequest, request).refresh_token, by_cookie=False)
    token = cookie(request, REFRESH)
    if token is None:
        return None
    parts = urlsplit(settings.base_url)
    ours = f"{parts.scheme}://{parts.netloc}"
    if request.headers.get("origin", ours) != ours or not request.headers.get("x-requested-with"):
        raise errors.Forbidden("A request that relies on the cookie needs X-Requested-With, from this origin.")
    return Held(token, by_cookie=True)
