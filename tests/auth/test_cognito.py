"""Cognito errors become documented errors, and a sign-in redirects only to paths of this site."""

import json
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import boto3
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.auth.cognito import UserPool
from chalicelib.auth.hosted_ui import sanitize_return_path
from chalicelib.domain import errors
from chalicelib.domain.accounts import Caller
from chalicelib.infra import aws
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.faults import hooked

ORIGIN = "http://localhost:8000"
EMAIL, PASSWORD = "ann@example.com", "Correct-Horse-1"
CREDENTIALS = {"email": EMAIL, "password": PASSWORD}
CODE = {"email": EMAIL, "code": "123456"}
RESET = CREDENTIALS | CODE
REFRESH = {"refreshToken": "kept"}


@pytest.fixture
def cognito(shared_cloud: Cloud) -> Cognito:
    return Cognito(shared_cloud)


class Refusal(NamedTuple):
    """An error of Cognito, and the error that the client receives for it."""

    path: str
    body: dict[str, str]
    operation: str
    code: str
    status: int
    error: str

    def __str__(self) -> str:
        return f"{self.path} {self.code}"


REFUSALS = [
    Refusal("/login", CREDENTIALS, "InitiateAuth", "NotAuthorizedException", 401, "InvalidCredentials"),
    Refusal("/login", CREDENTIALS, "InitiateAuth", "UserNotFoundException", 401, "InvalidCredentials"),
    Refusal("/login", CREDENTIALS, "InitiateAuth", "UserNotConfirmedException", 401, "InvalidCredentials"),
    Refusal("/login", CREDENTIALS, "InitiateAuth", "PasswordResetRequiredException", 400, "LoginFailed"),
    Refusal("/login", CREDENTIALS, "InitiateAuth", "InvalidParameterException", 400, "InvalidRequest"),
    Refusal("/login", CREDENTIALS, "InitiateAuth", "TooManyRequestsException", 429, "TooManyRequests"),
    Refusal("/signup", CREDENTIALS, "SignUp", "UsernameExistsException", 409, "AlreadyRegistered"),
    Refusal("/signup", CREDENTIALS, "SignUp", "InvalidPasswordException", 400, "InvalidPassword"),
    Refusal("/signup", CREDENTIALS, "SignUp", "InvalidParameterException", 400, "InvalidRequest"),
    Refusal("/signup", CREDENTIALS, "SignUp", "CodeDeliveryFailureException", 400, "InvalidRequest"),
    Refusal("/signup", CREDENTIALS, "SignUp", "LimitExceededException", 429, "TooManyRequests"),
    Refusal("/signup/confirm", CODE, "ConfirmSignUp", "CodeMismatchException", 400, "InvalidCode"),
    Refusal("/signup/confirm", CODE, "ConfirmSignUp", "ExpiredCodeException", 400, "InvalidCode"),
    Refusal("/signup/confirm", CODE, "ConfirmSignUp", "UserNotFoundException", 400, "InvalidCode"),
    Refusal("/signup/confirm", CODE, "ConfirmSignUp", "NotAuthorizedException", 400, "InvalidCode"),
    Refusal("/signup/confirm", CODE, "ConfirmSignUp", "AliasExistsException", 409, "AlreadyRegistered"),
    Refusal("/signup/confirm", CODE, "ConfirmSignUp", "TooManyFailedAttemptsException", 429, "TooManyRequests"),
    Refusal("/password/forgot", {"email": EMAIL}, "ForgotPassword", "TooManyRequestsException", 429, "TooManyRequests"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "CodeMismatchException", 400, "InvalidCode"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "ExpiredCodeException", 400, "InvalidCode"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "UserNotFoundException", 400, "InvalidCode"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "UserNotConfirmedException", 400, "InvalidCode"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "NotAuthorizedException", 400, "InvalidCode"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "InvalidPasswordException", 400, "InvalidPassword"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "InvalidParameterException", 400, "InvalidRequest"),
    Refusal("/password/reset", RESET, "ConfirmForgotPassword", "LimitExceededException", 429, "TooManyRequests"),
    Refusal(
        "/password/reset", RESET, "ConfirmForgotPassword", "TooManyFailedAttemptsException", 429, "TooManyRequests"
    ),
    Refusal("/password/reset", RESET, "AdminUserGlobalSignOut", "TooManyRequestsException", 429, "TooManyRequests"),
    Refusal("/token", REFRESH, "InitiateAuth", "NotAuthorizedException", 401, "InvalidToken"),
    Refusal("/token", REFRESH, "InitiateAuth", "InvalidParameterException", 400, "InvalidRequest"),
    Refusal("/token", REFRESH, "InitiateAuth", "TooManyRequestsException", 429, "TooManyRequests"),
    Refusal("/logout", REFRESH, "RevokeToken", "UnsupportedTokenTypeException", 401, "InvalidToken"),
    Refusal("/logout", REFRESH, "RevokeToken", "TooManyRequestsException", 429, "TooManyRequests"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_cognito_error_becomes_the_documented_error(shared_cloud: Cloud, cognito: Cognito, refusal: Refusal) -> None:
    cognito.refuse(refusal.operation, code=refusal.code)
    answer = shared_cloud.visitor.post(refusal.path, refusal.body)
    assert (answer.status, answer.json["error"]) == (refusal.status, refusal.error)
    assert ("Retry-After" in answer.headers) is (refusal.status == 429)
    assert cognito.asked[-1][0] == refusal.operation


REVEALING_ERRORS = ["UserNotFound", "InvalidParameter", "NotAuthorized", "LimitExceeded", "CodeDeliveryFailure"]


@pytest.mark.parametrize(
    ("path", "operation"),
    [("/signup/resend", "ResendConfirmationCode"), ("/password/forgot", "ForgotPassword")],
)
@pytest.mark.parametrize("refusal", [None, *REVEALING_ERRORS])
def test_requesting_a_code_reveals_nothing_about_the_account(
    shared_cloud: Cloud, cognito: Cognito, path: str, operation: str, refusal: str | None
) -> None:
    if refusal:
        cognito.refuse(operation, code=f"{refusal}Exception")
    answer = shared_cloud.visitor.post(path, {"email": EMAIL})
    assert (answer.status, answer.body) == (202, "{}")
    assert cognito.asked == [(operation, {"ClientId": "test-client", "Username": EMAIL})]


def test_reset_revokes_refresh_tokens_only_after_the_code_was_accepted(shared_cloud: Cloud, cognito: Cognito) -> None:
    cognito.refuse("ConfirmForgotPassword", code="CodeMismatchException")
    assert shared_cloud.visitor.post("/password/reset", RESET).status == 400
    cognito.answers["ConfirmForgotPassword"] = {}
    cognito.refuse("AdminUserGlobalSignOut", code="UserNotFoundException")
    assert shared_cloud.visitor.post("/password/reset", RESET).status == 204
    operations = [operation for operation, _ in cognito.asked]
    assert operations == ["ConfirmForgotPassword", "ConfirmForgotPassword", "AdminUserGlobalSignOut"]
    assert cognito.asked[1][1] == {
        "ClientId": "test-client",
        "Username": EMAIL,
        "ConfirmationCode": CODE["code"],
        "Password": PASSWORD,
    }
    assert cognito.asked[2][1] == {"UserPoolId": shared_cloud.settings.user_pool_id, "Username": EMAIL}


def test_wrong_password_and_unknown_address_get_the_same_error(shared_cloud: Cloud, cognito: Cognito) -> None:
    responses = []
    for refusal in ("NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"):
        cognito.refuse("InitiateAuth", code=refusal)
        answer = shared_cloud.visitor.post("/login", CREDENTIALS)
        responses.append({name: value for name, value in answer.json.items() if name != "requestId"})
    assert responses[0] == responses[1] == responses[2]


def test_login_that_needs_a_challenge_refers_to_the_hosted_ui(shared_cloud: Cloud, cognito: Cognito) -> None:
    cognito.answers["InitiateAuth"] = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "s"}
    answer = shared_cloud.visitor.post("/login", CREDENTIALS)
    assert (answer.status, answer.json["error"]) == (400, "LoginFailed")
    assert "/login" in answer.json["message"]


@pytest.mark.parametrize(
    "refusal",
    [
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
    ],
)
def test_account_is_401_if_cognito_rejects_the_token(shared_cloud: Cloud, cognito: Cognito, refusal: str) -> None:
    cognito.refuse("GetUser", code=refusal)
    assert shared_cloud.person("ann").get("/account").status == 401


def test_account_shows_the_email_address_from_cognito(shared_cloud: Cloud, cognito: Cognito) -> None:
    cognito.answers["GetUser"] = {
        "UserAttributes": [{"Name": "sub", "Value": "ann"}, {"Name": "email", "Value": EMAIL}]
    }
    ann = shared_cloud.person("ann")
    shown = ann.get("/account").json
    assert (shown["userId"], shown["email"]) == ("ann", EMAIL)
    assert ann.get("/account").json == shown
    assert cognito.asked[0] == ("GetUser", {"AccessToken": ann.token})


@pytest.mark.provokes_500
def test_unexpected_cognito_error_is_an_internal_error(shared_cloud: Cloud, cognito: Cognito) -> None:
    cognito.refuse("SignUp", code="ResourceNotFoundException")
    answer = shared_cloud.visitor.post("/signup", CREDENTIALS)
    assert (answer.status, answer.json["error"]) == (500, "InternalError")
    assert answer.json["requestId"]


@pytest.mark.usefixtures("shared_cloud")
def test_user_signs_up_logs_in_and_refreshes_tokens() -> None:
    pools = boto3.client("cognito-idp")
    pool = pools.create_user_pool(PoolName="users", UsernameAttributes=["email"])["UserPool"]["Id"]
    client = pools.create_user_pool_client(
        UserPoolId=pool, ClientName="web", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]["ClientId"]
    settings = msgspec.structs.replace(wiring.settings(), user_pool_id=pool, user_pool_client_id=client)
    identity = UserPool(settings, aws.create_client("cognito-idp"), wiring.verifier())

    user = identity.sign_up(EMAIL, PASSWORD)
    assert user.user_id
    assert not user.confirmed
    with pytest.raises(errors.AlreadyRegistered):
        identity.sign_up(EMAIL, PASSWORD)
    with pytest.raises(errors.InvalidCredentials):
        identity.log_in(EMAIL, PASSWORD)
    identity.confirm_sign_up(EMAIL, "123456")
    for email, password in ((EMAIL, "wrong"), ("bob@example.com", PASSWORD)):
        with pytest.raises(errors.InvalidCredentials):
            identity.log_in(email, password)
    tokens = identity.log_in(EMAIL, PASSWORD)
    user_now = Caller(user.user_id, tokens.access_token)
    with pytest.raises(errors.InvalidCredentials):
        identity.change_password(user_now, "wrong", "Correct-Horse-2")
    identity.change_password(user_now, PASSWORD, "Correct-Horse-2")
    tokens = identity.log_in(EMAIL, "Correct-Horse-2")
    fresh = identity.refresh(str(tokens.refresh_token))
    assert fresh.access_token
    assert fresh.refresh_token is msgspec.UNSET


UNSAFE_TARGETS = [
    "",
    "evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/%0d%0aLocation: //evil.example",
    "/\r\nLocation: //evil.example",
    "https:evil.example",
    "https://evil.example",
    "https:///evil.example",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "@evil.example",
    ":@evil.example",
    "?/evil",
    "#/evil",
    ".evil.example",
    "/a\\b",
    "/／evil.example",
    "／／evil.example",
    "/。evil。example",
    "/é",
    "/\x00",
    "/\x7f",
    "/\u2028",
    "/" + "x" * 5000,
]


@pytest.mark.parametrize("text", UNSAFE_TARGETS)
def test_sign_in_never_redirects_to_another_site(text: str) -> None:
    assert sanitize_return_path(text) == "/"


@pytest.mark.parametrize(
    "text", ["/", "/a/b", "/?tag=sea&order=newest", "/a#b", "/@ann", "/a%20b", "/https://a", "/a//b"]
)
def test_sign_in_redirects_to_a_local_path(text: str) -> None:
    assert sanitize_return_path(text) == text


@given(st.text(st.sampled_from("/\\.@:?#%&evil \t\r\n\x00é。")) | st.text())
def test_no_text_redirects_to_another_origin(text: str) -> None:
    path = sanitize_return_path(text)
    parts = urlsplit(ORIGIN + path)
    assert f"{parts.scheme}://{parts.netloc}" == ORIGIN
    assert urljoin(f"{ORIGIN}/callback", path).startswith(f"{ORIGIN}/")
    assert path.isprintable()


def test_login_cookie_fits_the_browser_limit_for_any_path(shared_cloud: Cloud) -> None:
    letters = Random(7).choices('"/abcdefghijklmnopqrstuvwxyz0123456789', k=5000)
    for length in (999, 2500, 3000, 5000):
        answer = shared_cloud.visitor.get("/login", returnTo="/" + "".join(letters[:length]).lstrip("/"))
        assert answer.status == 302
        assert len(answer.cookies["__Host-login"]) <= 4096


def test_users_are_listed_in_pages(shared_cloud: Cloud, cognito: Cognito) -> None:
    pages = {"first": ["ann", "bob"], "second": ["cy"]}

    def answer(params: dict[str, Any], **_: Any) -> None:
        token = json.loads(params["body"]).get("PaginationToken", "first")
        users = [{"Attributes": [{"Name": "sub", "Value": name}, {"Name": "email"}]} for name in pages[token]]
        cognito.answers["ListUsers"] = {"Users": users} | ({"PaginationToken": "second"} if token == "first" else {})

    with hooked("before-call.cognito-identity-provider.ListUsers", lambda _: answer, shared_cloud.user_pool()._cognito):
        assert [*shared_cloud.user_pool().list_user_ids()] == ["ann", "bob", "cy"]
