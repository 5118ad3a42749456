"""CloudFormation refuses parameters that contradict each other before it creates anything."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cfnlint.decode.cfn_yaml import load

from local import stack
from local.cloud import Cloud, run_cloud
from tests.support.paths import ROOT

STAGE = "checked"
GLOBAL = "arn:aws:acm:us-east-1:111111111111:certificate/1"
REGIONAL = "arn:aws:acm:eu-west-1:111111111111:certificate/2"
ACL = "arn:aws:wafv2:us-east-1:111111111111:global/webacl/x/1"
IDENTITY = "arn:aws:ses:eu-west-1:111111111111:identity/example.com"
VAULT = "arn:aws:backup:eu-west-1:222222222222:backup-vault:photoshare"
DATABASE = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:database-abc"
NETWORK = {"SubnetIds": "subnet-0a1,subnet-0b2", "SecurityGroupIds": "sg-0c3"}
CLUSTER = "abcdefghijklmnopqrstuvwxyz"
POSTGRES = {"Store": "postgres", "DatabaseSecretArn": DATABASE}
VALID = {
    "Stage": STAGE,
    "BaseUrl": "https://photos.example.com",
    "AllowedOrigins": "https://photos.example.com",
    "DomainPrefix": "photos",
}
TEMPLATE = json.dumps(
    {name: load(str(stack.TEMPLATE))[name] for name in ("Parameters", "Rules")}
    | {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
)
"""The parameters and the rules. The emulator does not know all types of the resources."""
DOMAIN = {"DomainName": "photos.example.com"}

MALFORMED = {
    "AlarmEmail": ["ops"],
    "AuditLogs": ["on"],
    "Backups": ["on"],
    "Cdn": ["on"],
    "CdnKey": ["3"],
    "CdnOtherKey": ["on"],
    "DomainName": ["photos"],
    "EdgeOnly": ["on"],
    "HostedZoneId": ["/hostedzone/Z1"],
    "JobConcurrency": ["1", "1001"],
    "LogRetentionDays": ["5"],
    "MailFrom": ["photos"],
    "MaxBytes": ["0"],
    "MaxPhotos": ["0"],
    "ModerationConfidence": ["-1", "101"],
    "MonthlyBudget": ["-1"],
    "OldSearch": ["on"],
    "RegionalCertificateArn": ["certificate"],
    "ReplicaBucketArn": ["replica"],
    "RestAPI": ["api/1"],
    "SecretsAsOf": ["today, noon"],
    "SesIdentityArn": ["example.com"],
    "Stage": ["dev-2", "2"],
    "TableSuffix": ["-a b"],
    "Waf": ["on"],
}
REFUSED = [
    (DOMAIN | {"Cdn": "yes"}, "CertificateArn"),
    (DOMAIN | {"Cdn": "yes", "RegionalCertificateArn": REGIONAL}, "CertificateArn"),
    (DOMAIN, "RegionalCertificateArn"),
    (DOMAIN | {"CertificateArn": GLOBAL}, "RegionalCertificateArn"),
    ({"Cdn": "yes", "CertificateArn": GLOBAL}, "need a DomainName"),
    ({"RegionalCertificateArn": REGIONAL}, "need a DomainName"),
    ({"HostedZoneId": "Z1"}, "need a DomainName"),
    ({"Waf": "yes"}, "need Cdn=yes"),
    ({"WebAclArn": ACL}, "need Cdn=yes"),
    ({"CdnOtherKey": "yes"}, "needs Cdn=yes"),
    ({"Cdn": "yes", "Waf": "yes", "WebAclArn": ACL}, "exclude each other"),
    ({"BackupVaultArn": VAULT}, "needs Backups=yes"),
    ({"Backups": "yes", "BackupVaultArn": "arn:aws:s3:::backups"}, "BackupVaultArn"),
    ({"BackupSchedule": "daily"}, "BackupSchedule"),
    ({"AuditLogs": "all"}, "AuditLogs"),
    ({"Store": "mysql"}, "Store"),
    ({"Store": "postgres"}, "needs a DatabaseSecretArn"),
    ({"Store": "dsql", "DatabaseSecretArn": DATABASE}, "need Store=postgres"),
    (NETWORK, "need Store=postgres"),
    (POSTGRES | {"SubnetIds": "subnet-0a1"}, "need SecurityGroupIds"),
    (POSTGRES | {"SecurityGroupIds": "sg-0c3"}, "need SubnetIds"),
    (POSTGRES | NETWORK | {"SubnetIds": "vpc-1"}, "SubnetIds"),
    (POSTGRES | NETWORK | {"SecurityGroupIds": "default"}, "SecurityGroupIds"),
    (POSTGRES | {"DatabaseSecretArn": "secret"}, "DatabaseSecretArn"),
    ({"Store": "dsql", "DsqlRole": "Photo share"}, "DsqlRole"),
    ({"DsqlCluster": CLUSTER}, "needs Store=dsql"),
    (POSTGRES | {"DsqlCluster": CLUSTER}, "needs Store=dsql"),
    ({"Store": "dsql", "DsqlCluster": f"{CLUSTER}.dsql.eu-central-1.on.aws"}, "DsqlCluster"),
    ({"MailFrom": "a@example.com"}, "SesIdentityArn"),
    ({"Stage": "prod"}, "AlarmEmail"),
    ({"MonthlyBudget": "100"}, "AlarmEmail"),
    ({"Stage": "production"}, "AlarmEmail"),
    ({"BaseUrl": "http://photos.example.com"}, "BaseUrl"),
    ({"BaseUrl": "http://localhost.example.com"}, "BaseUrl"),
    ({"BaseUrl": "https://photos.example.com/"}, "BaseUrl"),
    ({"AllowedOrigins": "https://photos.example.com,http://photos.example.com"}, "AllowedOrigins"),
    ({"AllowedOrigins": "*"}, "AllowedOrigins"),
    ({"AllowedOrigins": "https://*"}, "AllowedOrigins"),
    ({"DomainPrefix": "myaws"}, "DomainPrefix"),
    ({"DomainPrefix": "amazon-photos"}, "DomainPrefix"),
    ({"DomainPrefix": "x-cognito-1"}, "DomainPrefix"),
    ({"DomainPrefix": "-photos"}, "DomainPrefix"),
    ({"CertificateArn": REGIONAL}, "CertificateArn"),
    ({"WebAclArn": ACL.replace("global", "regional")}, "WebAclArn"),
    ({"UserPoolTier": "FREE"}, "UserPoolTier"),
    *(({name: value}, name) for name, values in MALFORMED.items() for value in values),
]
ACCEPTED: list[dict[str, str]] = [
    {},
    {"Store": "dsql", "DsqlRole": "photos"},
    {"Store": "dsql", "DsqlCluster": CLUSTER},
    POSTGRES,
    POSTGRES | NETWORK,
    DOMAIN | {"RegionalCertificateArn": REGIONAL, "HostedZoneId": "Z1"},
    DOMAIN | {"Cdn": "yes", "CertificateArn": GLOBAL, "HostedZoneId": "Z1", "Waf": "yes", "CdnOtherKey": "yes"},
    {"Cdn": "yes", "WebAclArn": ACL},
    {"Backups": "yes", "BackupVaultArn": VAULT, "BackupSchedule": "cron(0 3 * * ? *)", "AuditLogs": "yes"},
    {"Stage": "prod", "AlarmEmail": "ops@example.com", "MonthlyBudget": "100"},
    {"MailFrom": "a@example.com", "SesIdentityArn": IDENTITY},
    {"BaseUrl": "http://localhost:8000", "AllowedOrigins": "http://127.0.0.1:8000,https://a.example,https://b.example"},
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with run_cloud(tmp_path_factory.mktemp("cloud"), 0) as local_cloud:
        yield local_cloud


def check_parameters(cloud: Cloud, changes: dict[str, str], region: str = "us-east-1") -> None:
    check(cloud, TEMPLATE, VALID | changes, region)


def check(cloud: Cloud, template: str, parameters: dict[str, str], region: str = "us-east-1") -> None:
    """Ask CloudFormation for the changes of a new stack, and create nothing."""
    cloud_formation: Any = boto3.client(
        "cloudformation",
        region_name=region,
        endpoint_url=cloud.env["AWS_ENDPOINT_URL"],
        aws_access_key_id=cloud.env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=cloud.env["AWS_SECRET_ACCESS_KEY"],
    )
    request = {"StackName": STAGE, "ChangeSetName": STAGE, "ChangeSetType": "CREATE", "TemplateBody": template}
    values = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloud_formation.create_change_set(**request, Parameters=values, Capabilities=["CAPABILITY_IAM"])
    cloud_formation.delete_change_set(StackName=STAGE, ChangeSetName=STAGE)
    cloud_formation.delete_stack(StackName=STAGE)


@pytest.mark.parametrize(("changes", "reason"), REFUSED, ids=str)
def test_contradictory_or_malformed_parameters_are_refused(cloud: Cloud, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(ClientError, match=rf"ValidationError.*{reason}"):
        check_parameters(cloud, changes)


@pytest.mark.parametrize("changes", ACCEPTED, ids=str)
def test_consistent_parameters_are_accepted(cloud: Cloud, changes: dict[str, str]) -> None:
    check_parameters(cloud, changes)


def test_web_acl_outside_its_region_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"ValidationError.*us-east-1"):
        check_parameters(cloud, {"Cdn": "yes", "Waf": "yes"}, "eu-west-1")
    check_parameters(cloud, {"Cdn": "yes", "WebAclArn": ACL}, "eu-west-1")


def test_each_constraint_of_a_parameter_is_tested() -> None:
    for name, parameter in json.loads(TEMPLATE)["Parameters"].items():
        values = [changes[name] for changes, reason in REFUSED if reason == name and name in changes]
        assert "AllowedPattern" not in parameter or values, name
        assert "AllowedValues" not in parameter or {*values} - {*map(str, parameter["AllowedValues"])}, name
        assert "MinValue" not in parameter or any(int(value) < parameter["MinValue"] for value in values), name
        assert "MaxValue" not in parameter or any(int(value) > parameter["MaxValue"] for value in values), name


def test_each_parameter_is_documented() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", (ROOT / "docs" / "reference" / "parameters.md").read_text(), re.MULTILINE)
    documented = {name.strip("`") for row in rows for name in row.split()}
    # `make resources` sets the id of the API itself.
    assert {*json.loads(TEMPLATE)["Parameters"]} - {"RestAPI"} == documented


@pytest.mark.parametrize(("name", "value"), [("Stage", "dev-2"), ("Repository", "photoshare")])
def test_malformed_parameters_of_the_roles_are_refused(cloud: Cloud, name: str, value: str) -> None:
    parameters = load(str(ROOT / "release" / "deployer-role.yaml"))["Parameters"]
    template = json.dumps({"Parameters": parameters, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    valid = {"Stage": STAGE, "Repository": "owner/photoshare", "PackageBucket": "packages"}
    check(cloud, template, valid)
    with pytest.raises(ClientError, match=rf"ValidationError.*{name}"):
        check(cloud, template, valid | {name: value})


def test_each_rule_and_each_assertion_is_tested(cloud: Cloud) -> None:
    rules = json.loads(TEMPLATE)["Rules"].values()
    descriptions = [str(item["AssertDescription"]) for rule in rules for item in rule["Assertions"]]
    refusals = []
    for changes, _ in REFUSED:
        with pytest.raises(ClientError) as raised:
            check_parameters(cloud, changes)
        refusals.append(str(raised.value))
    regional = "Waf=yes works only in us-east-1"
    untested = [text for text in descriptions if not any(text in refusal for refusal in refusals)]
    assert [text for text in untested if not text.startswith(regional)] == []
