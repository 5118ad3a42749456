"""The packaged stack: zip and all, deployed by CloudFormation, used through its API Gateway, run in its Lambdas."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from chalice.package import YAMLTemplateSerializer

from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES
from local.cloud import Cloud, running
from release import report, templates
from tests.e2e.conftest import PASSWORD, ROOT, Answer, environment, hosted_ui, put, request, send, wait_until
from tests.support.images import photo as make_photo
from tests.support.policies import FUNCTIONS

pytestmark = pytest.mark.xdist_group("packaged")

JPEG = make_photo(640, 480)
WANTED = {"filename": "a.jpg", "contentType": "image/jpeg"}
STAGE = "packaged"
PARAMETERS = {"Stage": STAGE, "BaseUrl": "http://localhost:8000", "AllowedOrigins": "http://localhost:8000"}


@dataclass(frozen=True)
class Packaged:
    """The stack, as whoever calls its API meets it."""

    cloud: Cloud
    outputs: dict[str, str]
    out: Path
    """What was built."""

    @property
    def api(self) -> str:
        """Where the API is."""
        return f"{self.cloud.env['AWS_ENDPOINT_URL']}/restapis/{self.outputs['RestAPIId']}/api/_user_request_"

    def call(self, method: str, path: str, body: Any = None, token: str = "", **query: Any) -> Answer:
        """One request through the API Gateway."""
        return request(self.api, method, path, body, token, **query)

    def sign_in(self, email: str = "") -> str:
        """An access token of somebody new."""
        email = email or f"{uuid4()}@example.com"
        assert self.call("POST", "/signup", {"email": email, "password": PASSWORD}).status == 201
        pool = self.outputs["UserPoolId"]
        self.cloud.client("cognito-idp").admin_confirm_sign_up(UserPoolId=pool, Username=email)
        answer = self.call("POST", "/login", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer
        return str(answer.json["accessToken"])

    def status(self, grant: dict[str, Any], token: str) -> str:
        """How far an upload is."""
        return str(self.call("GET", f"/photos/{grant['photoId']}", token=token).json["status"])

    def run(self, module: str, *given: str) -> str:
        """What a command for the stage prints."""
        aws = {name: value for name, value in self.cloud.env.items() if name.startswith("AWS_")}
        command = [sys.executable, "-m", module, STAGE, *given]
        done = subprocess.run(command, cwd=ROOT, env=environment() | aws, capture_output=True, text=True, check=True)
        return done.stdout

    def waiting(self, name: str) -> int:
        """Return the number of visible messages in a queue."""
        sqs = self.cloud.client("sqs")
        queue = sqs.get_queue_url(QueueName=f"photoshare-{STAGE}-{name}")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
        return int(asked["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packaged]:
    """Built, deployed and reachable."""
    out = tmp_path_factory.mktemp("package")
    command = [str(Path(sys.executable).parent / "chalice"), "package", "--stage", "package"]
    command += ["--merge-template", "resources.yaml", str(out)]
    region = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environment() | region)
    with running(tmp_path_factory.mktemp("cloud"), 0) as cloud:
        yield deployed(cloud, out)


def deployed(cloud: Cloud, out: Path) -> Packaged:
    """The package in the cloud."""
    s3, cloudformation = cloud.client("s3"), cloud.client("cloudformation")
    endpoint = cloud.env["AWS_ENDPOINT_URL"]
    s3.create_bucket(Bucket="releases")
    s3.upload_file(str(out / "deployment.zip"), "releases", "package.zip")
    template = YAMLTemplateSerializer().load_template((out / "sam.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "releases", "Key": "package.zip"}
            # AWS's own addresses are what follows from the region; an emulator's must be told.
            resource["Properties"]["Environment"]["Variables"] |= {
                "AWS_ENDPOINT_URL": endpoint,
                "COGNITO_DOMAIN": endpoint,
                "JWKS_URL": {"Fn::Sub": f"{endpoint}/${{Users}}/.well-known/jwks.json"},
            }
    parameters = PARAMETERS | {"DomainPrefix": f"photoshare-{STAGE}"}
    cloudformation.create_stack(
        StackName=f"photoshare-{STAGE}",
        TemplateURL=templates.upload(cloud.client, STAGE, json.dumps(template)),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    with contextlib.suppress(Exception):
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=f"photoshare-{STAGE}", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
    stack = cloudformation.describe_stacks(StackName=f"photoshare-{STAGE}")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return Packaged(cloud, {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}, out)


def test_linter_finds_nothing_in_the_template(packaged: Packaged) -> None:
    linter = Path(sys.executable).parent / "cfn-lint"
    found = subprocess.run([linter, packaged.out / "sam.yaml"], capture_output=True, check=False)
    assert (found.stdout, found.returncode) == (b"", 0)


def test_package_holds_what_runs_and_no_more(packaged: Packaged) -> None:
    package = packaged.out / "deployment.zip"
    assert package.stat().st_size <= report.LIMIT
    assert report.foreign(package) == set()


def test_api_is_throttled_and_untraced_and_refuses_as_we_do(packaged: Packaged) -> None:
    template = YAMLTemplateSerializer().load_template((packaged.out / "sam.yaml").read_text())
    api = template["Resources"]["RestAPI"]["Properties"]
    (settings,) = api["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (1000, 500)
    assert api["OpenApiVersion"] == "2.0", "SAM would add an open stage"
    assert api["TracingEnabled"] is False, "paths of share links would be in traces"
    assert set(api["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]) == set(GATEWAY_RESPONSES)
    functions = [each for each in template["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    assert {each["Properties"]["Tracing"] for each in functions} == {"Active"}
    assert len(functions) == len(FUNCTIONS)


def test_photo_goes_all_the_way(packaged: Packaged) -> None:
    assert packaged.call("GET", "/health").json["status"] == "ok"
    token = packaged.sign_in()
    grant = packaged.call("POST", "/upload", WANTED | {"title": "Seaside"}, token)
    assert grant.status == 201, grant
    photo_id = grant.json["photoId"]
    assert put(grant.json, JPEG) == 200
    wait_until(lambda: packaged.call("GET", f"/photos/{photo_id}", token=token).json["status"] == "ready", 60)
    assert [each["photoId"] for each in packaged.call("GET", "/photos").json["items"]] == [photo_id]
    assert packaged.call("PUT", f"/photos/{photo_id}/rating", {"rating": 5}, token).status == 200
    assert [each["photoId"] for each in packaged.call("GET", "/search", q="seas").json["items"]] == [photo_id]
    assert packaged.call("DELETE", "/account", token=token).status == 202
    wait_until(lambda: packaged.call("GET", f"/photos/{photo_id}").status == 404, 60)
    assert packaged.call("GET", "/account", token=token).status == 401


def test_sign_in_by_the_hosted_ui(packaged: Packaged) -> None:
    email = f"{uuid4()}@example.com"
    packaged.sign_in(email)
    begun = send("GET", f"{packaged.api}/login")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["Location"]).query).items()}
    assert asked["code_challenge_method"] == "S256"
    back = urlsplit(hosted_ui(packaged.cloud.env["AWS_ENDPOINT_URL"], begun.headers["Location"], email))
    cookie = {"Cookie": begun.cookies[0].partition(";")[0], "Accept": "application/json"}
    tokens = send("GET", f"{packaged.api}/callback?{back.query}", headers=cookie)
    assert tokens.status == 200, tokens
    assert packaged.call("GET", "/account", token=tokens.json["accessToken"]).json["email"] == email
    # The gateway's own authorizer: an ID token has no scope.
    assert packaged.call("GET", "/account", token=tokens.json["idToken"]).status in (401, 403)
    assert packaged.call("GET", "/account", token="x.y.z").status == 401


def test_event_of_a_killed_function_is_delivered_again(packaged: Packaged) -> None:
    token = packaged.sign_in()
    grant = packaged.call("POST", "/upload", WANTED, token).json
    killed: list[int] = []

    def kill() -> bool:
        for process in workers(f"photoshare-{STAGE}-confirm_upload"):
            os.kill(process, signal.SIGKILL)
            killed.append(process)
        return bool(killed)

    for process in workers(f"photoshare-{STAGE}-confirm_upload"):
        os.kill(process, signal.SIGKILL)  # Left warm by another test: this event is to start its own.
    assert put(grant, make_photo(4000, 3000)) == 200
    wait_until(kill, 20)
    wait_until(lambda: packaged.status(grant, token) == "ready", 60)


def test_dead_uploads_are_confirmed_again(packaged: Packaged) -> None:
    token = packaged.sign_in()
    lambdas, name = packaged.cloud.client("lambda"), f"photoshare-{STAGE}-confirm_upload"
    sound = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    broken = {"Variables": sound | {"RENDITIONS_BUCKET": "photoshare-nowhere"}}
    lambdas.update_function_configuration(FunctionName=name, Environment=broken)
    grant = packaged.call("POST", "/upload", WANTED, token).json
    assert put(grant, JPEG) == 200
    wait_until(lambda: packaged.waiting("uploads-dead") == 1, 60)
    assert packaged.status(grant, token) == "pending"

    lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": sound})
    assert "confirms 1 uploads again" in packaged.run("release.redrive")
    wait_until(lambda: packaged.status(grant, token) == "ready", 60)
    assert packaged.waiting("uploads-dead") == 0


def test_dead_jobs_return_to_their_queue(packaged: Packaged) -> None:
    sqs, lambdas = packaged.cloud.client("sqs"), packaged.cloud.client("lambda")
    dead = sqs.get_queue_url(QueueName=f"photoshare-{STAGE}-jobs-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"job": "settle", "photoId": str(uuid4())}))
    (source,) = lambdas.list_event_source_mappings(FunctionName=f"photoshare-{STAGE}-run_job")["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    packaged.run("release.redrive")
    assert (packaged.waiting("jobs-dead"), packaged.waiting("jobs")) == (0, 1)
    lambdas.update_event_source_mapping(UUID=source["UUID"], Enabled=True)
    wait_until(lambda: packaged.waiting("jobs") == 0, 60)


def test_lost_rows_are_rebuilt_from_the_bucket_for_their_owners_alone(packaged: Packaged) -> None:
    token = packaged.sign_in()
    grant = packaged.call("POST", "/upload", WANTED, token).json
    assert put(grant, JPEG) == 200
    wait_until(lambda: packaged.status(grant, token) == "ready", 60)
    dynamodb, table = packaged.cloud.client("dynamodb"), packaged.outputs["PhotoTable"]
    (row,) = dynamodb.query(
        TableName=table,
        KeyConditionExpression="photoId = :id",
        ExpressionAttributeValues={":id": {"S": grant["photoId"]}},
    )["Items"]
    dynamodb.delete_item(TableName=table, Key={name: row[name] for name in ("photoId", "uploadedAt")})
    assert packaged.call("GET", f"/photos/{grant['photoId']}", token=token).status == 404
    changed = packaged.run("release.rehide", "", "").splitlines()
    assert changed == [f"0 {what} were changed." for what in ("accounts", "albums", "links", "photos")]
    assert "originals are confirmed again" in packaged.run("release.rebuild")
    wait_until(lambda: packaged.call("GET", f"/photos/{grant['photoId']}", token=token).status == 200, 60)
    wait_until(lambda: packaged.status(grant, token) == "ready", 60)
    assert packaged.call("GET", f"/photos/{grant['photoId']}").status == 404


def workers(function: str) -> list[int]:
    """The processes in which the emulator runs a function."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"AWS_LAMBDA_FUNCTION_NAME={function}\0".encode() in (process / "environ").read_bytes() + b"\0":
                found.append(int(process.name))
    return found
