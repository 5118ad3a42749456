"""`make resources` and `chalice deploy` create the same roles, events and environment as the packaged stack.

The emulator creates an empty API from the document that Chalice imports. The tests therefore call the functions
directly. They do not show that API Gateway accepts the document.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.package import YAMLTemplateSerializer

from chalicelib.deploy import packaging
from local.cloud import Cloud, run_cloud
from tests.support.paths import ROOT
from tests.support.policies import FUNCTIONS
from tests.support.rest import environment

pytestmark = pytest.mark.xdist_group("packaged")

PARAMETERS = (
    "BaseUrl=http://localhost:8000",
    "AllowedOrigins=http://localhost:8000",
    "DomainPrefix=photoshare-x",
    "JobConcurrency=3",
    "tag:team=photos",
)


class Stage:
    """A project, and a cloud that it is deployed to."""

    def __init__(self, project: Path, cloud: Cloud) -> None:
        self.project, self.cloud = project, cloud
        self.run(sys.executable, "-m", "release.stage", "x", *PARAMETERS)
        self.run(str(Path(sys.executable).parent / "chalice"), "deploy", "--stage", "x")
        self.run(sys.executable, "-m", "release.stage", "x")

    def run(self, *command: str) -> None:
        """Run a command in the project against the cloud."""
        result = self.try_to_run(self.project, *command)
        assert result.returncode == 0, result.stderr.decode()

    def try_to_run(self, folder: Path, *command: str) -> "subprocess.CompletedProcess[bytes]":
        """Run a command in a folder against the cloud. Return its result, even if it failed."""
        aws = {name: value for name, value in self.cloud.env.items() if name.startswith("AWS_")}
        return subprocess.run(command, cwd=folder, env=environment() | aws, capture_output=True, check=False)

    def read_configuration(self, name: str) -> dict[str, Any]:
        """Return the configuration of a function."""
        configuration = self.cloud.client("lambda").get_function_configuration(
            FunctionName=f"photoshare-x{FUNCTIONS[name]}"
        )
        return dict(configuration)


@pytest.fixture(scope="module")
def stage(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose resources are deployed twice, as docs/how-to/chalice-deploy.md describes."""
    with run_cloud(tmp_path_factory.mktemp("cloud"), 0) as cloud:
        yield Stage(project, cloud)


def test_template_over_the_request_limit_is_uploaded_to_the_bucket(stage: Stage) -> None:
    s3, bucket = stage.cloud.client("s3"), "photoshare-x-templates-000000000000"
    (uploaded,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    template = s3.get_object(Bucket=bucket, Key=uploaded["Key"])["Body"].read()
    assert template == (stage.project / "resources.yaml").read_bytes()
    assert len(template) > 51_200


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_its_own_role_with_exactly_its_policy(stage: Stage, function: str) -> None:
    iam = stage.cloud.client("iam")
    role = stage.read_configuration(function)["Role"].rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    attached = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    policy = json.loads((stage.project / f".chalice/stages/x/policy-{function}.json").read_text())
    assert attached == policy
    assert "${" not in json.dumps(policy)
    assert "rekognition" not in json.dumps(policy), "moderation is off"
    assert len(policy["Statement"]) >= 5


def test_functions_have_the_environment_of_the_package(stage: Stage) -> None:
    outputs = YAMLTemplateSerializer().load_template((ROOT / "resources.yaml").read_text())["Outputs"]
    for function in FUNCTIONS:
        variables = stage.read_configuration(function)["Environment"]["Variables"]
        expected = packaging._build_environment(outputs, is_api=function == "api")
        # Chalice cannot set empty variables. The app treats an empty variable as absent.
        empty = {
            "RENDITIONS_BASE_URL",
            "CDN_KEY_ID",
            "CDN_PRIVATE_KEY",
            "DATABASE_URL",
            "DSQL_ENDPOINT",
            "DSQL_ROLE",
            "EDGE_SECRETS",
            "MODERATION_CONFIDENCE",
            "OLD_TERM_TABLE",
            "ORIGINALS_REPLICATED",
            "SECRETS_AS_OF",
        }
        assert {*expected} - {*variables} <= empty
        assert ("SIGNING_KEYS" in variables) is (function == "api")
        assert variables["PHOTO_TABLE"] == "photoshare-x-PhotoMetadata"
        assert variables["STAGE"] == "x"
    keys = stage.read_configuration("api")["Environment"]["Variables"]["SIGNING_KEYS"]
    assert len(keys) == 64
    assert "SIGNING_KEYS" in (config := (stage.project / ".chalice/config.json").read_text())
    assert keys not in config


def test_stack_and_functions_have_the_tags(stage: Stage) -> None:
    (stack,) = stage.cloud.client("cloudformation").describe_stacks(StackName="photoshare-x-resources")["Stacks"]
    # The last `make resources` of the fixture has no TAGS.
    assert {tag["Key"]: tag["Value"] for tag in stack["Tags"]} == {"application": "photoshare", "stage": "x"}
    function = stage.cloud.client("lambda").get_function(FunctionName="photoshare-x")
    expected = {"application": "photoshare", "stage": "x", "team": "photos"}
    assert {name: function["Tags"].get(name) for name in expected} == expected


def test_event_sources_are_connected_to_the_functions(stage: Stage) -> None:
    s3, lambdas = stage.cloud.client("s3"), stage.cloud.client("lambda")
    (notification,) = s3.get_bucket_notification_configuration(Bucket="photoshare-x-originals-000000000000")[
        "LambdaFunctionConfigurations"
    ]
    assert notification["LambdaFunctionArn"].endswith(":photoshare-x-confirm_upload")
    assert notification["Events"] == ["s3:ObjectCreated:*"]
    (mapping,) = lambdas.list_event_source_mappings()["EventSourceMappings"]
    assert mapping["EventSourceArn"].endswith(":photoshare-x-jobs")
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 3}
    invoke_config = lambdas.get_function_event_invoke_config(
        FunctionName="photoshare-x-confirm_upload", Qualifier="$LATEST"
    )
    assert invoke_config["DestinationConfig"]["OnFailure"]["Destination"].endswith(":photoshare-x-uploads-dead")


def test_api_function_returns_an_empty_list(stage: Stage) -> None:
    event = {
        **dict.fromkeys(("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body")),
        "httpMethod": "GET",
        "path": "/photos",
        "resource": "/photos",
        "stageVariables": None,
        "headers": {},
        "multiValueHeaders": {},
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": "GET", "resourcePath": "/photos", "requestId": "1", "identity": {}},
    }
    response = stage.cloud.client("lambda").invoke(FunctionName="photoshare-x", Payload=json.dumps(event).encode())
    answer = json.loads(response["Payload"].read())
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"items": [], "lastKey": None})


def test_another_clone_with_the_committed_files_updates_the_same_api(stage: Stage, tmp_path: Path) -> None:
    apis, lambdas = stage.cloud.client("apigateway"), stage.cloud.client("lambda")

    def list_deployed() -> tuple[list[str], list[str], list[str]]:
        mappings = lambdas.list_event_source_mappings()["EventSourceMappings"]
        return (
            [api["id"] for api in apis.get_rest_apis()["items"]],
            sorted(function["FunctionArn"] for function in lambdas.list_functions()["Functions"]),
            [mapping["UUID"] for mapping in mappings],
        )

    before = list_deployed()
    assert (len(before[0]), len(before[1]), len(before[2])) == (1, len(FUNCTIONS), 1)
    clone = tmp_path / "clone"
    # The cache of packages is not committed. Keep it here, because a download takes longer than the deployment.
    shutil.copytree(stage.project, clone)
    deployed = stage.try_to_run(clone, str(Path(sys.executable).parent / "chalice"), "deploy", "--stage", "x")
    # Chalice updates the functions, and then the API of the stage. The emulator does not have this last call.
    assert f"PutRestApi operation: Unknown API Gateway v1 path: /restapis/{before[0][0]}" in deployed.stderr.decode()
    assert list_deployed() == before


def test_committed_files_contain_no_secret(stage: Stage) -> None:
    secret = stage.read_configuration("api")["Environment"]["Variables"]["SIGNING_KEYS"]
    folder = stage.project / ".chalice"
    committed = [folder / "config.json", *(folder / "stages").rglob("*.json"), *(folder / "deployed").rglob("*.json")]
    assert {path.parent.name for path in committed} == {".chalice", "x", "deployed"}
    assert [path.name for path in committed if secret in path.read_text()] == []
