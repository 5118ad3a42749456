"""Errors of AWS: throttling and outages raise `Busy`, and refusals keep their code."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ParamValidationError
from botocore.retries import standard

from chalicelib.domain.errors import Busy
from chalicelib.infra import aws
from tests.support.cloud import Client, Cloud
from tests.support.cognito import Cognito
from tests.support.faults import hooked, refusal
from tests.support.races import run_concurrently

SERVICES = ("s3", "dynamodb", "sqs", "cognito-idp", "rekognition")
LIMITS_OF_USERS = {"LimitExceededException", "TooManyRequestsException"}
"""Cognito's codes for one user who sends too much. The client gets 429 for them."""


def find_codes(data: Any) -> Iterator[str]:
    """Yield the error codes in botocore's data about retries."""
    for name, value in data.items() if isinstance(data, dict) else ():
        if name == "service_error_code":
            yield value
        yield from find_codes(value)


CODES = sorted(
    {
        *vars(standard.ThrottledRetryableChecker())["_throttled_error_codes"],
        *vars(standard.TransientRetryableChecker())["_transient_error_codes"],
        *find_codes(boto3.Session()._session.get_data("_retry")),
    }
)


def test_botocore_lists_the_known_codes() -> None:
    assert {"RequestThrottled", "SlowDown", "RequestTimeout", "BadDigest", "BandwidthLimitExceeded"} <= {*CODES}
    assert len(CODES) >= 19


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.usefixtures("shared_cloud")
def test_every_call_raises_busy_for_every_code_that_botocore_retries(service: str) -> None:
    client = aws.create_client(service)
    answers = [(400, code) for code in CODES] + [(status, "") for status in (429, 500, 502, 503, 504, 509)]
    silent = [
        (operation, code or status)
        for operation in client.meta.service_model.operation_names
        for status, code in answers
        # botocore itself parses the body of this response.
        if operation != "GetBucketLocation" and not raises_busy(client, operation, status, code)
    ]
    expected = {*LIMITS_OF_USERS} if service == "cognito-idp" else set()
    assert {code for _, code in silent} == expected


def raises_busy(client: Any, operation: str, status: int, code: str) -> bool:
    """Return whether a call raises `Busy` if AWS answers it like this."""
    model = client.meta.service_model.operation_model(operation)
    name = f"after-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    parsed, response = {"Error": {"Code": code}}, SimpleNamespace(status_code=status)
    try:
        client.meta.events.emit(name, http_response=response, parsed=parsed, model=model, context={})
    except Busy:
        return True
    return False


@pytest.mark.parametrize("code", ["ConditionalCheckFailedException", "AccessDeniedException", "ValidationException"])
@pytest.mark.usefixtures("shared_cloud")
def test_refusal_keeps_its_error_code(code: str) -> None:
    client = aws.create_client("dynamodb")
    client.meta.events.register("before-call", lambda **_: refusal(400, code))
    with pytest.raises(ClientError) as raised:
        client.list_tables()
    assert raised.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("code", CODES)
def test_request_gets_503_for_every_code(shared_cloud: Cloud, ann: Client, code: str) -> None:
    with hooked("before-call", lambda _: lambda **_: refusal(400, code), shared_cloud.dynamodb):
        answer = ann.get("/trash")
    assert (answer.status, answer.json["error"]) == (503, "Busy")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("code", CODES)
def test_cognito_throttles_a_user_or_is_busy(shared_cloud: Cloud, ann: Client, code: str) -> None:
    Cognito(shared_cloud).refuse("GetUser", code=code)
    answer = ann.get("/account")
    expected = (429, "TooManyRequests") if code in LIMITS_OF_USERS else (503, "Busy")
    assert (answer.status, answer.json["error"]) == expected
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("shared_cloud")
def test_connection_timeout_raises_busy_but_an_invalid_call_does_not() -> None:
    client = aws.create_client("dynamodb")

    def fail(**_: Any) -> None:
        raise ConnectTimeoutError(endpoint_url="https://aws")

    client.meta.events.register_first("before-send", fail)
    with pytest.raises(Busy):
        client.list_tables()
    with pytest.raises(ParamValidationError):
        client.get_item()


def test_threads_can_create_their_clients_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    role = "role_arn = arn:aws:iam::000000000000:role/api\nsource_profile = administrator"
    keys = "aws_access_key_id = test\naws_secret_access_key = test"
    (tmp_path / "config").write_text(f"[profile api]\n{role}\n[profile administrator]\n{keys}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "api")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for _ in range(3):
        aws._get_session.cache_clear()
        run_concurrently([partial(aws.create_client, "s3")] * 8)
    aws._get_session.cache_clear()
