"""One IAM role per Lambda function, with the policy that the function has on AWS.

On AWS, Chalice creates the roles. `resources.yaml` has none, so the local cloud adds them to the template.
"""

import configparser
import json
import os
from pathlib import Path
from typing import Any

from chalicelib.deploy.packaging import API_ONLY_VARIABLES

FUNCTIONS = ("api", "confirm_upload", "reconcile", "run_job", "sweep")

ADMINISTRATOR = "administrator"
"""The profile with all permissions."""

_CHALICE = Path(__file__).parent.parent / ".chalice"
_SESSION_SECONDS = 12 * 3600
"""The longest session that AWS grants. botocore assumes the role again before a session ends."""


def build_role_name(stage: str, function: str) -> str:
    """Return the name of a function's role."""
    return f"photoshare-{stage}-{function}"


def build_role_resources(stage: str) -> dict[str, Any]:
    """Return the CloudFormation resources of all roles. The account's administrator may assume them."""
    return {f"{function.title().replace('_', '')}Role": _build_role(stage, function) for function in FUNCTIONS}


def _build_role(stage: str, function: str) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"AWS": {"Ref": "AWS::AccountId"}}, "Action": "sts:AssumeRole"}
    policy = json.loads((_CHALICE / f"policy-{function.replace('_', '-')}.json").read_text())
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": build_role_name(stage, function),
            "MaxSessionDuration": _SESSION_SECONDS,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "function", "PolicyDocument": policy}],
        },
    }


def write_profiles(file: Path, stage: str, account: str, credentials: dict[str, str]) -> None:
    """Write an AWS configuration file with a profile per function. Each profile refreshes its own credentials."""
    profiles = configparser.ConfigParser()
    profiles[f"profile {ADMINISTRATOR}"] = credentials
    for function in FUNCTIONS:
        profiles[f"profile {function}"] = {
            "role_arn": f"arn:aws:iam::{account}:role/{build_role_name(stage, function)}",
            "source_profile": ADMINISTRATOR,
            "role_session_name": function,
            "duration_seconds": str(_SESSION_SECONDS),
        }
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        profiles.write(stream)


def build_environment(function: str, environment: dict[str, str], profiles: Path) -> dict[str, str]:
    """Return the environment of a function: its own role, and secrets only if it is the API."""
    excluded = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} | (API_ONLY_VARIABLES if function != "api" else set())
    included = {name: value for name, value in environment.items() if name not in excluded}
    return included | {"AWS_CONFIG_FILE": str(profiles.absolute()), "AWS_PROFILE": function}
