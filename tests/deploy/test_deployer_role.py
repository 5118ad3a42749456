"""The template of the deployer's roles covers each type of resource, and no more."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chalice.package import YAMLTemplateSerializer

from tests.support.deployer import TEMPLATE
from tests.support.paths import ROOT

ROLES: dict[str, Any] = YAMLTemplateSerializer().load_template(TEMPLATE.read_text())["Resources"]
RESOURCES = YAMLTemplateSerializer().load_template((ROOT / "resources.yaml").read_text())["Resources"]
FUNCTIONS = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_functions"]
TYPES = {
    "AWS::ApiGateway::ApiKey": "Api",
    "AWS::ApiGateway::BasePathMapping": "Api",
    "AWS::ApiGateway::DomainName": "Api",
    "AWS::ApiGateway::UsagePlan": "Api",
    "AWS::ApiGateway::UsagePlanKey": "Api",
    "AWS::Backup::BackupPlan": "Backups",
    "AWS::Backup::BackupSelection": "Backups",
    "AWS::Backup::BackupVault": "Backups",
    "AWS::Budgets::Budget": "Budgets",
    "AWS::CloudFront::CachePolicy": "Cdn",
    "AWS::CloudFront::Distribution": "Cdn",
    "AWS::CloudFront::KeyGroup": "Cdn",
    "AWS::CloudFront::OriginAccessControl": "Cdn",
    "AWS::CloudFront::PublicKey": "Cdn",
    "AWS::CloudFront::ResponseHeadersPolicy": "Cdn",
    "AWS::CloudTrail::Trail": "AuditLogs",
    "AWS::CloudWatch::Alarm": "Alarms",
    "AWS::CloudWatch::Dashboard": "Dashboards",
    "AWS::Cognito::UserPool": "Users",
    "AWS::Cognito::UserPoolClient": "Users",
    "AWS::Cognito::UserPoolDomain": "Users",
    "AWS::DSQL::Cluster": "Database",
    "AWS::DynamoDB::Table": "Tables",
    "AWS::IAM::Role": "Roles",
    "AWS::Lambda::EventInvokeConfig": "Functions",
    "AWS::KMS::Key": "Keys",
    "AWS::Logs::LogGroup": "Logs",
    "AWS::Route53::RecordSet": "Dns",
    "AWS::S3::Bucket": "Buckets",
    "AWS::S3::BucketPolicy": "Buckets",
    "AWS::SNS::Subscription": "Topics",
    "AWS::SNS::Topic": "Topics",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::Queue": "Queues",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SecretsManager::Secret": "Secrets",
    "AWS::WAFv2::WebACL": "Firewall",
}
"""The statement about each type of resource."""
LONGEST = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-southeast-1",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "PackageBucket": "b" * 63,
    "Stage": "s" * 16,
}
# Functions with their events and roles come from Chalice. The other statements support a statement in `TYPES`.
FROM_CHALICE = {"Api", "EventSources", "Functions", "Roles", "Schedules"}
SUPPORTING = {
    "BackupPolicy",
    "BackupStorage",
    "CreateKeys",
    "DatabaseRole",
    "DnsChanges",
    "FindTrails",
    "ListLogs",
    "Network",
    "OtherStages",
    "PassRoles",
    "RandomSecrets",
    "ReadPackage",
}


def read_statements(role: str) -> list[dict[str, Any]]:
    policies = ROLES[role]["Properties"]["Policies"]
    if role == "Builder":
        policies = [*policies, ROLES["BuilderAdditions"]["Properties"]]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in statements]


def test_linter_finds_nothing() -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    checked = subprocess.run([linter, TEMPLATE], capture_output=True, check=False)
    assert (checked.stdout, checked.returncode) == (b"", 0)


def test_each_type_of_resource_has_a_statement_and_each_statement_a_type() -> None:
    found = {resource["Type"] for resource in RESOURCES.values()}
    assert found <= {*TYPES}, "Add the actions for the new type to release/deployer-role.yaml, and the type here."
    sids = {statement["Sid"] for statement in read_statements("Builder")}
    assert {TYPES[kind] for kind in found} | FROM_CHALICE | SUPPORTING == sids


def test_roles_of_the_stack_are_exactly_those_that_the_builder_may_change() -> None:
    names = {f"{name.title().replace('_', '')}Role" for name in FUNCTIONS}
    names |= {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"}
    for sid in ("Roles", "PassRoles"):
        (statement,) = (statement for statement in read_statements("Builder") if statement["Sid"] == sid)
        allowed = {resource["Fn::Sub"].rpartition("photoshare-${Stage}-")[2] for resource in statement["Resource"]}
        assert allowed == {f"{name}-*" for name in names}


def test_builder_may_change_each_secret() -> None:
    (statement,) = (statement for statement in read_statements("Builder") if statement["Sid"] == "Secrets")
    allowed = {resource["Fn::Sub"].rpartition(":secret:")[2] for resource in statement["Resource"]}
    secrets = [(name, part["Properties"]) for name, part in RESOURCES.items() if part["Type"].endswith("::Secret")]
    unnamed = {f"{name}-*" for name, properties in secrets if "Name" not in properties}
    assert allowed == {"photoshare-${Stage}-*"} | unnamed


def test_builder_changes_no_resource_with_the_tag_of_another_stage() -> None:
    statements = {statement["Sid"]: statement for statement in read_statements("Builder")}
    stage = {"aws:ResourceTag/stage": {"Ref": "Stage"}}
    denied = statements["OtherStages"]
    assert (denied["Effect"], denied["Action"], denied["Resource"]) == ("Deny", "*", "*")
    assert denied["Condition"] == {"Null": {"aws:ResourceTag/stage": "false"}, "StringNotEquals": stage}
    assert statements["Keys"]["Condition"] == {"StringEquals": stage}
    created = {"StringEquals": {"aws:RequestTag/stage": {"Ref": "Stage"}}, "StringEqualsIfExists": stage}
    assert statements["CreateKeys"]["Condition"] == created


def test_no_pattern_of_a_stage_matches_the_resources_of_another_stage() -> None:
    patterns = [pattern for role in ("Deployer", "Builder", "Operator") for pattern in list_resources(role)]
    assert [pattern for pattern in patterns if re.search(r"photoshare-\$\{Stage\}(?![-/:]|$)", pattern)] == []
    for template in (TEMPLATE, ROOT / "resources.yaml", ROOT / "release" / "replica.yaml"):
        pattern = YAMLTemplateSerializer().load_template(template.read_text())["Parameters"]["Stage"]["AllowedPattern"]
        assert re.fullmatch(pattern, "dev2")
        assert not re.fullmatch(pattern, "dev-2")


def test_make_deploy_uploads_only_to_the_prefix_of_the_stage() -> None:
    commands = re.findall(r"^\taws cloudformation .+$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert all(" --s3-bucket $(BUCKET) --s3-prefix $(STAGE) " in command for command in commands)
    allowed = {name for role in ("Deployer", "Builder") for name in list_resources(role) if "PackageBucket" in name}
    assert allowed == {"arn:${AWS::Partition}:s3:::${PackageBucket}/${Stage}/*"}


def list_resources(role: str) -> list[str]:
    resources = [statement["Resource"] for statement in read_statements(role)]
    flat = [each for item in resources for each in (item if isinstance(item, list) else [item])]
    return [each["Fn::Sub"] for each in flat if "Fn::Sub" in each]


@pytest.mark.parametrize(
    ("part", "policies", "limit"),
    [
        ("Deployer", "Policies", 10_240),
        ("Builder", "Policies", 10_240),
        ("BuilderAdditions", "PolicyDocument", 6_144),
        ("Operator", "Policies", 10_240),
    ],
)
def test_policies_fit_into_the_limits_of_iam(part: str, policies: str, limit: int) -> None:
    # IAM counts the characters of all inline policies of a role, and of a managed policy, without white space.
    text = json.dumps(ROLES[part]["Properties"][policies], separators=(",", ":"))
    text = re.sub(r'\{"Fn::Sub":("[^"]+")\}', r"\1", text)
    for name, value in LONGEST.items():
        text = text.replace(f"${{{name}}}", value)
    assert len(text) < limit


def test_no_statement_allows_all_actions_of_a_service() -> None:
    for role in ("Deployer", "Builder", "Operator"):
        for statement in (each for each in read_statements(role) if each["Effect"] == "Allow"):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert [action for action in actions if action.endswith(":*") or action == "*"] == []
