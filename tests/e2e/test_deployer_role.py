"""The role of the workflow deploys a stack, and needs each of its statements. Other workflows cannot assume it."""

import shutil
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.support.deployer import BUCKET, Roles, deploy, run_empty_cloud, use_credentials

pytestmark = pytest.mark.xdist_group("policies")

TEMPLATE = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "%s"}}}}'
UNCHECKED = ("ExpandFunctions", "PassBuilder")
"""Statements that AWS requires, but that the emulator does not check."""


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    folder = tmp_path_factory.mktemp("roles")
    with run_empty_cloud(folder) as cloud:
        yield Roles(cloud, "test")
    shutil.rmtree(folder)


def test_workflow_creates_and_updates_the_stack(roles: Roles) -> None:
    client = roles.assume_deployer()
    assert deploy(client, "test", TEMPLATE % "1", {}, roles.arns["Builder"]) == "CREATE_COMPLETE"
    assert deploy(client, "test", TEMPLATE % "2", {}, roles.arns["Builder"]) == "UPDATE_COMPLETE"


@pytest.mark.parametrize("sid", ["UploadPackage", "ReadStack", "ChangeStack"])
def test_workflow_needs_each_statement(roles: Roles, sid: str) -> None:
    statements = roles.read_statements("deployer", "deploy")
    assert {statement["Sid"] for statement in statements} == {"UploadPackage", "ReadStack", "ChangeStack", *UNCHECKED}
    roles.write_statements("deployer", "deploy", [statement for statement in statements if statement["Sid"] != sid])
    try:
        with pytest.raises(ClientError) as denied:
            deploy(roles.assume_deployer(), "test", TEMPLATE % sid, {}, roles.arns["Builder"])
    finally:
        roles.write_statements("deployer", "deploy", statements)
    assert denied.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:owner/photoshare:environment:other"},
        {"sub": "repo:owner/photoshare:ref:refs/heads/main"},
        {"sub": "repo:other/photoshare:environment:test"},
        {"aud": "other"},
        {"iss": "https://example.com"},
    ],
)
def test_other_tokens_cannot_assume_the_role(roles: Roles, claims: dict[str, str]) -> None:
    with pytest.raises(ClientError) as denied:
        roles.assume_deployer(**claims)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"


def test_workflow_can_deploy_no_other_stage_and_read_no_data(roles: Roles) -> None:
    client = roles.assume_deployer()
    with pytest.raises(ClientError, match="AccessDenied"):
        deploy(client, "other", TEMPLATE % "1", {}, roles.arns["Builder"])
    with pytest.raises(ClientError, match="AccessDenied"):
        client("dynamodb").scan(TableName="photoshare-local-Accounts")
    with pytest.raises(ClientError, match="AccessDenied"):
        client("lambda").get_function_configuration(FunctionName="photoshare-test")
    with pytest.raises(ClientError, match="AccessDenied"):
        client("s3").put_object(Bucket=BUCKET, Key="other/package.zip", Body=b"another package")


def test_operator_reads_no_secret_and_changes_no_function(roles: Roles) -> None:
    client = use_credentials(roles.cloud, roles.assume_operator())
    with pytest.raises(ClientError, match="AccessDenied"):
        client("secretsmanager").get_secret_value(SecretId="photoshare-test-signing-keys")
    with pytest.raises(ClientError, match="AccessDenied"):
        client("lambda").update_function_configuration(FunctionName="photoshare-test", MemorySize=128)
    with pytest.raises(ClientError, match="AccessDenied"):
        client("dynamodb").scan(TableName="photoshare-other-Accounts")
