"""The workflows pin their actions, ask for few permissions, and run targets of the Makefile."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chalice.package import YAMLTemplateSerializer

from tests.support.paths import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = {*re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)}


def read(path: Path) -> dict[str, Any]:
    return dict(YAMLTemplateSerializer().load_template(path.read_text()))


def load(name: str) -> dict[str, Any]:
    return read(ROOT / ".github" / name)


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in read(path)["jobs"].values():
        yield from job.get("steps", [])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_by_commit_with_its_version(path: Path) -> None:
    uses = re.findall(r"uses: (?!\./)(.+)", path.read_text())
    assert [line for line in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_expression_is_part_of_a_script(path: Path) -> None:
    # The value of an expression would be executed as a part of the script.
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_scripts_run_existing_targets(path: Path) -> None:
    targets = {target for step in steps(path) for target in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}
    assert targets <= TARGETS


def test_only_the_deployment_may_request_an_aws_role() -> None:
    for path in WORKFLOWS:
        document = read(path)
        assert document["permissions"] == {"contents": "read"}
        for job in document["jobs"].values():
            if "id-token" in job.get("permissions", {}):
                assert "environment" in job or job["uses"] == "./.github/workflows/deploy-stage.yml"


def test_package_is_built_once_and_production_follows_the_test_stage() -> None:
    jobs = load("workflows/deploy.yml")["jobs"]
    assert (jobs["test"]["needs"], jobs["prod"]["needs"]) == ("package", "test")
    deploy = load("workflows/deploy-stage.yml")["jobs"]["deploy"]
    assert deploy["environment"] == "${{ inputs.stage }}"
    scripts = [step["run"] for step in deploy["steps"] if "run" in step]
    assert scripts == ["make deploy BUILT=yes", "make smoke"]
    (audit,) = (step for step in jobs["package"]["steps"] if step.get("run") == "make audit")
    assert audit["env"]["STORE"] == deploy["env"]["STORE"] == "${{ vars.STORE }}"


def test_dependabot_groups_exactly_the_libraries_of_the_functions() -> None:
    (python,) = (update for update in load("dependabot.yml")["updates"] if update["package-ecosystem"] == "uv")
    locked = re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert python["groups"]["functions"]["patterns"] == locked
