"""Sign-in on Cognito's hosted UI: the authorization code flow, with PKCE, state and nonce in one signed cookie.

RFC 6749 (OAuth 2), RFC 7636 (PKCE), RFC 9207 (`iss`), OpenID Connect Core 1.0.
"""

import base64
import hashlib
import secrets
from urllib.parse import urlencode

import msgspec
from itsdangerous import BadData, URLSafeTimedSerializer

from chalicelib.auth.cognito import Tokens
from chalicelib.auth.tokens import Verifier
from chalicelib.domain import errors
from chalicelib.domain.requests import CallbackQuery
from chalicelib.infra.fetch import FetchFailed, fetch
from chalicelib.infra.settings import Settings

SCOPES = "openid email aws.cognito.signin.user.admin"
LOGIN_SECONDS = 10 * 60
"""The time limit of a sign-in on the hosted UI."""
_TOKEN_SECONDS = 5.0
# The cookie contains the path, and browsers drop cookies over 4,096 bytes.
_MAX_PATH_LENGTH = 1000


class PendingLogin(msgspec.Struct, frozen=True):
    """A sign-in that has begun: the URL of the hosted UI, and the cookie that the browser must send back."""

    url: str
    cookie: str


class HostedUi:
    """The sign-in page of the user pool."""

    def __init__(self, settings: Settings, verifier: Verifier) -> None:
        self._settings, self._verifier = settings, verifier
        self._client_id = settings.user_pool_client_id
        self._states = URLSafeTimedSerializer(
            list(settings.signing_keys), salt="sign-in", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def begin(self, return_to: str) -> PendingLogin:
        """Start the code flow. `return_to` must be a path on this origin. Any other value becomes `/`."""
        state, nonce, code_verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=")
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": f"{self._settings.base_url}/callback",
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        cookie = str(self._states.dumps([state, nonce, code_verifier, sanitize_return_path(return_to)]))
        return PendingLogin(f"{self._settings.cognito_domain}/oauth2/authorize?{urlencode(parameters)}", cookie)

    def finish(self, cookie: str | None, query: CallbackQuery) -> tuple[Tokens, str]:
        """Exchange the code for tokens, and return them with the path that `begin` was given.

        AWS contracts COG-2, COG-12.

        Raises:
            InvalidState: this browser did not begin this sign-in, or began it over ten minutes ago.
            LoginFailed: the code is missing or rejected by Cognito, or the ID token is not for this sign-in.
            LoginUnavailable: Cognito does not respond.
        """
        expected_state, nonce, code_verifier, return_to = self._open_cookie(cookie)
        if not secrets.compare_digest((query.state or "").encode(), expected_state.encode()):
            raise errors.InvalidState
        if not query.code or query.iss not in (None, self._settings.issuer):
            raise errors.LoginFailed
        tokens = self._exchange(query.code, code_verifier)
        try:
            claims = self._verifier.verify(tokens.id_token, "id")
            access = self._verifier.verify(tokens.access_token, "access")
        except errors.InvalidToken as error:
            raise errors.LoginFailed from error
        if claims.get("nonce") != nonce or claims["sub"] != access["sub"]:
            raise errors.LoginFailed
        return tokens, return_to

    def _open_cookie(self, cookie: str | None) -> list[str]:
        try:
            values: list[str] = self._states.loads(cookie or "", max_age=LOGIN_SECONDS)
        except BadData as error:
            raise errors.InvalidState from error
        return values

    def _exchange(self, code: str, code_verifier: str) -> Tokens:
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": code,
            "redirect_uri": f"{self._settings.base_url}/callback",
            "code_verifier": code_verifier,
        }
        try:
            raw = fetch(f"{self._settings.cognito_domain}/oauth2/token", seconds=_TOKEN_SECONDS, form=form)
            return msgspec.json.decode(raw, type=_OAuthTokens).to_tokens()
        except FetchFailed as error:
            is_rejected = error.status is not None and 400 <= error.status < 500
            raise (errors.LoginFailed if is_rejected else errors.LoginUnavailable) from error
        except msgspec.MsgspecError as error:
            raise errors.LoginUnavailable from error


class _OAuthTokens(msgspec.Struct, frozen=True):
    """The token response of RFC 6749, section 5.1."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int

    def to_tokens(self) -> Tokens:
        return Tokens(
            access_token=self.access_token,
            id_token=self.id_token,
            refresh_token=self.refresh_token,
            expires_in=self.expires_in,
        )


def sanitize_return_path(text: str) -> str:
    """Return `text` if it can only be a path on this origin, else `/`. This prevents open redirects."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= _MAX_PATH_LENGTH
    return text if is_path and text.isascii() and text.isprintable() and "\\" not in text and " " not in text else "/"
