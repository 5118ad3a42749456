"""boto3 clients that raise `Busy` if a service is unavailable or throttles."""

import logging
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ParamValidationError

from chalicelib.domain.errors import Busy

log = logging.getLogger(__name__)

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        # The first attempt of a retried transaction is still running. AWS contract DDB-6.
        "TransactionInProgressException",
    }
)


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
    return _get_session().get_credentials()


@cache
def _get_session() -> Any:
    return boto3.Session()


def _raise_busy_on_failure(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    code = parsed.get("Error", {}).get("Code", "")
    if http_response.status_code >= 500 or code in _THROTTLED:
        log.error("%s failed: %s", model.name, code or http_response.status_code)
        raise Busy


def _raise_busy_without_response(exception: BaseException, **_: Any) -> None:
    if isinstance(exception, BotoCoreError) and not isinstance(exception, ParamValidationError):
        log.error("no response: %s", type(exception).__name__)
        raise Busy from exception
