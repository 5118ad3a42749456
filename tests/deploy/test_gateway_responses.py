"""What API Gateway answers by itself: in the shape of ours, so that a client needs one parser."""

import json
from typing import Any

import boto3
import pytest

from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES
from chalicelib.domain import errors

# Without those of features that are not used: API keys and signatures, for which DEFAULT_4XX speaks, and WAF, which is
# at the CDN.
KINDS = {*boto3.client("apigateway", "us-east-1").meta.service_model.shape_for("GatewayResponseType").enum}
KINDS -= {"INVALID_API_KEY", "INVALID_SIGNATURE", "WAF_FILTERED"}


def body(kind: str) -> dict[str, Any]:
    """What a caller gets."""
    template = GATEWAY_RESPONSES[kind]["responseTemplates"]["application/json"]
    filled = template.replace("$context.error.messageString", '"Said by API Gateway"').replace(
        "$context.requestId", "7"
    )
    return dict(json.loads(filled))


def test_every_gateway_response_type_is_configured() -> None:
    assert set(GATEWAY_RESPONSES) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_gateway_response_has_the_services_error_format_and_cors_headers(kind: str) -> None:
    told = body(kind)
    assert set(told) == {"error", "message", "requestId"}
    error = getattr(errors, told["error"])
    assert issubclass(error, errors.PhotoshareError)
    assert told["message"]
    assert told["requestId"] == "7"
    sent = GATEWAY_RESPONSES[kind]
    assert sent.get("statusCode", str(error.status)) == str(error.status)
    assert sent["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    waits = sent.get("statusCode") in ("429", "503")
    assert ("gatewayresponse.header.Retry-After" in sent["responseParameters"]) is waits
