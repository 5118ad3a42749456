"""Templates of any size reach CloudFormation through a private bucket of the stage."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto import mock_aws

from local import stack
from release import stage, templates

ACCOUNT = "123456789012"
BUCKET = f"photoshare-x-templates-{ACCOUNT}"
PARAMETERS = {
    "Stage": "x",
    "BaseUrl": "http://localhost",
    "AllowedOrigins": "http://localhost",
    "DomainPrefix": "x",
    "MaxPhotos": "7",
}
TEMPLATE = """
Parameters:
  Stage: {Type: String}
  BaseUrl: {Type: String}
  AllowedOrigins: {Type: String}
  DomainPrefix: {Type: String}
  MaxPhotos: {Type: Number, Default: 5}
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  BaseUrl: {Value: !Ref BaseUrl}
  MaxPhotos: {Value: !Ref MaxPhotos}
"""


class Clients:
    """Make clients of moto, and keep the parameters of their calls."""

    def __init__(self, region: str = "eu-central-1") -> None:
        self.region = region
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, service: str) -> Any:
        client: Any = boto3.client(service, region_name=self.region)
        client.meta.events.register("before-parameter-build", self._record)
        return client

    def find_calls(self, name: str) -> list[dict[str, Any]]:
        return [parameters for operation, parameters in self.calls if operation == name]

    def _record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append((model.name, params))


@pytest.fixture
def client() -> Iterator[Clients]:
    """An empty account."""
    with mock_aws():
        yield Clients()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give both commands a small template, and return its path."""
    file = tmp_path / "resources.yaml"
    file.write_text(TEMPLATE)
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    monkeypatch.setattr(stack, "TEMPLATE", file)
    return file


def read_object(client: Clients, url: str) -> str:
    """Read the object that a path-style URL names."""
    bucket, _, key = urlsplit(url).path[1:].partition("/")
    return str(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode())


def test_template_over_the_request_limit_is_deployed(client: Clients, project: Path) -> None:
    large = f"{TEMPLATE}Metadata:\n  Padding: {'x' * 51_200}\n"
    project.write_text(large)
    assert stage.deploy(client, "x", PARAMETERS)["MAX_PHOTOS"] == "7"
    assert stack.deploy(client, "y", "http://localhost")["MAX_PHOTOS"] == "5"
    calls = client.find_calls("CreateStack")
    assert [call["StackName"] for call in calls] == ["photoshare-x-resources", "photoshare-y"]
    for call in calls:
        assert "TemplateBody" not in call
        assert read_object(client, call["TemplateURL"]) == large


@pytest.mark.usefixtures("project")
def test_omitted_parameters_keep_their_values(client: Clients) -> None:
    stage.deploy(client, "x", PARAMETERS)
    outputs = stage.deploy(client, "x", {"Stage": "x", "BaseUrl": "http://other.example"})
    assert outputs == {"BASE_URL": "http://other.example", "MAX_PHOTOS": "7"}
    (call,) = client.find_calls("UpdateStack")
    assert {"ParameterKey": "MaxPhotos", "UsePreviousValue": True} in call["Parameters"]
    assert {"ParameterKey": "Stage", "ParameterValue": "x"} in call["Parameters"]


def test_bucket_is_private_and_its_objects_expire(client: Clients) -> None:
    templates.upload(client, "x", "{}")
    s3 = client("s3")
    blocked = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert (len(blocked), {*blocked.values()}) == (4, {True})
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert (rule["Status"], rule["Filter"], rule["Expiration"]) == ("Enabled", {"Prefix": ""}, {"Days": 1})


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_second_run_reuses_the_bucket_and_repairs_it(client: Clients, region: str) -> None:
    client.region = region
    first = templates.upload(client, "x", "{}")
    s3 = client("s3")
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.delete_bucket_lifecycle(Bucket=BUCKET)
    second = templates.upload(client, "x", "[]")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]
    assert (read_object(client, first), read_object(client, second)) == ("{}", "[]")
    assert s3.get_public_access_block(Bucket=BUCKET)
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)


def test_bucket_of_another_account_is_rejected(client: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")
    configuration: Any = {"LocationConstraint": client.region}
    client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=configuration)
    monkeypatch.delenv("MOTO_ACCOUNT_ID")
    with pytest.raises(templates.BucketTaken, match=f"owns the bucket {BUCKET}.* Choose another STAGE"):
        stage.deploy(client, "x", PARAMETERS)
    assert client.find_calls("PutObject") == client.find_calls("CreateStack") == []


def test_every_call_after_creation_names_the_bucket_owner(client: Clients) -> None:
    """Check the parameters, because moto ignores the owner. S3 rejects the call if another account took the name."""
    templates.upload(client, "x", "{}")
    bucket_calls = [(name, parameters) for name, parameters in client.calls if "Bucket" in parameters]
    assert {name for name, _ in bucket_calls} > {"CreateBucket", "PutObject"}
    assert {name for name, parameters in bucket_calls if parameters.get("ExpectedBucketOwner") != ACCOUNT} == {
        "CreateBucket"
    }


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("us-east-1", "https://s3.amazonaws.com"),
        ("eu-central-1", "https://s3.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_bucket_and_url_belong_to_the_region(client: Clients, region: str, endpoint: str) -> None:
    client.region = region
    digest = hashlib.sha256(b"{}").hexdigest()
    assert templates.upload(client, "x", "{}") == f"{endpoint}/{BUCKET}/{digest}.template"
    assert client("s3").head_bucket(Bucket=BUCKET)["BucketRegion"] == region
