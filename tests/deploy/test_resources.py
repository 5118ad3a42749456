"""`resources.yaml` is secure and fits the limits of AWS. The emulator updates it without losing a row."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode.cfn_yaml import load

from chalicelib.infra.settings import load_settings
from chalicelib.jobs.clean_up_photo import CLEANUP_LEASE
from local import stack
from local.cloud import Cloud, run_cloud
from local.data import CannotRun
from local.roles import build_role_resources
from tests.support.rest import wait_until

LOCAL = "http://localhost:8000"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
RESOURCES: dict[str, Any] = load(str(stack.TEMPLATE))["Resources"]


def find_resources(name: str) -> list[Any]:
    return [resource for resource in RESOURCES.values() if resource["Type"] == name]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with run_cloud(tmp_path_factory.mktemp("cloud"), 0, LOCAL) as local_cloud:
        yield local_cloud


@pytest.mark.parametrize(
    ("kind", "policy"),
    [
        ("AWS::DynamoDB::Table", "Retain"),
        ("AWS::Cognito::UserPool", "Retain"),
        ("AWS::S3::Bucket", "RetainExceptOnCreate"),
        ("AWS::Backup::BackupVault", "Retain"),
        ("AWS::KMS::Key", "Retain"),
        ("AWS::SecretsManager::Secret", "RetainExceptOnCreate"),
    ],
)
def test_data_is_retained_when_its_stack_is_deleted(kind: str, policy: str) -> None:
    for resource in find_resources(kind):
        if resource is RESOURCES["EdgeSecret"]:
            continue  # It protects no data, and a new stack creates a new one.
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == (policy, "Retain")


def test_template_is_small_enough_for_cloudformation() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    assert len(stack.TEMPLATE.read_bytes()) <= 1_000_000


def test_buckets_are_private_and_encrypted() -> None:
    for bucket in find_resources("AWS::S3::Bucket"):
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4
        assert "BucketEncryption" in properties
        assert "*" not in str(properties.get("CorsConfiguration", {}).get("CorsRules", [{}])[0].get("AllowedOrigins"))


def test_backups_include_every_table_that_the_functions_use() -> None:
    selection = RESOURCES["BackedUpTables"]["Properties"]["BackupSelection"]["Resources"]
    backed_up = {re.findall(r"table/\$\{(\w+)\}\$\{TableSuffix\}$", str(arn["Fn::Sub"]))[0] for arn in selection}
    tables = {name for name, part in RESOURCES.items() if part["Type"] == "AWS::DynamoDB::Table"}
    assert backed_up == tables - {"SearchTerms"}


def test_buckets_and_queues_deny_requests_without_tls() -> None:
    policies = find_resources("AWS::S3::BucketPolicy") + find_resources("AWS::SQS::QueuePolicy")
    covered = [target for policy in policies for target in policy["Properties"].get("Queues", [None])]
    assert len(covered) == len(find_resources("AWS::S3::Bucket") + find_resources("AWS::SQS::Queue"))
    for policy in policies:
        statement = policy["Properties"]["PolicyDocument"]["Statement"][0]
        assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_queue_hides_a_job_for_six_times_the_timeout_of_its_function() -> None:
    functions = json.loads((stack.TEMPLATE.parent / ".chalice" / "config.json").read_text())["lambda_functions"]
    queue = RESOURCES["Jobs"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * functions["run_job"]["lambda_timeout"]
    attempts = queue["RedrivePolicy"]["maxReceiveCount"]
    assert timedelta(seconds=attempts * queue["VisibilityTimeout"]) <= CLEANUP_LEASE, (
        "a sweep would enqueue a photo again while SQS still retries its job"
    )


def test_only_the_cdn_reads_renditions_and_it_requires_signed_urls() -> None:
    _, cdn = RESOURCES["RenditionsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    condition, allowed, _ = cdn["Fn::If"]
    assert (condition, allowed["Action"]) == ("WithCdn", "s3:GetObject")
    assert "${RenditionsCdn}" in str(allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    distribution = RESOURCES["RenditionsCdn"]["Properties"]["DistributionConfig"]
    assert distribution["DefaultCacheBehavior"]["TrustedKeyGroups"] == [{"Ref": "RenditionsKeys"}]
    assert "CacheBehaviors" not in distribution


@pytest.mark.parametrize("path", ["/p/1", "/s/1", "/photos/1", "/albums/1", "/shared/1", "/sw.js", "/library"])
def test_cdn_does_not_cache_what_depends_on_the_visibility_or_on_accept(path: str) -> None:
    distribution = RESOURCES["AppCdn"]["Properties"]["DistributionConfig"]
    assert distribution["DefaultCacheBehavior"]["CachePolicyId"] == CACHING_DISABLED
    patterns = [behaviour["PathPattern"] for behaviour in distribution["CacheBehaviors"]]
    assert "/web/*" in patterns
    assert not any(fnmatchcase(path, pattern) for pattern in patterns)


def test_outputs_are_the_environment_of_the_app(cloud: Cloud) -> None:
    settings = load_settings(cloud.env)
    assert settings.photo_table == "photoshare-local-PhotoMetadata"
    assert settings.base_url == LOCAL


def test_user_pool_has_the_plan_of_the_parameter_and_short_tokens(cloud: Cloud) -> None:
    cognito, pool = cloud.client("cognito-idp"), cloud.env["USER_POOL_ID"]
    described = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert (described["UserPoolTier"], described["MfaConfiguration"]) == ("LITE", "OFF")
    client = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=cloud.env["USER_POOL_CLIENT_ID"])
    assert client["UserPoolClient"]["AccessTokenValidity"] == 15


def test_unchanged_template_is_not_deployed_again(cloud: Cloud) -> None:
    cloudformation, name = cloud.client("cloudformation"), "photoshare-local"
    before = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    stack.deploy(cloud.client, "local", LOCAL, build_role_resources("local"))
    assert cloudformation.describe_stack_events(StackName=name)["StackEvents"] == before


def test_template_with_only_a_changed_comment_deploys_without_an_error(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "resources.yaml"
    changed.write_text(f"# Another comment.\n{stack.TEMPLATE.read_text()}")
    monkeypatch.setattr(stack, "TEMPLATE", changed)
    outputs = stack.deploy(cloud.client, "local", LOCAL, build_role_resources("local"))
    assert outputs["USER_POOL_ID"] == cloud.env["USER_POOL_ID"]


def test_update_keeps_rows_users_and_client(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb, cognito = cloud.client("dynamodb"), cloud.client("cognito-idp")
    row = {"userId": {"S": "ann"}, "record": {"S": "account"}}
    dynamodb.put_item(TableName=cloud.env["ACCOUNT_TABLE"], Item=row)
    cognito.admin_create_user(UserPoolId=cloud.env["USER_POOL_ID"], Username="ann@example.com")
    changed = tmp_path / "resources.yaml"
    text = stack.TEMPLATE.read_text().replace("PAY_PER_REQUEST", "PROVISIONED").replace("Length: 12", "Length: 13")
    changed.write_text(text)
    monkeypatch.setattr(stack, "TEMPLATE", changed)
    outputs = stack.deploy(cloud.client, "local", "http://localhost:9000")
    pool = cognito.describe_user_pool(UserPoolId=outputs["USER_POOL_ID"])["UserPool"]
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 13
    assert outputs["USER_POOL_CLIENT_ID"] == cloud.env["USER_POOL_CLIENT_ID"]
    assert dynamodb.scan(TableName=outputs["ACCOUNT_TABLE"])["Items"] == [row]
    assert len(cognito.list_users(UserPoolId=outputs["USER_POOL_ID"])["Users"]) == 1


def test_rows_survive_a_kill_and_damaged_state_is_not_overwritten(tmp_path: Path) -> None:
    row = {"userId": {"S": "ann"}, "record": {"S": "account"}}
    state, stacks = (tmp_path / "state" / f"{name}.json" for name in ("dynamodb", "cloudformation"))
    with run_cloud(tmp_path, 0, LOCAL) as first:
        first.client("dynamodb").put_item(TableName=first.env["ACCOUNT_TABLE"], Item=row)
        # The emulator saves its state within a second, and its stacks after everything else.
        saved = {state: '"ann"', stacks: "photoshare-local"}
        wait_until(lambda: all(file.exists() and text in file.read_text() for file, text in saved.items()), 60)
        first.process.kill()
    with run_cloud(tmp_path, 0, LOCAL) as second:
        assert second.client("dynamodb").scan(TableName=second.env["ACCOUNT_TABLE"])["Items"] == [row]
    state.write_text("{")
    with pytest.raises(CannotRun, match="damaged"), run_cloud(tmp_path, 0, LOCAL):
        pass
    assert state.read_text() == "{"
