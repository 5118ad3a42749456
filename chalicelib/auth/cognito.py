"""Cognito: authenticate callers, and sign users up, in and out by password."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from botocore.exceptions import ClientError
from msgspec import UNSET, UnsetType

from chalicelib.auth import restored_users
from chalicelib.auth.tokens import Verifier
from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.domain.ids import UserId
from chalicelib.domain.model import Model
from chalicelib.infra.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

_UNKNOWN_USER = ("NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException")
_UNUSABLE_USER = ("UserNotFoundException", "UserNotConfirmedException", "PasswordResetRequiredException")
# Each of these errors occurs for some addresses only, so it would reveal whether an address is known.
_REVEALING_ERRORS = (
    "UserNotFoundException",
    "InvalidParameterException",
    "NotAuthorizedException",
    "LimitExceededException",
    "CodeDeliveryFailureException",
)


class Tokens(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The tokens of a sign-in. The access token and the ID token expire after `expiresIn` seconds."""

    access_token: str
    id_token: str
    expires_in: int
    refresh_token: str | UnsetType = UNSET
    token_type: str = "Bearer"


class LogoutView(Model, frozen=True):
    """The result of a sign-out. Open `logoutUrl` to end the session of the hosted UI too."""

    logout_url: str


class SignUpView(Model, frozen=True):
    """The result of a sign-up."""

    user_id: UserId
    confirmed: bool


class UserPool:
    """The user pool. `hosted_ui` implements the sign-in by browser."""

    def __init__(self, settings: Settings, cognito: "CognitoIdentityProviderClient", verifier: Verifier) -> None:
        self._settings, self._cognito = settings, cognito
        self._client_id = settings.user_pool_client_id
        self._verifier = verifier

    def authenticate(self, authorization: str | None) -> Caller:
        """Return the user who sent `Authorization: Bearer <access token>`.

        Raises:
            InvalidToken: there is no such header, or its token is not valid.
            AuthUnavailable: the pool's keys cannot be fetched.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer":
            raise errors.InvalidToken
        return Caller(restored_users.find_account(self._verifier.verify(token, "access")), token)

    def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens for a refresh token. They include no refresh token. AWS contract COG-7.

        Raises:
            InvalidToken: the refresh token is wrong, expired or revoked.
        """
        with _translate_errors(**dict.fromkeys((*_UNKNOWN_USER, "RefreshTokenReuseException"), errors.InvalidToken)):
            response = self._cognito.initiate_auth(
                ClientId=self._client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": refresh_token},
            )
        return msgspec.structs.replace(_parse_tokens(response), refresh_token=UNSET)

    def log_in(self, email: str, password: str) -> Tokens:
        """Return tokens for an address and its password. Cognito limits the guesses.

        AWS contracts COG-8, COG-9, COG-14.

        Raises:
            InvalidCredentials: the password is wrong, or the address is unknown or not confirmed.
            LoginFailed: Cognito requires a further step, which only the hosted UI supports.
        """
        unknown_user = dict.fromkeys(_UNKNOWN_USER, errors.InvalidCredentials)
        with _translate_errors(**unknown_user, PasswordResetRequiredException=errors.LoginFailed):
            response = self._cognito.initiate_auth(
                ClientId=self._client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        if "AuthenticationResult" not in response:
            raise errors.LoginFailed("This account requires an additional sign-in step. Sign in at `/login` instead.")
        return _parse_tokens(response)

    def log_out(self, refresh_token: str | None) -> LogoutView:
        """Revoke a refresh token and its access tokens. Ignore an invalid token (RFC 7009, section 2.2).

        AWS contract COG-6.

        Raises:
            InvalidToken: the token is not a refresh token.
        """
        if refresh_token:
            already_invalid = ("NotAuthorizedException", "UnauthorizedException")
            with _translate_errors(*already_invalid, UnsupportedTokenTypeException=errors.InvalidToken):
                self._cognito.revoke_token(Token=refresh_token, ClientId=self._client_id)
        parameters = {"client_id": self._client_id, "logout_uri": f"{self._settings.base_url}/"}
        return LogoutView(logout_url=f"{self._settings.cognito_domain}/logout?{urlencode(parameters)}")

    def log_out_everywhere(self, caller: Caller) -> LogoutView:
        """Revoke all refresh and access tokens of the caller. Ignore an access token that is already invalid."""
        self.sign_out_everywhere(caller)
        return self.log_out(None)

    def sign_out_everywhere(self, caller: Caller) -> None:
        """Revoke all refresh and access tokens of the caller. Ignore an access token that is already invalid.

        API Gateway still accepts the access tokens, so `Authentication` reads the account. AWS contract COG-5.
        """
        with _translate_errors(*_UNKNOWN_USER):
            self._cognito.global_sign_out(AccessToken=caller.access_token)

    def delete(self, user_id: UserId) -> None:
        """Delete the user of an account. Ignore an unknown user. AWS contract COG-10."""
        pool = self._settings.user_pool_id
        with _translate_errors("UserNotFoundException"):
            self._cognito.admin_delete_user(UserPoolId=pool, Username=user_id)
            return
        restored_users.delete_members(self._cognito, pool, user_id)

    def has_user(self, user_id: UserId) -> bool:
        """Return whether an account has a user. AWS contract COG-10."""
        try:
            self._cognito.admin_get_user(UserPoolId=self._settings.user_pool_id, Username=user_id)
        except self._cognito.exceptions.UserNotFoundException:
            return bool(restored_users.list_members(self._cognito, self._settings.user_pool_id, user_id))
        return True

    def list_user_ids(self) -> Iterator[UserId]:
        """Yield the ids of all accounts with a user. Also yield the new ids of users of a rebuilt user pool."""
        pool = self._settings.user_pool_id
        for user_id in restored_users.list_accounts(self._cognito, pool):
            if restored_users.list_members(self._cognito, pool, user_id):
                yield user_id
        for page in self._cognito.get_paginator("list_users").paginate(UserPoolId=pool):
            for user in page["Users"]:
                attributes = {attribute["Name"]: attribute.get("Value", "") for attribute in user["Attributes"]}
                yield UserId(attributes["sub"])

    def sign_up(self, email: str, password: str) -> SignUpView:
        """Register an e-mail address. Cognito mails a confirmation code to it.

        Raises:
            AlreadyRegistered: the address has an account.
            InvalidPassword: the password does not meet the policy of the user pool.
            InvalidRequest: Cognito does not accept the address, or cannot send mail to it.
        """
        with _translate_errors(
            UsernameExistsException=errors.AlreadyRegistered,
            InvalidPasswordException=errors.InvalidPassword,
            CodeDeliveryFailureException=errors.InvalidRequest,
        ):
            response = self._cognito.sign_up(
                ClientId=self._client_id,
                Username=email,
                Password=password,
                UserAttributes=[{"Name": "email", "Value": email}],
            )
        return SignUpView(user_id=UserId(response["UserSub"]), confirmed=response["UserConfirmed"])

    def confirm_sign_up(self, email: str, code: str) -> None:
        """Confirm an address by the code that was mailed to it. AWS contract COG-11.

        Raises:
            InvalidCode: the code is wrong or has expired.
            AlreadyRegistered: another account has confirmed the address in the meantime.
        """
        with _translate_errors(
            CodeMismatchException=errors.InvalidCode,
            ExpiredCodeException=errors.InvalidCode,
            UserNotFoundException=errors.InvalidCode,
            NotAuthorizedException=errors.InvalidCode,
            AliasExistsException=errors.AlreadyRegistered,
        ):
            self._cognito.confirm_sign_up(ClientId=self._client_id, Username=email, ConfirmationCode=code)

    def resend_code(self, email: str) -> None:
        """Mail another code if the address has not been confirmed yet. Otherwise do nothing."""
        with _translate_errors(*_REVEALING_ERRORS):
            self._cognito.resend_confirmation_code(ClientId=self._client_id, Username=email)

    def send_reset_code(self, email: str) -> None:
        """Mail a code that resets the password of a confirmed address. Otherwise do nothing. AWS contract COG-15."""
        with _translate_errors(*_REVEALING_ERRORS):
            self._cognito.forgot_password(ClientId=self._client_id, Username=email)

    def reset_password(self, email: str, code: str, password: str) -> None:
        """Set a new password by the code that was mailed to the address, and revoke all refresh tokens of the user.

        AWS contracts COG-15, COG-16.

        Raises:
            InvalidCode: the code is wrong, was used or has expired.
            InvalidPassword: the password does not meet the policy of the user pool.
            Busy: the tokens may not be revoked, although the password may be new.
        """
        invalid_code = ("CodeMismatchException", "ExpiredCodeException", *_UNKNOWN_USER)
        with _translate_errors(
            **dict.fromkeys(invalid_code, errors.InvalidCode), InvalidPasswordException=errors.InvalidPassword
        ):
            self._cognito.confirm_forgot_password(
                ClientId=self._client_id, Username=email, ConfirmationCode=code, Password=password
            )
        # A reset does not end the sessions that were started with the old password.
        with _translate_errors("UserNotFoundException"):
            self._cognito.admin_user_global_sign_out(UserPoolId=self._settings.user_pool_id, Username=email)

    def change_password(self, caller: Caller, current_password: str, new_password: str) -> None:
        """Replace the caller's password. All sessions stay signed in. Cognito limits the guesses. AWS contract COG-17.

        Raises:
            InvalidCredentials: the current password is wrong.
            InvalidPassword: the new password does not meet the policy of the user pool.
            InvalidToken: Cognito no longer accepts the token.
        """
        try:
            with _translate_errors(
                NotAuthorizedException=errors.InvalidCredentials,
                InvalidPasswordException=errors.InvalidPassword,
                PasswordHistoryPolicyViolationException=errors.InvalidPassword,
                **dict.fromkeys(_UNUSABLE_USER, errors.InvalidToken),
            ):
                self._cognito.change_password(
                    AccessToken=caller.access_token, PreviousPassword=current_password, ProposedPassword=new_password
                )
        except errors.InvalidCredentials as error:
            # Cognito has the same error code for a revoked token. This call fails if the token is the cause.
            self.fetch_email(caller)
            raise errors.InvalidCredentials("The current password is incorrect.") from error

    def fetch_email(self, caller: Caller) -> str:
        """Return the caller's e-mail address. AWS contract COG-13.

        Raises:
            InvalidToken: Cognito no longer accepts the token.
        """
        with _translate_errors(
            **dict.fromkeys((*_UNKNOWN_USER, "PasswordResetRequiredException"), errors.InvalidToken)
        ):
            response = self._cognito.get_user(AccessToken=caller.access_token)
        return next(
            (attribute["Value"] for attribute in response["UserAttributes"] if attribute["Name"] == "email"), ""
        )


def _parse_tokens(response: Any) -> Tokens:
    result = response["AuthenticationResult"]
    return Tokens(
        access_token=result["AccessToken"],
        id_token=result["IdToken"],
        refresh_token=result.get("RefreshToken", UNSET),
        expires_in=result["ExpiresIn"],
    )


@contextmanager
def _translate_errors(*ignored: str, **translations: type[errors.PhotoshareError]) -> Iterator[None]:
    """Translate Cognito's errors for rate limits and invalid parameters, and those in `translations`, by their codes.

    Suppress the errors with the `ignored` codes.
    """
    translations.setdefault("InvalidParameterException", errors.InvalidRequest)
    try:
        yield
    except ClientError as error:
        name = error.response["Error"]["Code"]
        if name in ignored:
            return
        if name in ("LimitExceededException", "TooManyRequestsException", "TooManyFailedAttemptsException"):
            raise errors.TooManyRequests(retry_after=60) from error
        if name in translations:
            raise translations[name] from error
        raise
