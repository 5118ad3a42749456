"""What the chalice command is taught: refusals of the gateway, secrets, and the stack that is made of two."""

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib import errors, packaging, refusals
from release import report
from release.stage import _named

# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html, without those of
# features that are not used: API keys and signatures, for which DEFAULT_4XX speaks, and WAF, which is at the CDN.
KINDS = {
    *("ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE"),
    *("BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN"),
    *("INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED"),
    *("REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE"),
}


def body(kind: str) -> dict[str, Any]:
    """What a caller gets."""
    template = refusals.GATEWAY[kind]["responseTemplates"]["application/json"]
    filled = template.replace("$context.error.messageString", '"Said by API Gateway"').replace(
        "$context.requestId", "7"
    )
    return dict(json.loads(filled))


def test_every_refusal_of_the_gateway_is_known() -> None:
    assert set(refusals.GATEWAY) == KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_refusal_has_the_shape_of_ours_and_other_origins_can_read_it(kind: str) -> None:
    told = body(kind)
    assert set(told) == {"error", "message", "requestId"}
    error = getattr(errors, told["error"])
    assert issubclass(error, errors.PhotoshareError)
    assert told["message"]
    assert told["requestId"] == "7"
    sent = refusals.GATEWAY[kind]
    assert sent.get("statusCode", str(error.status)) == str(error.status)
    assert sent["responseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    waits = sent.get("statusCode") in ("429", "503")
    assert ("gatewayresponse.header.Retry-After" in sent["responseParameters"]) is waits


def test_document_of_the_api_has_the_refusals_and_the_name_of_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    generate = packaging._with_refusals(lambda _: {"info": {"title": "photoshare"}})
    assert generate(None)["x-amazon-apigateway-gateway-responses"] is refusals.GATEWAY
    monkeypatch.setenv("STAGE", "prod")
    assert generate(None)["info"]["title"] == "photoshare-prod"


@mock_aws
def test_secret_that_is_named_is_fetched_and_nothing_else_is_touched() -> None:
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="photoshare-x-signing-keys", SecretString="new,old")
    client = SimpleNamespace(_client=boto3.client)
    put = packaging._with_secrets(lambda _, name, environment_variables: (name, environment_variables))
    named = {"KEYS": "{{resolve:secretsmanager:photoshare-x-signing-keys}}", "STAGE": "x"}
    assert put(client, "f", environment_variables=named) == ("f", {"KEYS": "new,old", "STAGE": "x"})


def merged(**more: Any) -> dict[str, Any]:
    """The stack after the merge."""
    template: dict[str, Any] = {}

    def merge(_processor: Any, into: dict[str, Any]) -> None:
        into.update(
            Parameters={"RestAPI": {}, "Cdn": {}},
            Conditions={"Served": {}, "WithCdn": {"Fn::Equals": [{"Ref": "Cdn"}, "yes"]}, "Fronted": {"Fn::And": []}},
            Resources={
                "ConfirmRetries": {"Condition": "Served", "Properties": {"FunctionName": "by name"}},
                "UsagePlan": {"Condition": "Served", "Properties": {"ApiStages": [{"Stage": "api"}]}},
                "AppCdn": {"Condition": "Fronted", "Properties": {}},
            },
            Outputs={"ClientKey": {"Condition": "Served"}},
            **more,
        )

    packaging._joined(merge)(None, template)
    return template


def test_in_one_stack_the_api_is_a_resource_and_always_there() -> None:
    template = merged()
    assert template["Parameters"] == {"Cdn": {}}
    assert "Served" not in json.dumps(template)
    assert template["Conditions"]["Fronted"] == template["Conditions"]["WithCdn"]
    assert template["Resources"]["AppCdn"]["Condition"] == "Fronted"
    assert template["Resources"]["ConfirmRetries"]["Properties"]["FunctionName"] == {"Ref": "ConfirmUpload"}
    assert template["Resources"]["UsagePlan"]["Properties"]["ApiStages"] == [{"Stage": {"Ref": "RestAPI.Stage"}}]


def test_names_in_a_policy_are_filled_in_and_an_unknown_one_is_an_error() -> None:
    statement = {"Resource": [{"Fn::Sub": "arn:${AWS::Partition}:s3:::photoshare-${Stage}/*"}, "*"]}
    names = {"AWS::Partition": "aws-cn", "Stage": "x"}
    assert _named(statement, names) == {"Resource": ["arn:aws-cn:s3:::photoshare-x/*", "*"]}
    with pytest.raises(KeyError):
        _named(statement, {"Stage": "x"})


def test_cold_import_is_measured_only_where_the_package_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def built_for(architecture: str) -> dict[str, Any]:
        return {"Resources": {"APIHandler": {"Properties": {"Architectures": [architecture]}}}}

    monkeypatch.setattr("platform.system", lambda: "Linux")
    for machine, ours, other in (("x86_64", "x86_64", "arm64"), ("aarch64", "arm64", "x86_64")):
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        assert report.runs_here(built_for(ours))
        assert not report.runs_here(built_for(other))


def test_report_counts_resources() -> None:
    template = {"Resources": {"A": {"Type": "T"}, "B": {"Type": "T", "Condition": "C"}, "D": {"Type": "U"}}}
    assert [line.split() for line in report.table(template)] == [
        *(["resources", "all", "on", "demand"], ["T", "2", "1"], ["U", "1"], ["together", "3", "1"]),
    ]
