"""The packaged stack: its template, its Lambda functions, and the commands of its operator."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from chalice import __version__ as CHALICE
from chalice.package import YAMLTemplateSerializer
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES
from chalicelib.deploy.provisioning import provision_api
from release import report, sbom
from tests.support.images import photo as make_photo
from tests.support.packaged import DOMAIN, STAGE, Packaged, build_package, copy_project
from tests.support.paths import ROOT
from tests.support.policies import FUNCTIONS
from tests.support.processes import lambda_processes
from tests.support.rest import put, send, wait_until

pytestmark = pytest.mark.xdist_group("packaged")

JPEG = make_photo(640, 480)


def test_linter_finds_nothing_in_the_template(packaged: Packaged, tmp_path: Path) -> None:
    template = YAMLTemplateSerializer().load_template((packaged.package / "sam.yaml").read_text())
    provision_api(template, 2)
    (tmp_path / "provisioned.yaml").write_text(json.dumps(template))
    linter = Path(sys.executable).parent / "cfn-lint"
    templates = [packaged.package / "sam.yaml", tmp_path / "provisioned.yaml"]
    result = subprocess.run([linter, *templates], capture_output=True, check=False)
    assert (result.stdout, result.returncode) == (b"", 0)


def test_package_contains_only_what_runs(packaged: Packaged) -> None:
    package = packaged.package / "deployment.zip"
    assert package.stat().st_size <= report.LIMIT
    assert report.find_unneeded(package) == set()


def test_copy_of_the_project_gives_the_same_package(packaged: Packaged, tmp_path: Path) -> None:
    copy_project(tmp_path)
    for path in (tmp_path / "app.py", *(tmp_path / "chalicelib").rglob("*.py")):
        path.chmod(0o600)
        os.utime(path, (0, 0))
    (tmp_path / "chalicelib" / "__pycache__").mkdir(exist_ok=True)
    (tmp_path / "chalicelib" / "__pycache__" / "x.cpython-312.pyc").write_bytes(b"compiled")
    build_package(tmp_path, tmp_path / "out")
    for name in ("deployment.zip", "sam.yaml"):
        first, second = (folder / name for folder in (packaged.package, tmp_path / "out"))
        assert hash_file(second) == hash_file(first), name


def hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_sbom_is_valid_and_lists_each_library_of_the_package(packaged: Packaged) -> None:
    package = packaged.package / "deployment.zip"
    document = sbom.serialize(sbom.build(package))
    assert document == sbom.serialize(sbom.build(package))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None
    parsed = json.loads(document)
    listed = {component["name"].lower().replace("_", "-"): component for component in parsed["components"]}
    lock = re.findall(r"^([\w-]+)==([^ ;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert {name: component["version"] for name, component in listed.items()} == {**dict(lock), "chalice": CHALICE}
    assert [name for name, component in listed.items() if not component["licenses"]] == []
    (digest,) = parsed["metadata"]["component"]["hashes"]
    assert digest == {"alg": "SHA-256", "content": hash_file(package)}
    embedded = {component["name"] for component in listed["pillow"]["components"]}
    assert {"libtiff", "libwebp"} <= embedded
    needs = {dependency["ref"]: dependency.get("dependsOn", []) for dependency in parsed["dependencies"]}
    assert [ref.partition("@")[0] for ref in needs[listed["cffi"]["bom-ref"]]] == ["pkg:pypi/pycparser"]


def test_api_is_throttled_and_not_traced_and_has_the_gateway_responses(packaged: Packaged) -> None:
    template = YAMLTemplateSerializer().load_template((packaged.package / "sam.yaml").read_text())
    api = template["Resources"]["RestAPI"]["Properties"]
    (settings,) = api["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (1000, 500)
    assert api["OpenApiVersion"] == "2.0", "SAM would add an unprotected stage"
    assert api["TracingEnabled"] is False, "traces would contain the paths of share links"
    assert set(api["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]) == set(GATEWAY_RESPONSES)
    functions = [
        function for function in template["Resources"].values() if function["Type"] == "AWS::Serverless::Function"
    ]
    assert {function["Properties"]["Tracing"] for function in functions} == {"Active"}
    assert len(functions) == len(FUNCTIONS)
    assert {function["Properties"]["RecursiveLoop"] for function in functions} == {"Terminate"}


def test_own_domain_without_a_cdn_serves_the_api_and_the_page_at_its_root(packaged: Packaged) -> None:
    address = packaged.cloud.env["AWS_ENDPOINT_URL"]
    photos = send("GET", f"{address}/photos", headers={"Host": DOMAIN})
    assert (photos.status, set(photos.json)) == (200, {"items", "lastKey"})
    page = send("GET", f"{address}/library", headers={"Host": DOMAIN, "Accept": "text/html"})
    assert (page.status, b"<!doctype html>" in page.content.lower()) == (200, True)


def test_event_of_a_killed_function_is_retried(packaged: Packaged) -> None:
    token = packaged.sign_up(packaged.address("ann"))
    grant = packaged.grant(token)
    killed: list[int] = []

    def kill() -> bool:
        for process in lambda_processes(f"photoshare-{STAGE}-confirm_upload"):
            os.kill(process, signal.SIGKILL)
            killed.append(process)
        return bool(killed)

    for process in lambda_processes(f"photoshare-{STAGE}-confirm_upload"):
        os.kill(process, signal.SIGKILL)  # An earlier test left it warm. This event must start a new process.
    assert put(grant, make_photo(4000, 3000)) == 200
    wait_until(kill, 20)
    packaged.wait_ready(grant["photoId"], token)


def test_redrive_confirms_dead_uploads(packaged: Packaged) -> None:
    token = packaged.sign_up(packaged.address("ann"))
    lambdas, name = packaged.client("lambda"), f"photoshare-{STAGE}-confirm_upload"
    variables = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    broken = {"Variables": variables | {"PHOTO_TABLE": ""}}
    lambdas.update_function_configuration(FunctionName=name, Environment=broken)
    grant = packaged.grant(token)
    try:
        assert put(grant, JPEG) == 200
        wait_until(lambda: packaged.count_messages("uploads-dead") == 1, 60)
    finally:
        lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    dead_object = packaged.dead_event()["Records"][0]["s3"]["object"]
    assert dead_object["key"] == grant["s3Key"]
    assert dead_object["versionId"]
    assert int(dead_object["sequencer"], 16) > 0
    assert packaged.call("GET", f"/photos/{grant['photoId']}", token=token).json["status"] == "pending"

    assert "Sent 1 upload events" in packaged.run("release.redrive")
    packaged.wait_ready(grant["photoId"], token)
    assert packaged.count_messages("uploads-dead") == 0


def test_redrive_returns_dead_jobs_to_their_queue(packaged: Packaged) -> None:
    sqs, lambdas = packaged.client("sqs"), packaged.client("lambda")
    dead = sqs.get_queue_url(QueueName=f"photoshare-{STAGE}-jobs-dead")["QueueUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"job": "settle", "photoId": str(uuid4())}))
    (source,) = lambdas.list_event_source_mappings(FunctionName=f"photoshare-{STAGE}-run_job")["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    packaged.run("release.redrive")
    assert (packaged.count_messages("jobs-dead"), packaged.count_messages("jobs")) == (0, 1)
    lambdas.update_event_source_mapping(UUID=source["UUID"], Enabled=True)
    wait_until(lambda: packaged.count_messages("jobs") == 0, 60)


def test_lost_rows_are_rebuilt_from_the_bucket_and_visible_only_to_their_owners(packaged: Packaged) -> None:
    token = packaged.sign_up(packaged.address("ann"))
    grant = packaged.grant(token)
    assert put(grant, JPEG) == 200
    packaged.wait_ready(grant["photoId"], token)
    dynamodb, table = packaged.client("dynamodb"), packaged.setting("PHOTO_TABLE")
    (row,) = dynamodb.query(
        TableName=table,
        KeyConditionExpression="photoId = :id",
        ExpressionAttributeValues={":id": {"S": grant["photoId"]}},
    )["Items"]
    dynamodb.delete_item(TableName=table, Key={name: row[name] for name in ("photoId", "uploadedAt")})
    assert packaged.call("GET", f"/photos/{grant['photoId']}", token=token).status == 404
    changed = packaged.run("release.rehide", "", "").splitlines()
    assert changed == [f"Changed 0 {kind}." for kind in ("accounts", "albums", "links", "photos")]
    assert '"row-lost":1' in packaged.run("release.reconcile", "--rebuild", "--min-age", "0")
    packaged.wait_ready(grant["photoId"], token)
    assert packaged.call("GET", f"/photos/{grant['photoId']}").status == 404


def test_operator_erases_a_photo(packaged: Packaged) -> None:
    token = packaged.sign_up(packaged.address("lou"))
    grant = packaged.grant(token)
    assert put(grant, JPEG) == 200
    photo = packaged.wait_ready(grant["photoId"], token)
    assert (
        packaged.run("release.moderate", "photo", grant["photoId"]) == f"Erased {grant['s3Key'].rpartition('/')[0]}/\n"
    )
    assert packaged.call("GET", f"/photos/{grant['photoId']}", token=token).status == 404
    assert [send("GET", url).status for url in photo["renditions"].values()] == [404, 404, 404]
    assert packaged.call("GET", "/account", token=token).json["photoCount"] == 0
    for photo_id in (grant["photoId"], str(uuid4()), "x"):
        with pytest.raises(subprocess.CalledProcessError, match="exit status 1"):
            packaged.run("release.moderate", "photo", photo_id)


def test_operator_cancels_an_account(packaged: Packaged) -> None:
    token = packaged.sign_up(packaged.address("max"))
    grant = packaged.grant(token)
    user_id = grant["s3Key"].partition("/")[0]
    assert packaged.run("release.moderate", "account", user_id).startswith(f"Cancelled {user_id}.")
    assert packaged.call("GET", "/account", token=token).status == 401
    cognito, pool = packaged.client("cognito-idp"), packaged.setting("USER_POOL_ID")
    wait_until(lambda: not cognito.list_users(UserPoolId=pool, Filter=f'sub = "{user_id}"')["Users"], 60)
    with pytest.raises(subprocess.CalledProcessError, match="exit status 1"):
        packaged.run("release.moderate", "account", user_id)
