"""The roles of `release/deployer-role.yaml` in an emulator, and a deployment as the AWS CLI does it."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import jwt
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from chalice.package import YAMLTemplateSerializer

from local import cloud
from local.cloud import ACCOUNT, REGION, Cloud
from tests.support.paths import ROOT
from tests.support.rest import free_port

TEMPLATE = ROOT / "release" / "deployer-role.yaml"
BUCKET = "releases"
ISSUER = "https://token.actions.githubusercontent.com"
_KEYS = {
    "AccessKeyId": "aws_access_key_id",
    "SecretAccessKey": "aws_secret_access_key",
    "SessionToken": "aws_session_token",
}

Client = Callable[[str], Any]


@contextlib.contextmanager
def run_empty_cloud(folder: Path) -> Iterator[Cloud]:
    """Run an emulator that checks permissions, and deploy nothing to it."""
    port = free_port()
    env = cloud._build_environment(folder, port, "http://localhost:8000")
    with (folder / "lock").open("w") as lock:
        process = cloud._start(folder, port, lock)
        try:
            cloud._await_health(process, folder, port)
            yield Cloud(folder, env, process)
        finally:
            cloud._stop(process)


def use_credentials(running: Cloud, variables: dict[str, str]) -> Client:
    """Return a factory of clients with credentials that are named as environment variables."""
    key, secret, token = (variables[name.upper()] for name in _KEYS.values())
    session = boto3.Session(key, secret, token, REGION)
    return functools.cache(lambda service: session.client(service, endpoint_url=running.env["AWS_ENDPOINT_URL"]))


def read_template() -> str:
    """Return the template without the identity provider, whose type the emulator does not have."""
    template = YAMLTemplateSerializer().load_template(TEMPLATE.read_text())
    del template["Resources"]["Provider"]
    names = template["Resources"]["Deployer"]["Properties"]["AssumeRolePolicyDocument"]["Fn::Sub"][1]
    names["Federated"] = {"Ref": "OidcProviderArn"}
    return json.dumps(template)


class Roles:
    """The roles of a stage."""

    def __init__(self, running: Cloud, stage: str) -> None:
        self.cloud, self.stage = running, stage
        running.client("s3").create_bucket(Bucket=BUCKET)
        parameters = {"Stage": stage, "Repository": "owner/photoshare", "PackageBucket": BUCKET}
        parameters["OidcProviderArn"] = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER.removeprefix('https://')}"
        parameters["OperatorArn"] = f"arn:aws:iam::{ACCOUNT}:root"
        cloudformation, name = running.client("cloudformation"), f"roles-{stage}"
        cloudformation.create_stack(
            StackName=name,
            TemplateBody=read_template(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        waiter = cloudformation.get_waiter("stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
        self.arns = {output["OutputKey"].removesuffix("Arn"): output["OutputValue"] for output in outputs}

    def assume_deployer(self, **claims: str) -> Client:
        """Assume the role of the workflow with a token of GitHub. `claims` replace claims of the token."""
        subject = f"repo:owner/photoshare:environment:{self.stage}"
        token = jwt.encode({"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": subject, **claims}, "x" * 32)
        sts = boto3.client(
            "sts",
            region_name=REGION,
            endpoint_url=self.cloud.env["AWS_ENDPOINT_URL"],
            config=Config(signature_version=UNSIGNED),
        )
        assumed = sts.assume_role_with_web_identity(
            RoleArn=self.arns["Deployer"], RoleSessionName="workflow", WebIdentityToken=token
        )
        return self._use(assumed["Credentials"])

    def assume_operator(self) -> dict[str, str]:
        """Assume the role of an operator. Return the environment variables of its session."""
        assumed = self.cloud.client("sts").assume_role(RoleArn=self.arns["Operator"], RoleSessionName="operator")
        return {_KEYS[name].upper(): assumed["Credentials"][name] for name in _KEYS}

    def _use(self, credentials: dict[str, str]) -> Client:
        return use_credentials(self.cloud, {name.upper(): credentials[key] for key, name in _KEYS.items()})

    def read_statements(self, role: str, policy: str) -> list[dict[str, Any]]:
        """Return the statements of a policy of a role."""
        iam = self.cloud.client("iam")
        document = iam.get_role_policy(RoleName=f"photoshare-{self.stage}-{role}", PolicyName=policy)["PolicyDocument"]
        return list(document["Statement"])

    def write_statements(self, role: str, policy: str, statements: list[dict[str, Any]]) -> None:
        """Replace the statements of a policy of a role."""
        self.cloud.client("iam").put_role_policy(
            RoleName=f"photoshare-{self.stage}-{role}",
            PolicyName=policy,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )


def deploy(
    client: Client, stage: str, template: str, parameters: dict[str, str], builder: str, package: Path | None = None
) -> str:
    """Make the calls of `aws cloudformation package` and `deploy`. Return the status of the stack."""
    s3, cloudformation, name = client("s3"), client("cloudformation"), f"photoshare-{stage}"
    content = package.read_bytes() if package else b"package"
    for key, body in (("package.zip", content), ("template", template.encode())):
        with contextlib.suppress(s3.exceptions.ClientError):  # The CLI uploads an object that it does not see.
            s3.head_object(Bucket=BUCKET, Key=f"{stage}/{key}")
        s3.put_object(Bucket=BUCKET, Key=f"{stage}/{key}", Body=body)
    try:
        cloudformation.describe_stacks(StackName=name)
        cloudformation.get_template_summary(StackName=name)  # The CLI sends only parameters that the stack has.
        kind = "UPDATE"
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        kind = "CREATE"
    change = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=f"release-{uuid4().hex}",
        ChangeSetType=kind,
        TemplateURL=f"{s3.meta.endpoint_url}/{BUCKET}/{stage}/template",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        RoleARN=builder,
    )["Id"]
    quick = {"Delay": 1, "MaxAttempts": 120}
    cloudformation.get_waiter("change_set_create_complete").wait(
        ChangeSetName=change, StackName=name, WaiterConfig=quick
    )
    cloudformation.execute_change_set(ChangeSetName=change, StackName=name)
    cloudformation.get_waiter(f"stack_{kind.lower()}_complete").wait(StackName=name, WaiterConfig=quick)
    return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
