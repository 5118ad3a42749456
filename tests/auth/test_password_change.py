"""Password changes: Cognito's errors become documented errors, and a revoked token is not a wrong password."""

import pytest

from tests.support.cloud import Cloud
from tests.support.cognito import Cognito

PASSWORD = "Correct-Horse-1"
CHANGE = {"currentPassword": PASSWORD, "newPassword": "Correct-Horse-2"}
CHANGE_REFUSALS = [
    ("NotAuthorizedException", 401, "InvalidCredentials"),
    ("InvalidPasswordException", 400, "InvalidPassword"),
    ("PasswordHistoryPolicyViolationException", 400, "InvalidPassword"),
    ("InvalidParameterException", 400, "InvalidRequest"),
    ("UserNotFoundException", 401, "InvalidToken"),
    ("UserNotConfirmedException", 401, "InvalidToken"),
    ("PasswordResetRequiredException", 401, "InvalidToken"),
    ("LimitExceededException", 429, "TooManyRequests"),
    ("TooManyRequestsException", 429, "TooManyRequests"),
]


@pytest.fixture
def cognito(shared_cloud: Cloud) -> Cognito:
    return Cognito(shared_cloud)


@pytest.mark.parametrize(("code", "status", "error"), CHANGE_REFUSALS)
def test_refused_password_change_becomes_the_documented_error(
    shared_cloud: Cloud, cognito: Cognito, code: str, status: int, error: str
) -> None:
    cognito.answers["GetUser"] = {"UserAttributes": []}
    cognito.refuse("ChangePassword", code=code)
    answer = shared_cloud.person("ann").post("/password/change", CHANGE)
    assert (answer.status, answer.json["error"]) == (status, error)


def test_password_change_sends_both_passwords_and_the_token(shared_cloud: Cloud, cognito: Cognito) -> None:
    ann = shared_cloud.person("ann")
    assert ann.post("/password/change", CHANGE).status == 204
    passwords = {"PreviousPassword": PASSWORD, "ProposedPassword": "Correct-Horse-2"}
    assert cognito.asked == [("ChangePassword", {"AccessToken": ann.token} | passwords)]


def test_revoked_token_is_not_reported_as_a_wrong_password(shared_cloud: Cloud, cognito: Cognito) -> None:
    cognito.refuse("ChangePassword", "GetUser", code="NotAuthorizedException")
    answer = shared_cloud.person("ann").post("/password/change", CHANGE)
    assert (answer.status, answer.json["error"]) == (401, "InvalidToken")
