"""The smoke test reports each difference of a stage, and leaves nothing behind."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from release.smoke import Smoke, run
from release.web import find_url
from tests.support.stage_server import Stage, run_stage

VISITOR = ["health", "openapi", "headers", "feed"]


@pytest.fixture
def stage() -> Iterator[Stage]:
    with run_stage() as running:
        yield running


def failed(output: str) -> list[str]:
    return [line.split()[1].rstrip(":") for line in output.splitlines() if line.startswith("FAILED")]


def test_healthy_stage_passes_and_is_only_read(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Smoke(f"{stage.url}/"))
    output = capsys.readouterr().out
    assert [line.split()[1].rstrip(":") for line in output.splitlines() if line.startswith("ok")] == VISITOR
    assert "skipped upload" in output
    assert {request.split()[0] for request in stage.requests} == {"GET"}


@pytest.mark.parametrize(
    ("path", "response", "check"),
    [
        ("/health", (503, {"error": "Busy"}), "health"),
        ("/health", (200, {"status": "down", "version": "1"}), "health"),
        ("/openapi.json", (200, {"paths": {}}), "openapi"),
        ("/openapi.json", (404, {"error": "NotFound"}), "openapi"),
        ("/photos", (500, {"error": "InternalError"}), "feed"),
        ("/photos", (200, {"items": None}), "feed"),
        ("/photos", (200, ["not an object"]), "feed"),
    ],
)
def test_wrong_response_fails_its_check(
    stage: Stage, capsys: pytest.CaptureFixture[str], path: str, response: tuple[int, Any], check: str
) -> None:
    stage.responses[path] = response
    assert not run(Smoke(stage.url, sleep=lambda _: None))
    assert failed(capsys.readouterr().out) == [check]


@pytest.mark.parametrize("header", ["Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options"])
def test_missing_security_header_fails(stage: Stage, capsys: pytest.CaptureFixture[str], header: str) -> None:
    del stage.headers[header]
    assert not run(Smoke(stage.url))
    assert failed(capsys.readouterr().out) == ["headers"]


def test_stage_may_start_slowly(stage: Stage) -> None:
    healthy, stage.responses["/health"] = stage.responses["/health"], (503, {"error": "Busy"})
    waits: list[float] = []

    def recover(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            stage.responses["/health"] = healthy

    assert run(Smoke(stage.url, sleep=recover))
    assert waits == [1, 1, 1]


def test_photo_is_erased_even_if_its_processing_fails(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.responses |= {
        "/login": (200, {"accessToken": "t"}),
        "/upload": (201, {"photoId": "p", "uploadUrl": f"{stage.url}/bucket", "headers": {}}),
        "/bucket": (200, {}),
        "/photos/p": (200, {"status": "rejected"}),
    }
    assert not run(Smoke(stage.url, sleep=lambda _: None), "user@example.com", "secret")
    output = capsys.readouterr().out
    assert failed(output) == ["upload"]
    assert "secret" not in output
    assert stage.requests[-1] == "DELETE /photos/p"


@mock_aws
def test_address_comes_from_the_stack_of_either_way_to_deploy() -> None:
    cloudformation = boto3.client("cloudformation")
    for stack, url in (("photoshare-a", "https://a"), ("photoshare-b-resources", "https://b")):
        template = f'{{"Resources": {{}}, "Outputs": {{"BaseUrl": {{"Value": "{url}"}}}}}}'
        cloudformation.create_stack(StackName=stack, TemplateBody=template)
    assert [find_url(boto3.client, stage) for stage in "ab"] == ["https://a", "https://b"]
    with pytest.raises(LookupError, match="no stack of the stage c"):
        find_url(boto3.client, "c")
