"""The policy statement for Rekognition. moto enforces it, because the emulator has no Rekognition."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from tests.support.policies import statements

TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


def moderate(allowed: list[dict[str, Any]]) -> None:
    """Call Rekognition with a role that has the given policy statements."""
    trust, policy = (json.dumps({"Version": "2012-10-17", "Statement": content}) for content in ([TRUST], allowed))
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(RoleName="function", PolicyName="function", PolicyDocument=policy)
    session = boto3.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    rekognition = boto3.client(
        "rekognition",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    set_initial_no_auth_action_count(0)(rekognition.detect_moderation_labels)(Image={"Bytes": b"x"})


@pytest.mark.parametrize("function", ["api", "confirm-upload", "run-job"])
@mock_aws
def test_moderate_statement_allows_the_rekognition_call(function: str) -> None:
    (moderate_statement,) = (statement for statement in statements(function) if statement["Sid"] == "Moderate")
    # moto authorizes the call but does not implement it.
    with pytest.raises(NotImplementedError):
        moderate([moderate_statement])


@mock_aws
def test_moderation_is_denied_without_the_statement() -> None:
    other_statement = {"Effect": "Allow", "Action": ["rekognition:DetectLabels"], "Resource": ["*"]}
    with pytest.raises(ClientError, match="403"):
        moderate([other_statement])


def test_sweep_may_not_moderate() -> None:
    assert "Moderate" not in {statement["Sid"] for statement in statements("sweep")}
