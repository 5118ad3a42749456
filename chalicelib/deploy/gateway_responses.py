"""What API Gateway itself answers where it refuses: in the contract's shape, and readable for other origins' pages."""

import json
from typing import Any

from chalicelib.domain import errors
from chalicelib.domain.errors import PhotoshareError

_OF_TYPE: dict[str, PhotoshareError] = {
    "ACCESS_DENIED": errors.Forbidden("This is not for you."),
    "API_CONFIGURATION_ERROR": errors.InternalError(),
    "AUTHORIZER_CONFIGURATION_ERROR": errors.InternalError(),
    "AUTHORIZER_FAILURE": errors.AuthUnavailable(),
    "BAD_REQUEST_BODY": errors.InvalidRequest(),
    "BAD_REQUEST_PARAMETERS": errors.InvalidRequest(),
    "DEFAULT_5XX": errors.InternalError(),
    "EXPIRED_TOKEN": errors.InvalidToken(),
    "INTEGRATION_FAILURE": errors.Busy(),
    # After 29 seconds. AWS contract APIGW-1.
    "INTEGRATION_TIMEOUT": errors.Busy(),
    # So API Gateway calls a path or method that there is not. AWS contract APIGW-4.
    "MISSING_AUTHENTICATION_TOKEN": errors.NotFound("There is no such path, or not for this method."),
    "QUOTA_EXCEEDED": errors.TooManyRequests("This key has been used as often as it may be today.", retry_after=3600),
    # The app itself accepts 64 KB. AWS contract APIGW-2.
    "REQUEST_TOO_LARGE": errors.TooLarge("The request is larger than 10 MB."),
    "RESOURCE_NOT_FOUND": errors.NotFound(),
    "THROTTLED": errors.TooManyRequests("Too many requests: wait as long as Retry-After says."),
    "UNAUTHORIZED": errors.InvalidToken(),
    "UNSUPPORTED_MEDIA_TYPE": errors.UnsupportedMediaType(),
}


def _response(error: PhotoshareError) -> dict[str, Any]:
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After,Location"}
    headers |= {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    headers |= {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return {
        "statusCode": str(error.status),
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        "responseTemplates": {"application/json": json.dumps(error.document("$context.requestId"))},
    }


GATEWAY_RESPONSES = {kind: _response(error) for kind, error in _OF_TYPE.items()}
"""By the types that API Gateway knows. `DEFAULT_4XX` keeps its own status, which says more than one of ours would."""
GATEWAY_RESPONSES["DEFAULT_4XX"] = {
    "responseParameters": GATEWAY_RESPONSES["ACCESS_DENIED"]["responseParameters"],
    "responseTemplates": {
        "application/json": '{"error": "InvalidRequest", "message": $context.error.messageString, '
        '"requestId": "$context.requestId"}'
    },
}
