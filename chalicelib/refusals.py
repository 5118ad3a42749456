"""What API Gateway itself answers where it refuses: in the contract's shape, and readable for other origins' pages."""

import json
from typing import Any, NamedTuple

from chalicelib import errors
from chalicelib.errors import PhotoshareError


class _Refusal(NamedTuple):
    error: type[PhotoshareError]
    message: str | None = None


_OF_TYPE = {
    "ACCESS_DENIED": _Refusal(errors.Forbidden, "This is not for you."),
    "API_CONFIGURATION_ERROR": _Refusal(errors.InternalError),
    "AUTHORIZER_CONFIGURATION_ERROR": _Refusal(errors.InternalError),
    "AUTHORIZER_FAILURE": _Refusal(errors.AuthUnavailable),
    "BAD_REQUEST_BODY": _Refusal(errors.InvalidRequest),
    "BAD_REQUEST_PARAMETERS": _Refusal(errors.InvalidRequest),
    "DEFAULT_5XX": _Refusal(errors.InternalError),
    "EXPIRED_TOKEN": _Refusal(errors.InvalidToken),
    "INTEGRATION_FAILURE": _Refusal(errors.Busy),
    "INTEGRATION_TIMEOUT": _Refusal(errors.Busy),
    # So API Gateway calls a path or method that there is not.
    "MISSING_AUTHENTICATION_TOKEN": _Refusal(errors.NotFound, "There is no such path, or not for this method."),
    "QUOTA_EXCEEDED": _Refusal(errors.TooManyRequests, "This key has been used as often as it may be today."),
    "REQUEST_TOO_LARGE": _Refusal(errors.TooLarge, "The request is larger than 10 MB."),
    "RESOURCE_NOT_FOUND": _Refusal(errors.NotFound),
    "THROTTLED": _Refusal(errors.TooManyRequests, "Too many requests: wait as long as Retry-After says."),
    "UNAUTHORIZED": _Refusal(errors.InvalidToken),
    "UNSUPPORTED_MEDIA_TYPE": _Refusal(errors.UnsupportedMediaType),
}


def _response(kind: str, refusal: _Refusal) -> dict[str, Any]:
    error = refusal.error(refusal.message)
    retry_after = 3600 if kind == "QUOTA_EXCEEDED" else error.retry_after
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After,Location"}
    headers |= {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    headers |= {"Retry-After": str(retry_after)} if retry_after else {}
    return {
        "statusCode": str(error.status),
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        "responseTemplates": {"application/json": json.dumps(error.document("$context.requestId"))},
    }


GATEWAY = {kind: _response(kind, refusal) for kind, refusal in _OF_TYPE.items()}
"""By the types that API Gateway knows. `DEFAULT_4XX` is left as it is, since its status says more than one of ours
would; it gets the headers only."""
GATEWAY["DEFAULT_4XX"] = {
    "responseParameters": GATEWAY["ACCESS_DENIED"]["responseParameters"],
    "responseTemplates": {
        "application/json": '{"error": "InvalidRequest", "message": $context.error.messageString, '
        '"requestId": "$context.requestId"}'
    },
}
