"""Extensions of the chalice command: gateway responses, secret references, and one stack from two templates."""

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.deploy import packaging
from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES
from release import report
from release.stage import _fill_in_names


def test_api_definition_has_the_gateway_responses_and_the_stage_name(monkeypatch: pytest.MonkeyPatch) -> None:
    generate = packaging._wrap_generate_swagger(lambda _: {"info": {"title": "photoshare"}})
    assert generate(None)["x-amazon-apigateway-gateway-responses"] is GATEWAY_RESPONSES
    monkeypatch.setenv("STAGE", "prod")
    assert generate(None)["info"]["title"] == "photoshare-prod"


def complete(function: dict[str, Any]) -> dict[str, Any]:
    packaging._complete_function("Sweep", function)
    return function


def list_conditional_statements() -> dict[str, Any]:
    """Return the statements that depend on a condition, by its name."""
    role: dict[str, Any] = {"Policies": [{"PolicyDocument": {"Statement": []}}]}
    packaging._complete_role(role)
    statements = [item["Fn::If"] for item in role["Policies"][0]["PolicyDocument"]["Statement"]]
    assert {absent["Ref"] for _, _, absent in statements} == {"AWS::NoValue"}
    return {condition: statement for condition, statement, _ in statements}


def test_functions_join_the_network_of_the_database_only_if_there_is_one() -> None:
    condition, network, absent = complete({})["VpcConfig"]["Fn::If"]
    assert (condition, absent) == ("InVpc", {"Ref": "AWS::NoValue"})
    assert network == {name: {"Fn::Split": [",", {"Ref": name}]} for name in ("SubnetIds", "SecurityGroupIds")}
    assert {action.split(":")[0] for action in list_conditional_statements()["InVpc"]["Action"]} == {"ec2"}


def test_functions_connect_to_the_cluster_of_the_stack_or_of_the_parameter_only() -> None:
    statement = list_conditional_statements()["OnDsql"]
    assert statement["Action"] == ["dsql:DbConnect"]
    condition, own, given = statement["Resource"][0]["Fn::If"]
    assert (condition, own) == ("CreatesDsql", {"Fn::GetAtt": ["Database", "ResourceArn"]})
    assert given["Fn::Sub"].endswith(":dsql:${AWS::Region}:${AWS::AccountId}:cluster/${DsqlCluster}")


def test_every_function_gets_the_connection_string_from_its_secret() -> None:
    for function in ("APIHandler", "Sweep"):
        variables = merge_stacks()["Resources"][function]["Properties"]["Environment"]["Variables"]
        condition, reference, absent = variables["DATABASE_URL"]["Fn::If"]
        assert (condition, absent) == ("OnPostgres", "")
        assert reference == {"Fn::Sub": "{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:url}}"}


@mock_aws
def test_secret_references_are_resolved_and_other_variables_are_unchanged() -> None:
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="photoshare-x-signing-keys", SecretString="new,old")
    client = SimpleNamespace(_client=boto3.client)
    put = packaging._wrap_put_function(lambda _, name, environment_variables: (name, environment_variables))
    secrets.create_secret(Name="photoshare-x-cdn-key-1", SecretString='{"public": "P", "private": "Q"}')
    secret = secrets.create_secret(Name="edge", SecretString='{"sent": "S", "accepted": ""}')["ARN"]
    variables = {
        "EDGE": ",".join(
            f"{{{{resolve:secretsmanager:{secret}:SecretString:{part}}}}}" for part in ("sent", "accepted")
        ),
        "KEYS": "{{resolve:secretsmanager:photoshare-x-signing-keys}}",
        "PEM": "{{resolve:secretsmanager:photoshare-x-cdn-key-1:SecretString:private}}",
        "STAGE": "x",
    }
    assert put(client, "f", environment_variables=variables) == (
        "f",
        {"EDGE": "S,", "KEYS": "new,old", "PEM": "Q", "STAGE": "x"},
    )


def merge_stacks(**more: Any) -> dict[str, Any]:
    """Return the template of the merged stack."""
    template: dict[str, Any] = {"Outputs": {"EndpointURL": {"Value": "https://"}}}

    def merge(_processor: Any, into: dict[str, Any]) -> None:
        into.update(
            Parameters={"RestAPI": {}, "Cdn": {}},
            Conditions={
                "HasApi": {},
                "WithCdn": {"Fn::Equals": [{"Ref": "Cdn"}, "yes"]},
                "HasCdnAndApi": {"Fn::And": [{"Condition": "WithCdn"}, {"Condition": "HasApi"}]},
                "HasApiDomain": {"Fn::And": [{"Condition": "HasApi"}, {"Condition": "A"}, {"Condition": "B"}]},
            },
            Resources={
                "ConfirmRetries": {"Type": "C", "Condition": "HasApi", "Properties": {"FunctionName": "fixed name"}},
                "UsagePlan": {"Type": "U", "Condition": "HasApi", "Properties": {"ApiStages": [{"Stage": "api"}]}},
                "ApiDomainRoot": {"Type": "B", "Condition": "HasApiDomain", "Properties": {"Stage": "api"}},
                "AppCdn": {"Type": "A", "Condition": "HasCdnAndApi", "Properties": {}},
                "APIHandler": {"Type": "AWS::Serverless::Function", "Properties": {}},
                "Sweep": {"Type": "AWS::Serverless::Function", "Properties": {}},
            },
            Outputs={
                "EndpointURL": {"Value": "https://"},
                "ClientKey": {"Condition": "HasApi", "Value": "k"},
                "PhotoTable": {"Value": {"Ref": "PhotoMetadata"}},
                "CdnKeyId": {"Condition": "WithCdn", "Value": "K"},
            },
            **more,
        )

    packaging._wrap_merge(merge)(None, template)
    return template


def test_merged_stack_always_contains_the_api_as_a_resource() -> None:
    template = merge_stacks()
    assert template["Parameters"] == {"Cdn": {}}
    assert '"HasApi"' not in json.dumps(template)
    assert template["Conditions"]["HasCdnAndApi"] == {"Condition": "WithCdn"}
    assert template["Conditions"]["HasApiDomain"] == {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]}
    assert template["Resources"]["ApiDomainRoot"]["Properties"]["Stage"] == {"Ref": "RestAPI.Stage"}
    assert template["Resources"]["AppCdn"]["Condition"] == "HasCdnAndApi"
    assert template["Resources"]["ConfirmRetries"]["Properties"]["FunctionName"] == {"Ref": "ConfirmUpload"}
    assert template["Resources"]["UsagePlan"]["Properties"]["ApiStages"] == [{"Stage": {"Ref": "RestAPI.Stage"}}]


def test_outputs_become_the_environment_and_only_the_api_can_sign() -> None:
    api, sweep = (
        merge_stacks()["Resources"][name]["Properties"]["Environment"]["Variables"] for name in ("APIHandler", "Sweep")
    )
    assert {*sweep} == {"DATABASE_URL", "PHOTO_TABLE"}
    assert sweep["PHOTO_TABLE"] == {"Ref": "PhotoMetadata"}
    assert {*api} - {*sweep} == {"CDN_KEY_ID", "CDN_PRIVATE_KEY", "EDGE_SECRETS", "SIGNING_KEYS"}
    assert api["CDN_KEY_ID"] == {"Fn::If": ["WithCdn", "K", ""]}


def test_names_in_a_policy_are_substituted_and_an_unknown_name_is_an_error() -> None:
    statement = {"Resource": [{"Fn::Sub": "arn:${AWS::Partition}:s3:::photoshare-${Stage}/*"}, "*"]}
    names = {"AWS::Partition": "aws-cn", "Stage": "x"}
    assert _fill_in_names(statement, names) == {"Resource": ["arn:aws-cn:s3:::photoshare-x/*", "*"]}
    with pytest.raises(KeyError):
        _fill_in_names(statement, {"Stage": "x"})


def test_cold_import_is_measured_only_if_the_package_runs_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def build_template(architecture: str) -> dict[str, Any]:
        return {"Resources": {"APIHandler": {"Properties": {"Architectures": [architecture]}}}}

    monkeypatch.setattr("platform.system", lambda: "Linux")
    for machine, ours, other in (("x86_64", "x86_64", "arm64"), ("aarch64", "arm64", "x86_64")):
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        assert report.can_run_here(build_template(ours))
        assert not report.can_run_here(build_template(other))


def test_report_counts_resources() -> None:
    template = {"Resources": {"A": {"Type": "T"}, "B": {"Type": "T", "Condition": "C"}, "D": {"Type": "U"}}}
    assert [line.split() for line in report.format_table(template)] == [
        *(["resources", "total", "conditional"], ["T", "2", "1"], ["U", "1"], ["total", "3", "1"]),
    ]
