"""Browser cookies: the pending sign-in and the refresh token."""

from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from chalicelib.auth.cognito import Tokens
from chalicelib.auth.hosted_ui import LOGIN_SECONDS
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.requests import RefreshRequest
from chalicelib.http.headers import LOGIN_COOKIE, REFRESH_COOKIE, HeaderGroup, Origin, RefreshCookie, RequestedWith
from chalicelib.http.responses import WithCookies

REFRESH_SECONDS = 30 * 24 * 60 * 60
# Browsers accept Secure cookies on HTTPS and on http://localhost. The login cookie is Lax, because the browser must
# send it when the identity provider redirects back. Strict would prevent that.
_COOKIE = "{}={}; Max-Age={}; Path=/; Secure; HttpOnly; SameSite={}"


class RefreshToken(msgspec.Struct, frozen=True):
    """A refresh token. `is_cookie` is True if the request sent it in the cookie."""

    value: str
    is_cookie: bool

    def present_tokens(self, tokens: Tokens) -> Tokens:
        """Return new tokens. Include the refresh token only for clients that store the token themselves."""
        return tokens if self.is_cookie else msgspec.structs.replace(tokens, refresh_token=self.value)


class PageRequest(HeaderGroup, frozen=True):
    """The headers that tell a request of the service's own web page from a cross-site request forgery (CSRF)."""

    requested_with: RequestedWith
    origin: Origin

    def is_same_origin(self, base_url: str) -> bool:
        """Return whether the service's own web page sent the request.

        Other sites cannot set `X-Requested-With` without a CORS preflight request.
        """
        parts = urlsplit(base_url)
        return bool(self.requested_with) and self.origin in (None, f"{parts.scheme}://{parts.netloc}")


class BrowserRequest(PageRequest, frozen=True):
    """A browser's refresh token, and the headers that protect it."""

    cookie: RefreshCookie


def find_refresh_token(body: RefreshRequest | None, browser: BrowserRequest, base_url: str) -> RefreshToken | None:
    """Return the refresh token of the body, else of the cookie, else None.

    Raises:
        Forbidden: the token is in the cookie, and another site may have sent the request.
    """
    if body:
        return RefreshToken(body.refresh_token, is_cookie=False)
    if browser.cookie is None:
        return None
    if not browser.is_same_origin(base_url):
        raise Forbidden(
            "A request with the refresh cookie must have the X-Requested-With header and come from the same origin."
        )
    return RefreshToken(browser.cookie, is_cookie=True)


def present_sign_in(tokens: Tokens, request: PageRequest, base_url: str) -> WithCookies[Tokens]:
    """Return the tokens of a sign-in by password.

    The service's own web page gets the refresh token in a cookie that scripts cannot read. Other clients get the
    refresh token in the body.
    """
    if not request.is_same_origin(base_url):
        return WithCookies(tokens, ())
    without_refresh_token = msgspec.structs.replace(tokens, refresh_token=UNSET)
    return WithCookies(without_refresh_token, build_sign_in_cookies(str(tokens.refresh_token)))


def build_login_cookie(value: str) -> str:
    """Return the cookie of a pending sign-in."""
    return _COOKIE.format(LOGIN_COOKIE, value, LOGIN_SECONDS, "Lax")


def build_sign_in_cookies(token: str) -> tuple[str, ...]:
    """Return the cookies that complete a sign-in. Remove the login cookie, so that its state cannot be replayed."""
    expired = _COOKIE.format(LOGIN_COOKIE, "", 0, "Lax")
    return expired, _COOKIE.format(REFRESH_COOKIE, token, REFRESH_SECONDS, "Strict")


def build_sign_out_cookie() -> str:
    """Return a cookie that deletes the refresh token."""
    return _COOKIE.format(REFRESH_COOKIE, "", 0, "Strict")
