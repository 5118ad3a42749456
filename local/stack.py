"""Deploy `resources.yaml` by CloudFormation, on AWS or in the emulator, depending on the client."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.deploy.packaging import to_variable_name
from release import templates

TEMPLATE = Path(__file__).parent.parent / "resources.yaml"
DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class DeployFailed(Exception):
    """CloudFormation did not create or update the stack. The message is its reason."""


def deploy(
    client: Callable[[str], Any], stage: str, base_url: str, resources: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, str]:
    """Create the stack of a stage, or update it if the template or a parameter changed.

    Return the stack's outputs, named as the app's environment variables.
    `client` creates a client from the name of a service. `resources` are added to those of the template.
    """
    cloudformation, name, template = client("cloudformation"), f"photoshare-{stage}", _build_template(resources)
    parameters = {"Stage": stage, "BaseUrl": base_url, "AllowedOrigins": base_url, "DomainPrefix": name}
    stack = find_stack(cloudformation, stage)
    if stack is None or not _is_deployed(cloudformation, stack, template, parameters):
        # The update changes nothing if only comments differ.
        templates.create_or_update(
            cloudformation,
            exists=stack is not None,
            StackName=name,
            TemplateURL=templates.upload(client, stage, template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
    return _await_outputs(cloudformation, stage)


def _build_template(resources: Mapping[str, Any]) -> str:
    # JSON is valid YAML, so the resources can be inserted into the text.
    added_text = "".join(f"  {name}: {json.dumps(resource)}\n" for name, resource in resources.items())
    return TEMPLATE.read_text().replace("\nResources:\n", f"\nResources:\n{added_text}", 1)


def remove(cloudformation: Any, stage: str) -> None:
    """Delete the stage's stack and its resources. Ignore a missing stack."""
    cloudformation.delete_stack(StackName=f"photoshare-{stage}")
    while find_stack(cloudformation, stage):
        time.sleep(0.05)


def find_stack(cloudformation: Any, stage: str) -> dict[str, Any] | None:
    """Return the stage's stack, or None if it does not exist."""
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=f"photoshare-{stage}")["Stacks"][0]
    except ClientError:
        return None
    return stack


def _is_deployed(cloudformation: Any, stack: dict[str, Any], template: str, parameters: dict[str, str]) -> bool:
    body = cloudformation.get_template(StackName=stack["StackName"])["TemplateBody"]
    current = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    return bool(body == template) and all(current.get(key) == value for key, value in parameters.items())


def _await_outputs(cloudformation: Any, stage: str) -> dict[str, str]:
    while (stack := find_stack(cloudformation, stage)) and stack["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(0.05)
    if stack is None or stack["StackStatus"] not in DEPLOYED:
        raise DeployFailed(stack.get("StackStatusReason") if stack else "The stack no longer exists.")
    return {to_variable_name(output["OutputKey"]): output["OutputValue"] for output in stack.get("Outputs", [])}
