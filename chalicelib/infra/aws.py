"""boto3 clients whose failures arrive as the contract's errors."""

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


def client(service: Any, **config: Any) -> Any:
    """A client of `service` that waits briefly, tries three times, and then raises Busy.

    Refusals (a failed condition, a missing key) stay botocore's `ClientError`: they are for the caller to read.
    """
    settings = Config(
        connect_timeout=2,
        read_timeout=10,
        # Two retries, and then the caller decides. AWS contract SDK-1.
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,
        # The checksums that boto3 adds by itself would be signed into a presigned PUT. AWS contract S3-20.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        **config,
    )
    made = _session().client(service, config=settings)
    made.meta.events.register("after-call", _refuse_failure)
    made.meta.events.register("after-call-error", _refuse_silence)
    return made


def credentials() -> Any:
    """The process's credentials, which refresh themselves."""
    return _session().get_credentials()


@cache
def _session() -> Any:
    return boto3.Session()


def _refuse_failure(http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    code = parsed.get("Error", {}).get("Code", "")
    if http_response.status_code >= 500 or code in _THROTTLED:
        log.error("%s failed: %s", model.name, code or http_response.status_code)
        raise Busy


def _refuse_silence(exception: BaseException, **_: Any) -> None:
    if isinstance(exception, BotoCoreError) and not isinstance(exception, ParamValidationError):
        log.error("no answer: %s", type(exception).__name__)
        raise Busy from exception
