"""`resources.yaml` deployed by CloudFormation: wherever the client that is handed in points."""

import json
import re
import time
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from chalice.package import YAMLTemplateSerializer

from local.roles import role_resources

TEMPLATE = Path(__file__).parent.parent / "resources.yaml"
DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class DeployFailed(Exception):
    """CloudFormation did not create or update the stack. The message is its reason."""


def deploy(cloudformation: Any, s3: Any, stage: str, base_url: str) -> dict[str, str]:
    """Create the stack of a stage, or update it where the template or a parameter changed.

    Returns the stack's outputs, named as the app's environment variables.
    """
    name = f"photoshare-{stage}"
    wanted = {
        "StackName": name,
        "TemplateURL": _upload(s3, _template(stage)),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": "Stage", "ParameterValue": stage},
            {"ParameterKey": "BaseUrl", "ParameterValue": base_url},
            {"ParameterKey": "AllowedOrigins", "ParameterValue": base_url},
            {"ParameterKey": "DomainPrefix", "ParameterValue": name},
        ],
    }
    stack = described(cloudformation, stage)
    if stack is None:
        cloudformation.create_stack(**wanted)
    elif not _is_deployed(cloudformation, stack, wanted):
        cloudformation.update_stack(**wanted)
    return _outputs(cloudformation, stage)


def _upload(s3: Any, body: str) -> str:
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="t", Body=body)
    return f"{s3.meta.endpoint_url}/templates/t"


def _template(stage: str) -> str:
    template = YAMLTemplateSerializer().load_template(TEMPLATE.read_text())
    template["Resources"] |= role_resources(stage)
    return json.dumps(template, separators=(",", ":"))


def remove(cloudformation: Any, stage: str) -> None:
    """Delete the stage's stack, if there is one, and what is in it."""
    cloudformation.delete_stack(StackName=f"photoshare-{stage}")
    while described(cloudformation, stage):
        time.sleep(0.05)


def described(cloudformation: Any, stage: str) -> dict[str, Any] | None:
    """The stage's stack, or None where there is none."""
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=f"photoshare-{stage}")["Stacks"][0]
    except ClientError:
        return None
    return stack


def _is_deployed(cloudformation: Any, stack: dict[str, Any], wanted: dict[str, Any]) -> bool:
    body = cloudformation.get_template(StackName=stack["StackName"])["TemplateBody"]
    given = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
    return bool(json.dumps(body, separators=(",", ":")) == _template(stack["StackName"].removeprefix("photoshare-"))) and all(
        given.get(one["ParameterKey"]) == one["ParameterValue"] for one in wanted["Parameters"]
    )


def _outputs(cloudformation: Any, stage: str) -> dict[str, str]:
    while (stack := described(cloudformation, stage)) and stack["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(0.05)
    if stack is None or stack["StackStatus"] not in DEPLOYED:
        raise DeployFailed(stack.get("StackStatusReason") if stack else "The stack has gone.")
    return {
        re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output["OutputKey"]).upper(): output["OutputValue"]
        for output in stack.get("Outputs", [])
    }
