"""Error responses that API Gateway sends itself. They have the JSON shape and CORS headers of the app's errors."""

import json
from typing import Any

from chalicelib.domain import errors
from chalicelib.domain.errors import PhotoshareError

_ERRORS_BY_TYPE: dict[str, PhotoshareError] = {
    "ACCESS_DENIED": errors.Forbidden(),
    "API_CONFIGURATION_ERROR": errors.InternalError(),
    "AUTHORIZER_CONFIGURATION_ERROR": errors.InternalError(),
    "AUTHORIZER_FAILURE": errors.AuthUnavailable(),
    "BAD_REQUEST_BODY": errors.InvalidRequest(),
    "BAD_REQUEST_PARAMETERS": errors.InvalidRequest(),
    "DEFAULT_5XX": errors.InternalError(),
    "EXPIRED_TOKEN": errors.InvalidToken(),
    "INTEGRATION_FAILURE": errors.Busy(),
    # API Gateway sends this error after 29 seconds. AWS contract APIGW-1.
    "INTEGRATION_TIMEOUT": errors.Busy(),
    # API Gateway uses this type for an unknown path or method. AWS contract APIGW-4.
    "MISSING_AUTHENTICATION_TOKEN": errors.NotFound("This path does not exist or does not support this method."),
    "QUOTA_EXCEEDED": errors.TooManyRequests("Daily quota exceeded for this API key.", retry_after=3600),
    # The app itself accepts 64 KB. AWS contract APIGW-2.
    "REQUEST_TOO_LARGE": errors.TooLarge("The request exceeds 10 MB."),
    "RESOURCE_NOT_FOUND": errors.NotFound(),
    "THROTTLED": errors.TooManyRequests(),
    "UNAUTHORIZED": errors.InvalidToken(),
    "UNSUPPORTED_MEDIA_TYPE": errors.UnsupportedMediaType(),
}


def _build_response(error: PhotoshareError) -> dict[str, Any]:
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After,Location"}
    headers |= {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    headers |= {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return {
        "statusCode": str(error.status),
        "responseParameters": {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in headers.items()},
        "responseTemplates": {"application/json": json.dumps(error.to_body("$context.requestId"))},
    }


GATEWAY_RESPONSES = {kind: _build_response(error) for kind, error in _ERRORS_BY_TYPE.items()}
"""The responses by API Gateway's response type."""
# Do not set a status for `DEFAULT_4XX`, because the status of API Gateway is more specific.
GATEWAY_RESPONSES["DEFAULT_4XX"] = {
    "responseParameters": GATEWAY_RESPONSES["ACCESS_DENIED"]["responseParameters"],
    "responseTemplates": {
        "application/json": '{"error": "InvalidRequest", "message": $context.error.messageString, '
        '"requestId": "$context.requestId"}'
    },
}
