"""Provisioned concurrency is a choice of the build, and prepares the API function before its first request."""

from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.deploy import packaging


def generate() -> dict[str, Any]:
    """Return the extended template of an API with two operations."""
    uri = {"Fn::Sub": "functions/${APIHandler.Arn}/invocations"}
    definition: dict[str, Any] = {"info": {}, "paths": {"/a": uri, "/b": uri}, "securityDefinitions": {"cognito": {}}}
    definition["securityDefinitions"]["cognito"]["x-amazon-apigateway-authorizer"] = {}
    resources = {
        "APIHandler": {"Type": "AWS::Serverless::Function", "Properties": {}},
        "APIHandlerInvokePermission": {"Type": "P", "Properties": {"FunctionName": {"Ref": "APIHandler"}}},
        "RestAPI": {"Type": "AWS::Serverless::Api", "Properties": {"DefinitionBody": definition}},
    }
    template: dict[str, Any] = packaging._wrap_generate(lambda *_: {"Resources": resources})(None, None)
    return template


def test_api_calls_the_function_itself_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVISIONED", "")  # The workflow sets an empty variable.
    template = generate()
    assert {*template} == {"Resources"}
    assert len(template["Resources"]) == 3
    paths = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    assert {uri["Fn::Sub"] for uri in paths.values()} == {"functions/${APIHandler.Arn}/invocations"}


def test_api_calls_the_alias_of_a_version_that_each_deployment_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVISIONED", "2")
    template = generate()
    resources = {name: resource["Properties"] for name, resource in template["Resources"].items()}
    uris = resources["RestAPI"]["DefinitionBody"]["paths"].values()
    assert {uri["Fn::Sub"] for uri in uris} == {"functions/${ApiAlias}/invocations"}
    assert resources["APIHandlerInvokePermission"]["FunctionName"] == {"Ref": "ApiAlias"}
    assert resources["APIHandler"]["Description"] == resources["ApiVersion"]["Description"] == {"Ref": "DeployedAt"}
    assert "Default" not in template["Parameters"]["DeployedAt"]
    assert template["Parameters"]["ProvisionedConcurrency"]["Default"] == 2


@pytest.mark.parametrize("value", ["0", "-1", "two"])
def test_invalid_number_of_environments_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROVISIONED", value)
    with pytest.raises(ValueError, match=r"PROVISIONED|invalid literal"):
        generate()


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(("kind", "count"), [("on-demand", 0), ("provisioned-concurrency", 1)])
def test_services_are_built_early_only_if_no_request_waits(
    monkeypatch: pytest.MonkeyPatch, kind: str, count: int
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", kind)
    wiring.photo_lists.cache_clear()
    wiring.prepare_services()
    assert wiring.photo_lists.cache_info().currsize == count
