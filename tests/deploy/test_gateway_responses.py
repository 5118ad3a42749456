"""Errors of API Gateway have the format of the service's errors, so that a client needs only one parser."""

import json
from typing import Any

import boto3
import pytest

from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES
from chalicelib.domain import errors

# The gateway does not use these features. DEFAULT_4XX covers API keys and signatures. WAF protects the CDN instead.
KINDS = {*boto3.client("apigateway", "us-east-1").meta.service_model.shape_for("GatewayResponseType").enum}
KINDS -= {"INVALID_API_KEY", "INVALID_SIGNATURE", "WAF_FILTERED"}


def render_body(kind: str) -> dict[str, Any]:
    """Return the response body that a client receives."""
    template = GATEWAY_RESPONSES[kind]["responseTemplates"]["application/json"]
    rendered = template.replace("$context.error.messageString", '"A message of API Gateway"').replace(
        "$context.requestId", "7"
    )
    return dict(json.loads(rendered))


def test_every_gateway_response_type_is_configured() -> None:
    assert set(GATEWAY_RESPONSES) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_gateway_response_has_the_services_error_format_and_cors_headers(kind: str) -> None:
    error_body = render_body(kind)
    assert set(error_body) == {"error", "message", "requestId"}
    error = getattr(errors, error_body["error"])
    assert issubclass(error, errors.PhotoshareError)
    assert error_body["message"]
    assert error_body["requestId"] == "7"
    response = GATEWAY_RESPONSES[kind]
    assert response.get("statusCode", str(error.status)) == str(error.status)
    assert response["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    has_retry_after = response.get("statusCode") in ("429", "503")
    assert ("gatewayresponse.header.Retry-After" in response["responseParameters"]) is has_retry_after
