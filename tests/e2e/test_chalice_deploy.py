"""`make resources`, then `chalice deploy`: the same roles, events and environment as the packaged stack has.

The emulator makes an empty API of what Chalice imports, so its functions are called without one; nor does it show that
API Gateway would take the document.
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
from local.cloud import Cloud, running
from tests.support.paths import ROOT
from tests.support.policies import FUNCTIONS
from tests.support.rest import environment

pytestmark = pytest.mark.xdist_group("packaged")

PARTS = ("app.py", "chalicelib", "release", "resources.yaml", "requirements.txt", ".chalice")
PARAMETERS = ("BaseUrl=http://localhost:8000", "AllowedOrigins=http://localhost:8000", "DomainPrefix=photoshare-x")


class Stage:
    """A copy of the project, and a cloud to deploy it to."""

    def __init__(self, project: Path, cloud: Cloud) -> None:
        self.project, self.cloud = project, cloud
        for part in PARTS:
            copy: Any = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, project / part)
        self.run(sys.executable, "-m", "release.stage", "x", *PARAMETERS)
        self.run(str(Path(sys.executable).parent / "chalice"), "deploy", "--stage", "x")
        self.run(sys.executable, "-m", "release.stage", "x")

    def run(self, *command: str) -> None:
        """Run it in the project, against the cloud."""
        aws = {name: value for name, value in self.cloud.env.items() if name.startswith("AWS_")}
        done = subprocess.run(command, cwd=self.project, env=environment() | aws, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def function(self, name: str) -> dict[str, Any]:
        """How a function is configured."""
        asked = self.cloud.client("lambda").get_function_configuration(FunctionName=f"photoshare-x{FUNCTIONS[name]}")
        return dict(asked)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Deployed twice, as operations.md says."""
    with running(tmp_path_factory.mktemp("cloud"), 0) as cloud:
        yield Stage(tmp_path_factory.mktemp("project"), cloud)


def test_template_over_the_request_limit_is_uploaded_to_the_bucket(stage: Stage) -> None:
    s3, bucket = stage.cloud.client("s3"), "photoshare-x-templates-000000000000"
    (uploaded,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    template = s3.get_object(Bucket=bucket, Key=uploaded["Key"])["Body"].read()
    assert template == (stage.project / "resources.yaml").read_bytes()
    assert len(template) > 51_200


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_its_own_role_with_exactly_its_policy(stage: Stage, function: str) -> None:
    iam = stage.cloud.client("iam")
    role = stage.function(function)["Role"].rpartition("/")[2]
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    attached = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    written = json.loads((stage.project / f".chalice/stages/x/policy-{function}.json").read_text())
    assert attached == written
    assert "${" not in json.dumps(written)
    assert "rekognition" not in json.dumps(written), "nobody asked for moderation"
    assert len(written["Statement"]) >= 5


def test_functions_have_the_environment_of_the_package(stage: Stage) -> None:
    outputs = YAMLTemplateSerializer().load_template((ROOT / "resources.yaml").read_text())["Outputs"]
    for function in FUNCTIONS:
        variables = stage.function(function)["Environment"]["Variables"]
        packaged = packaging._build_environment(outputs, is_api=function == "api")
        # Chalice has no place for empty ones, and the app takes them as absent.
        empty = {"RENDITIONS_BASE_URL", "CDN_KEY_ID", "CDN_PRIVATE_KEY", "MODERATION_CONFIDENCE", "SECRETS_AS_OF"}
        assert {*packaged} - {*variables} <= empty
        assert ("SIGNING_KEYS" in variables) is (function == "api")
        assert variables["PHOTO_TABLE"] == "photoshare-x-PhotoMetadata"
        assert variables["STAGE"] == "x"
    keys = stage.function("api")["Environment"]["Variables"]["SIGNING_KEYS"]
    assert len(keys) == 64
    assert "SIGNING_KEYS" in (config := (stage.project / ".chalice/config.json").read_text())
    assert keys not in config


def test_event_sources_are_connected_to_the_functions(stage: Stage) -> None:
    s3, lambdas = stage.cloud.client("s3"), stage.cloud.client("lambda")
    (notified,) = s3.get_bucket_notification_configuration(Bucket="photoshare-x-originals-000000000000")[
        "LambdaFunctionConfigurations"
    ]
    assert notified["LambdaFunctionArn"].endswith(":photoshare-x-confirm_upload")
    assert notified["Events"] == ["s3:ObjectCreated:*"]
    (mapping,) = lambdas.list_event_source_mappings()["EventSourceMappings"]
    assert mapping["EventSourceArn"].endswith(":photoshare-x-jobs")
    retried = lambdas.get_function_event_invoke_config(FunctionName="photoshare-x-confirm_upload", Qualifier="$LATEST")
    assert retried["DestinationConfig"]["OnFailure"]["Destination"].endswith(":photoshare-x-uploads-dead")


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
    invoked = stage.cloud.client("lambda").invoke(FunctionName="photoshare-x", Payload=json.dumps(event).encode())
    answer = json.loads(invoked["Payload"].read())
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"items": [], "lastKey": None})
