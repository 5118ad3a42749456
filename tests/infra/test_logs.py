"""The log has one JSON object per line for any input of a client, and no secrets."""

import json
import logging

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import app as service
from tests.support import idp_faults
from tests.support.browser import Browser
from tests.support.captured_logs import capture_log
from tests.support.cloud import Cloud, created
from tests.support.cognito import TOKENS, Cognito
from tests.support.faults import Fault, striking

CANARY = "canary7"
FORGED = '"}\r\n{"level":"ERROR","message":"forged"}\n\x1b[2J\x1b[31m\x00\u2028\x85'
CREDENTIALS = {"email": f"{CANARY}@example.com", "password": f"{CANARY}-Password-1"}


def test_every_response_is_logged(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    with capture_log() as log:
        answer = ann.get("/photos/1")
    line = next(line for line in log.lines if line["message"] == "request completed")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/photos/{photo_id}", 404)
    assert line["request_id"] == answer.json["requestId"]
    assert line["milliseconds"] >= 0
    assert line["level"] == "INFO"


@pytest.mark.provokes_500
def test_internal_error_is_logged_with_its_traceback_in_one_line(shared_cloud: Cloud) -> None:
    Cognito(shared_cloud).refuse("SignUp", code=FORGED)
    with capture_log() as log:
        answer = shared_cloud.visitor.post("/signup", CREDENTIALS)
    assert answer.status == 500
    errors = [line for line in log.lines if line["level"] == "ERROR"]
    assert len(errors) == 2
    assert "Traceback" in errors[0]["exception"]
    assert errors[1]["request_id"] == answer.json["requestId"]
    assert CANARY not in log.text


def test_hostile_input_cannot_forge_a_log_line(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    with capture_log() as log:
        for hostile in (FORGED, "\n", "\r", "\x1b[31m", '{"level":"ERROR"}', "%0a%0d", "${jndi:ldap://x}"):
            plain = hostile.replace("\r", "").replace("\n", "")
            ann.get(f"/photos/{hostile}")
            ann.get("/photos", tag=hostile)
            ann.post("/upload", {"filename": hostile, "contentType": hostile})
            ann.call("GET", "/photos", headers={"User-Agent": plain, "X-Request-Id": plain, "Origin": plain})
            ann.call(hostile, "/photos")
            shared_cloud.visitor.post("/login", {"email": hostile, "password": hostile})
    assert [line for line in log.lines if line["level"] != "INFO"] == []
    assert [line for line in log.lines if line["message"] == "forged"] == []
    assert "\x1b" not in log.text


@given(st.text())
def test_any_message_is_logged_unchanged(text: str) -> None:
    with capture_log() as log:
        logging.getLogger("any").warning("%s", text, extra={"detail": text})
    (line,) = log.lines
    assert (line["message"], line["detail"]) == (text, text)


def send_secrets(shared_cloud: Cloud) -> list[str]:
    """Send secrets in valid and invalid requests. Return the bodies of the error responses."""
    cognito = Cognito(shared_cloud)
    visitor = shared_cloud.visitor
    confirmation = {"email": CREDENTIALS["email"], "code": "7777777777"}
    answers = []
    refresh = {"refreshToken": f"{CANARY}-refresh"}
    for refusal in (None, "NotAuthorizedException", "TooManyRequestsException", "InternalErrorOfAKind"):
        cognito.answers = {"InitiateAuth": TOKENS, "SignUp": {"UserSub": "ann", "UserConfirmed": False}}
        if refusal:
            operations: tuple[str, ...]
            operations = ("InitiateAuth", "SignUp", "ConfirmSignUp", "ResendConfirmationCode", "RevokeToken", "GetUser")
            operations += ("ForgotPassword", "ConfirmForgotPassword", "AdminUserGlobalSignOut")
            cognito.refuse(*operations, code=refusal)
        answers += [
            visitor.post("/signup", CREDENTIALS),
            visitor.post("/signup/confirm", confirmation),
            visitor.post("/signup/resend", {"email": CREDENTIALS["email"]}),
            visitor.post("/password/forgot", {"email": CREDENTIALS["email"]}),
            visitor.post("/password/reset", CREDENTIALS | confirmation),
            visitor.post("/login", CREDENTIALS),
            visitor.call("POST", "/token", refresh),
            visitor.post("/logout", refresh),
            visitor.call("POST", "/token", None, {"Cookie": f"__Host-refresh={CANARY}", "X-Requested-With": "x"}),
            shared_cloud.person(CANARY).get("/account"),
        ]
    answers += [
        shared_cloud.bearing(f"{CANARY}.{CANARY}.{CANARY}", unguarded=True).get("/photos"),
        visitor.call("GET", "/photos", headers={"Authorization": f"Basic {CANARY}", "X-Link-Password": CANARY}),
        visitor.get("/photos", access_token=CANARY),
        visitor.get("/callback", code=CANARY, state=CANARY, error_description=CANARY),
        visitor.call("POST", "/login", f'{{"password": "{CANARY}'.encode()),
        visitor.call("POST", "/login", {"email": 1, "password": CANARY}),
        visitor.call("POST", "/login", {"email": CANARY, "password": [CANARY]}),
    ]
    return [answer.body for answer in answers if answer.status >= 400]


@pytest.mark.provokes_500
def test_no_secret_is_in_the_log_or_in_an_error(shared_cloud: Cloud, capfd: pytest.CaptureFixture[str]) -> None:
    with capture_log() as log:
        errors = send_secrets(shared_cloud)
    assert len(log.lines) > 40
    assert len(errors) > 20
    written = "".join((log.text, *errors, *capfd.readouterr()))
    assert [secret for secret in (CANARY, "7777777777", "eyJ", "fresh-") if secret in written] == []


@pytest.mark.parametrize("fault", ["none", "wrong nonce", "refused", "500", "not tokens", "no keys"])
def test_no_secret_of_a_sign_in_is_in_the_log(
    shared_cloud: Cloud, capfd: pytest.CaptureFixture[str], fault: str
) -> None:
    browser, idp = Browser(shared_cloud), shared_cloud.idp
    url = browser.begin()
    cookie = browser.cookies["__Host-login"]
    with capture_log() as log:
        back = idp.authorize(url, CANARY, **({"nonce": "x"} if fault == "wrong nonce" else {}))
        nonce = idp.codes[back["code"]]["nonce"]
        if fault == "refused":
            idp.codes.clear()
        elif fault == "no keys":
            idp.faults["/jwks.json"] = idp_faults.hanging_up
        elif fault != "none":
            idp.faults["/oauth2/token"] = idp_faults.answering(
                b'{"access_token": "eyJ"', 500 if fault == "500" else 200
            )
        answer = browser.back(back)
    assert (answer.status == 302) is (fault == "none")
    written = "".join((log.text, answer.body, *capfd.readouterr()))
    assert log.lines
    assert [secret for secret in (CANARY, back["code"], back["state"], nonce, cookie, "eyJ") if secret in written] == []


def test_signature_of_an_upload_grant_is_not_in_the_log(shared_cloud: Cloud) -> None:
    with capture_log() as log:
        grant = shared_cloud.grant(shared_cloud.person("ann"))
    signature = grant["uploadUrl"].partition("X-Amz-Signature=")[2]
    assert len(signature) >= 64
    assert signature[:64] not in log.text
    assert "X-Amz" not in log.text


def test_failed_upload_is_logged_with_photo_and_user_but_without_filename(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    grant = shared_cloud.grant(ann, filename=f"{CANARY}.jpg")
    event = created(grant["s3Key"], shared_cloud.put(grant, b"x"))
    with capture_log() as log, striking(Fault(0, "500"), shared_cloud.s3), pytest.raises(ExceptionGroup):
        shared_cloud.deliver(event, *(created(f"{prefix}{CANARY}.jpg") for prefix in ("", "backup/", "backup/2026/")))
    assert f"{ann.user_id}/{grant['photoId']}" in [line.get("s3_prefix") for line in log.lines]
    assert CANARY not in log.text


@pytest.mark.usefixtures("shared_cloud")
def test_failed_job_is_logged_with_its_message() -> None:
    body = json.dumps({"job": "settle", "photoId": "nonsense"})
    message = {"messageId": "1", "body": body, "receiptHandle": "r", "attributes": {}, "messageAttributes": {}}
    with capture_log() as log, pytest.raises(msgspec.ValidationError):
        service.run_job({"Records": [message]}, None)
    (line,) = log.lines
    assert (line["level"], line["job"]) == ("ERROR", body)
    assert "exception" in line
