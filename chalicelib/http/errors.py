"""Errors as HTTP responses: one JSON shape for the service's own errors and for Chalice's."""

from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.domain.errors import (
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    PhotoshareError,
    UnsupportedMediaType,
)

_BY_STATUS: dict[int, type[PhotoshareError]] = {
    400: InvalidRequest,
    404: NotFound,
    405: MethodNotAllowed,
    415: UnsupportedMediaType,
}


def build_error_response(error: PhotoshareError, request: Request) -> Response:
    """Return the response that tells the client about `error`."""
    headers: dict[str, str | list[str]] = {"Content-Type": "application/json"}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    return Response(error.to_body(getattr(request.lambda_context, "aws_request_id", "")), headers, error.status)


def translate_chalice_errors(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Give Chalice's own error responses the JSON shape of `build_error_response`. Use it as a middleware."""
    response = get_response(request)
    if response.status_code < 400 or not isinstance(response.body, dict) or "Code" not in response.body:
        return response
    translated = build_error_response(_BY_STATUS.get(response.status_code, InternalError)(), request)
    # Chalice lists the allowed methods in the header Allow.
    translated.headers |= response.headers
    return translated
