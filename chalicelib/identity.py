"""Cognito: who is calling, and how they sign up, in and out."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from botocore.exceptions import ClientError
from itsdangerous import BadData, URLSafeTimedSerializer
from msgspec import UNSET, UnsetType

from chalicelib import errors
from chalicelib.config import Settings
from chalicelib.fetch import FetchFailed, fetch
from chalicelib.inputs import CallbackQuery
from chalicelib.models import UserId
from chalicelib.tokens import KeySet, Verifier

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

SCOPES = "openid email aws.cognito.signin.user.admin"
LOGIN_SECONDS = 10 * 60
"""How long a person may take on the hosted UI."""
_TOKEN_SECONDS = 5.0
_STRANGER = ("NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException")
# The path travels in the cookie, and browsers drop one over 4,096 bytes.
_LONGEST_PATH = 1000


class Caller(msgspec.Struct, frozen=True):
    """Whose valid access token came with the request."""

    user_id: UserId
    access_token: str


class Tokens(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a sign-in yields. `expires_in`: seconds, of the access and the ID token."""

    access_token: str
    id_token: str
    expires_in: int
    refresh_token: str | UnsetType = UNSET
    token_type: str = "Bearer"


class Begun(msgspec.Struct, frozen=True):
    """A sign-in on its way: where the browser goes, and what its cookie must keep until it is back."""

    url: str
    cookie: str


class Identity:
    """The user pool, its hosted UI and its tokens."""

    def __init__(self, settings: Settings, cognito: "CognitoIdentityProviderClient") -> None:
        self._settings, self._cognito = settings, cognito
        self._client_id = settings.user_pool_client_id
        self._verifier = Verifier(KeySet(settings.jwks_url), settings.issuer, self._client_id)
        self._states = URLSafeTimedSerializer(
            list(settings.signing_keys), salt="sign-in", signer_kwargs={"digest_method": hashlib.sha256}
        )

    def caller(self, authorization: str | None) -> Caller:
        """Who sent `Authorization: Bearer <access token>`.

        Raises:
            InvalidToken: there is no such header, or its token is not valid.
            AuthUnavailable: the pool's keys are out of reach.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer":
            raise errors.InvalidToken
        return Caller(UserId(self._verifier.claims(token, "access")["sub"]), token)

    def begin(self, return_to: str) -> Begun:
        """Start the code flow. `return_to`: a path on this origin; anything else becomes `/`."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
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
        cookie = str(self._states.dumps([state, nonce, verifier, same_origin_path(return_to)]))
        return Begun(f"{self._settings.cognito_domain}/oauth2/authorize?{urlencode(parameters)}", cookie)

    def finish(self, cookie: str | None, returned: CallbackQuery) -> tuple[Tokens, str]:
        """Exchange the code that came back; also where the person wanted to go.

        Raises:
            InvalidState: this browser did not begin this sign-in, or over ten minutes ago.
            LoginFailed: there is no code, or Cognito refuses it, or the ID token is not for this sign-in.
            LoginUnavailable: Cognito does not answer.
        """
        begun_state, nonce, verifier, return_to = self._opened(cookie)
        if not secrets.compare_digest((returned.state or "").encode(), begun_state.encode()):
            raise errors.InvalidState
        if not returned.code or returned.iss not in (None, self._settings.issuer):
            raise errors.LoginFailed
        tokens = self._exchanged(returned.code, verifier)
        try:
            claims = self._verifier.claims(tokens.id_token, "id")
            access = self._verifier.claims(tokens.access_token, "access")
        except errors.InvalidToken as error:
            raise errors.LoginFailed from error
        if claims.get("nonce") != nonce or claims["sub"] != access["sub"]:
            raise errors.LoginFailed
        return tokens, return_to

    def refresh(self, refresh_token: str) -> Tokens:
        """Fresh tokens, without a refresh token among them.

        Raises:
            InvalidToken: the refresh token is wrong, expired or revoked.
        """
        with _refusals(**dict.fromkeys((*_STRANGER, "RefreshTokenReuseException"), errors.InvalidToken)):
            answer = self._cognito.initiate_auth(
                ClientId=self._client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": refresh_token},
            )
        return msgspec.structs.replace(_tokens(answer), refresh_token=UNSET)

    def log_in(self, email: str, password: str) -> Tokens:
        """Tokens for an address and its password.

        Raises:
            InvalidCredentials: they do not match, or there is no such confirmed address.
            LoginFailed: Cognito asks for more than a password; the hosted UI can answer it.
        """
        strangers = dict.fromkeys(_STRANGER, errors.InvalidCredentials)
        with _refusals(**strangers, PasswordResetRequiredException=errors.LoginFailed):
            answer = self._cognito.initiate_auth(
                ClientId=self._client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        if "AuthenticationResult" not in answer:
            raise errors.LoginFailed("This account needs a further step: sign in at /login instead.")
        return _tokens(answer)

    def log_out(self, refresh_token: str | None) -> str:
        """Revoke the refresh token and the access tokens made from it; the URL that ends the hosted UI's session.

        A token that no longer counts is no error (RFC 7009, section 2.2).

        Raises:
            InvalidToken: it is a token of another kind.
        """
        if refresh_token:
            dead = ("NotAuthorizedException", "UnauthorizedException")
            with _refusals(*dead, UnsupportedTokenTypeException=errors.InvalidToken):
                self._cognito.revoke_token(Token=refresh_token, ClientId=self._client_id)
        parameters = {"client_id": self._client_id, "logout_uri": f"{self._settings.base_url}/"}
        return f"{self._settings.cognito_domain}/logout?{urlencode(parameters)}"

    def sign_up(self, email: str, password: str) -> tuple[UserId, bool]:
        """Register an address; Cognito mails a code to it. The new id, and whether it is confirmed already.

        Raises:
            AlreadyRegistered, InvalidPassword: Cognito says so.
            InvalidRequest: Cognito does not take the address, or cannot reach it.
        """
        with _refusals(
            UsernameExistsException=errors.AlreadyRegistered,
            InvalidPasswordException=errors.InvalidPassword,
            CodeDeliveryFailureException=errors.InvalidRequest,
        ):
            answer = self._cognito.sign_up(
                ClientId=self._client_id,
                Username=email,
                Password=password,
                UserAttributes=[{"Name": "email", "Value": email}],
            )
        return UserId(answer["UserSub"]), answer["UserConfirmed"]

    def confirm_sign_up(self, email: str, code: str) -> None:
        """Confirm an address by the code that was mailed to it.

        Raises:
            InvalidCode: it is not, or no longer, the code of this address.
            AlreadyRegistered: another account has confirmed the address meanwhile.
        """
        wrong = errors.InvalidCode
        with _refusals(
            CodeMismatchException=wrong,
            ExpiredCodeException=wrong,
            UserNotFoundException=wrong,
            NotAuthorizedException=wrong,
            AliasExistsException=errors.AlreadyRegistered,
        ):
            self._cognito.confirm_sign_up(ClientId=self._client_id, Username=email, ConfirmationCode=code)

    def resend_code(self, email: str) -> None:
        """Mail another code, where there is an address that waits for one; otherwise nothing."""
        # Each of these is refused to some addresses only, so saying it would tell which are known.
        silent = ("UserNotFound", "InvalidParameter", "NotAuthorized", "LimitExceeded", "CodeDeliveryFailure")
        with _refusals(*(f"{name}Exception" for name in silent)):
            self._cognito.resend_confirmation_code(ClientId=self._client_id, Username=email)

    def email(self, caller: Caller) -> str:
        """The caller's address.

        Raises:
            InvalidToken: Cognito no longer takes the token.
        """
        with _refusals(**dict.fromkeys((*_STRANGER, "PasswordResetRequiredException"), errors.InvalidToken)):
            answer = self._cognito.get_user(AccessToken=caller.access_token)
        return next((each["Value"] for each in answer["UserAttributes"] if each["Name"] == "email"), "")

    def _opened(self, cookie: str | None) -> list[str]:
        try:
            opened: list[str] = self._states.loads(cookie or "", max_age=LOGIN_SECONDS)
        except BadData as error:
            raise errors.InvalidState from error
        return opened

    def _exchanged(self, code: str, verifier: str) -> Tokens:
        form = {
            "grant_type": "authorization_code",
            "client_id": self._client_id,
            "code": code,
            "redirect_uri": f"{self._settings.base_url}/callback",
            "code_verifier": verifier,
        }
        try:
            raw = fetch(f"{self._settings.cognito_domain}/oauth2/token", seconds=_TOKEN_SECONDS, form=form)
            return msgspec.json.decode(raw, type=_OAuthTokens).tokens()
        except FetchFailed as error:
            refused = error.status is not None and 400 <= error.status < 500
            raise (errors.LoginFailed if refused else errors.LoginUnavailable) from error
        except msgspec.MsgspecError as error:
            raise errors.LoginUnavailable from error


class _OAuthTokens(msgspec.Struct, frozen=True):
    """RFC 6749, section 5.1."""

    access_token: str
    id_token: str
    refresh_token: str
    expires_in: int

    def tokens(self) -> Tokens:
        return Tokens(
            access_token=self.access_token,
            id_token=self.id_token,
            refresh_token=self.refresh_token,
            expires_in=self.expires_in,
        )


def same_origin_path(text: str) -> str:
    """`text` where it can only be a path on this origin, else `/`: no open redirect."""
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= _LONGEST_PATH
    return text if plain and text.isascii() and text.isprintable() and "\\" not in text and " " not in text else "/"


def _tokens(answer: Any) -> Tokens:
    result = answer["AuthenticationResult"]
    return Tokens(
        access_token=result["AccessToken"],
        id_token=result["IdToken"],
        refresh_token=result.get("RefreshToken", UNSET),
        expires_in=result["ExpiresIn"],
    )


@contextmanager
def _refusals(*silent: str, **known: type[errors.PhotoshareError]) -> Iterator[None]:
    """Turn Cognito's refusals into the contract's: its rate limits, bad input, and the `known` ones by name.

    The `silent` ones only end the block.
    """
    known.setdefault("InvalidParameterException", errors.InvalidRequest)
    try:
        yield
    except ClientError as error:
        name = error.response["Error"]["Code"]
        if name in silent:
            return
        if name in ("LimitExceededException", "TooManyRequestsException", "TooManyFailedAttemptsException"):
            raise errors.TooManyRequests(retry_after=60) from error
        if name in known:
            raise known[name] from error
        raise
