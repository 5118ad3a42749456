"""boto3 clients that raise `Busy` if a service is unavailable or throttles."""

import logging
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ParamValidationError
from botocore.retries import standard

from chalicelib.domain.errors import Busy

log = logging.getLogger(__name__)

_RETRYABLE = standard.OrRetryChecker(
    [standard.TransientRetryableChecker(), standard.ThrottledRetryableChecker(), standard.ModeledRetryableChecker()]
)
"""The errors that botocore's standard mode retries: throttled and transient ones. AWS contracts SDK-1, DDB-6."""
_CREATING = Lock()
"""Threads create clients one after another, because a session cannot load a role for two clients at the same time."""
_USER_LIMITS = {"cognito-idp": ("LimitExceededException", "TooManyRequestsException")}
"""The codes with which a service limits one user. The adapter of the service translates them."""


def create_client(service: Any, **config: Any) -> Any:
    """Return a client of `service` that has short timeouts and raises `Busy` after three failed attempts.

    Rejections by the service, such as a failed condition or a missing key, still raise botocore's `ClientError`.
    """
    settings = Config(
        connect_timeout=2,
        read_timeout=10,
        # Retry twice, then raise the error to the caller. AWS contract SDK-1.
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,
        # By default boto3 adds checksums, which a presigned PUT would then require. AWS contract S3-20.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        **config,
    )
    with _CREATING:
        aws_client = _get_session().client(service, config=settings)
    aws_client.meta.events.register("after-call", _raise_busy_on_failure)
    aws_client.meta.events.register("after-call-error", _raise_busy_without_response)
    return aws_client


def create_s3_client(*, is_emulated: bool) -> Any:
    """Return a client of S3. Only emulators need the name of the bucket in the path."""
    style = "path" if is_emulated else "virtual"
    addressing = {"addressing_style": style, "us_east_1_regional_endpoint": "regional"}
    return create_client("s3", signature_version="s3v4", s3=addressing)


def get_credentials() -> Any:
    """Return the credentials of the process. They refresh automatically."""
    with _CREATING:
        return _get_session().get_credentials()


@cache
def _get_session() -> Any:
    return boto3.Session()


@cache
def _load_legacy_codes() -> frozenset[str]:
    """Return the codes that botocore's legacy mode retries. Some of them are unknown to its standard mode."""
    return frozenset(_find_codes(_get_session()._session.get_data("_retry")))


def _find_codes(data: dict[str, Any]) -> Iterator[str]:
    """Yield every `service_error_code` in botocore's rules for retries."""
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _find_codes(value)
        elif name == "service_error_code":
            yield value


def _raise_busy_on_failure(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    code, status = parsed.get("Error", {}).get("Code", ""), http_response.status_code
    if code in _USER_LIMITS.get(model.service_model.service_name, ()):
        return
    context = standard.RetryContext(1, model, parsed, http_response)
    is_retryable = _RETRYABLE.is_retryable(context) or code in _load_legacy_codes()
    if is_retryable or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s failed: %s", model.name, code or status)
        raise Busy


def _raise_busy_without_response(exception: BaseException, **_: Any) -> None:
    if isinstance(exception, BotoCoreError) and not isinstance(exception, ParamValidationError):
        log.error("no response: %s", type(exception).__name__)
        raise Busy from exception
