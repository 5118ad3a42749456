"""The packaged stack in the emulator, with CloudFormation, API Gateway and Lambda."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.package import YAMLTemplateSerializer

from local.cloud import run_cloud
from tests.support.deployer import BUCKET, Roles, deploy
from tests.support.paths import ROOT
from tests.support.rest import environment
from tests.support.service import Deployed

STAGE = "packaged"
BASE_URL = "http://localhost:8000"
DOMAIN = "photos.example.com"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"
PARTS = ("app.py", "chalicelib", "release", "resources.yaml", "requirements.txt", ".chalice")


def copy_project(folder: Path) -> None:
    """Copy what `chalice` needs to a folder. chalice installs the libraries for the package once per folder."""
    for part in PARTS:
        copy: Any = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)


class Packaged(Deployed):
    """The stack, and the commands that its operator runs."""

    def __init__(self, roles: Roles, package: Path, iam_log: Path) -> None:
        self.cloud, self.roles, self.package, self.iam_log = roles.cloud, roles, package, iam_log
        super().__init__(self.cloud.client, STAGE)
        # The domain name in the outputs of the stack does not resolve.
        self.url = f"{self.cloud.env['AWS_ENDPOINT_URL']}/restapis/{self.setting('REST_APIID')}/api/_user_request_"

    def run(self, module: str, *arguments: str, credentials: dict[str, str] | None = None) -> str:
        """Run a command for the stage, by default as the administrator. Return its output."""
        aws = {name: value for name, value in self.cloud.env.items() if name.startswith("AWS_")}
        command = [sys.executable, "-m", module, STAGE, *arguments]
        completed = subprocess.run(
            command, cwd=ROOT, env=environment() | aws | (credentials or {}), capture_output=True, text=True, check=True
        )
        return completed.stdout

    def count_messages(self, name: str) -> int:
        """Return the number of visible messages in a queue."""
        sqs = self.client("sqs")
        queue = sqs.get_queue_url(QueueName=f"photoshare-{STAGE}-{name}")["QueueUrl"]
        response = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(response["Attributes"]["ApproximateNumberOfMessages"])

    def dead_event(self) -> dict[str, Any]:
        """Return the S3 event in the dead-letter queue of uploads. Do not delete the message."""
        sqs = self.client("sqs")
        queue = sqs.get_queue_url(QueueName=f"photoshare-{STAGE}-uploads-dead")["QueueUrl"]
        (message,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
        return dict(json.loads(message["Body"])["requestPayload"])


def build_package(project: Path, folder: Path) -> Path:
    """Build the package of a project in a folder. Return the archive."""
    command = [str(Path(sys.executable).parent / "chalice"), "package", "--stage", "package"]
    command += ["--merge-template", "resources.yaml", str(folder)]
    region = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    subprocess.run(command, cwd=project, check=True, capture_output=True, env=environment() | region)
    return folder / "deployment.zip"


@contextlib.contextmanager
def packaged_stack(project: Path, folder: Path, iam_log: Path) -> Iterator[Packaged]:
    """Build the package of a project, and deploy it to an emulator that logs each IAM decision."""
    package = build_package(project, folder / "package").parent
    with contextlib.ExitStack() as stack:
        # Other clouds must not log to this file.
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("IAM_LOG", str(iam_log))
            cloud = stack.enter_context(run_cloud(folder / "cloud", 0))
        roles = Roles(cloud, STAGE)
        _deploy(roles, package)
        yield Packaged(roles, package, iam_log)


def _deploy(roles: Roles, package: Path) -> None:
    """Deploy the package with the role of the workflow."""
    endpoint = roles.cloud.env["AWS_ENDPOINT_URL"]
    template = YAMLTemplateSerializer().load_template((package / "sam.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": f"{STAGE}/package.zip"}
            # The functions derive the URLs of AWS from the region. The URL of the emulator must be set.
            resource["Properties"]["Environment"]["Variables"] |= {
                "AWS_ENDPOINT_URL": endpoint,
                "COGNITO_DOMAIN": endpoint,
                "JWKS_URL": {"Fn::Sub": f"{endpoint}/${{Users}}/.well-known/jwks.json"},
            }
    parameters = {"Stage": STAGE, "BaseUrl": BASE_URL, "AllowedOrigins": BASE_URL}
    parameters |= {"DomainPrefix": f"photoshare-{STAGE}", "DomainName": DOMAIN, "RegionalCertificateArn": CERTIFICATE}
    client, archive = roles.assume_deployer(), package / "deployment.zip"
    assert deploy(client, STAGE, json.dumps(template), parameters, roles.arns["Builder"], archive) == "CREATE_COMPLETE"
