"""Deploy everything of a stage except its functions: `python -m release.stage STAGE [Parameter=value ...]`.

CloudFormation creates the resources. Their outputs become the stage's environment in `.chalice/config.json`.
The command also writes the functions' policies for the stage, because Chalice does not fill in names in policies.
`chalice deploy` then deploys the functions. Run this command again after `chalice deploy` to add the resources that
need an API or a function: CDN, usage plan and retries. Parameters that are not given keep their values.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import boto3
from botocore.exceptions import ClientError
from chalice.package import YAMLTemplateSerializer

from chalicelib.deploy.packaging import API_ONLY_VARIABLES, to_variable_name
from release import templates
from release.failures import exit_on_failure

ROOT = Path(__file__).parent.parent
_OUTPUTS_FOR_OPERATOR = {
    "API_DOMAIN",
    "APP_DOMAIN",
    "CDN_KEY",
    "CLIENT_KEY",
    "DATABASE_SECRET_ARN",
    "EDGE_SECRET_ARN",
    "SECURITY_GROUP_IDS",
}
"""Outputs of the stack that the functions do not need as variables."""


def main(stage: str, *assignments: str) -> None:
    """Create or update the stage's resources, and write its policies and its configuration."""
    session = boto3.Session()
    tags = {"application": "photoshare", "stage": stage}
    tags |= dict(each.removeprefix("tag:").split("=", 1) for each in assignments if each.startswith("tag:"))
    given = dict(each.split("=", 1) for each in assignments if not each.startswith("tag:"))
    outputs = deploy(session.client, stage, {"Stage": stage, **find_api(stage), **given}, tags)
    account = session.client("sts").get_caller_identity()
    names = {
        "AWS::AccountId": account["Account"],
        "AWS::Partition": account["Arn"].split(":")[1],
        "AWS::Region": session.region_name,
        "Stage": stage,
        "TableSuffix": outputs["PHOTO_TABLE"].removeprefix(f"photoshare-{stage}-PhotoMetadata"),
        "Users.Arn": outputs["USER_POOL_ARN"],
    }
    write_policies(stage, names, has_moderation="MODERATION_CONFIDENCE" in outputs)
    write_configuration(stage, outputs, tags)
    print(f"Updated .chalice/config.json. Next: chalice deploy --stage {stage}")


def find_api(stage: str) -> dict[str, str]:
    """Return the parameter with the API of the stage. It is empty before the first `chalice deploy`."""
    deployed = ROOT / ".chalice" / "deployed" / f"{stage}.json"
    resources = json.loads(deployed.read_text())["resources"] if deployed.exists() else []
    apis = [resource["rest_api_id"] for resource in resources if resource["resource_type"] == "rest_api"]
    return {"RestAPI": apis[0]} if apis else {}


def deploy(
    client: Callable[[str], Any], stage: str, parameters: dict[str, str], tags: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Create or update the stage's stack and return its outputs, named as environment variables.

    CloudFormation adds `tags` to every resource.
    Parameters that are not given keep their previous value. `client` creates a client from the name of a service.

    Raises:
        BucketTaken: another AWS account owns the name of the template bucket.
    """
    cloudformation, name = client("cloudformation"), f"photoshare-{stage}-resources"
    text = (ROOT / "resources.yaml").read_text()
    known_parameters = {*YAMLTemplateSerializer().load_template(text)["Parameters"]}
    try:
        before = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError:
        before = None
    unchanged = {item["ParameterKey"] for item in before["Parameters"]} - {*parameters} if before else set()
    values: list[dict[str, Any]] = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    values += [{"ParameterKey": key, "UsePreviousValue": True} for key in unchanged & known_parameters]
    url = templates.upload(client, stage, text)
    request = {"StackName": name, "TemplateURL": url, "Parameters": values, "Capabilities": ["CAPABILITY_IAM"]}
    request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if templates.create_or_update(cloudformation, exists=before is not None, **request):
        waiter = cloudformation.get_waiter("stack_update_complete" if before else "stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 1800})
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return {to_variable_name(key): value for key, value in outputs.items()}


def write_policies(stage: str, names: dict[str, str], *, has_moderation: bool) -> None:
    """Write the functions' policies for a stage, with all names filled in."""
    folder = ROOT / ".chalice" / "stages" / stage
    folder.mkdir(parents=True, exist_ok=True)
    for policy in sorted((ROOT / ".chalice").glob("policy-*.json")):
        document = json.loads(policy.read_text())
        statements = [item for item in document["Statement"] if has_moderation or "Fn::If" not in item]
        document["Statement"] = [_fill_in_names(item.get("Fn::If", [None, item])[1], names) for item in statements]
        (folder / policy.name).write_text(json.dumps(document, indent=2) + "\n")


def _fill_in_names(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_fill_in_names(item, names) for item in value]
    if isinstance(value, dict) and "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda match: names[match[1]], value["Fn::Sub"])
    return {key: _fill_in_names(item, names) for key, item in value.items()} if isinstance(value, dict) else value


def write_configuration(stage: str, outputs: dict[str, str], tags: Mapping[str, str]) -> None:
    """Add the stage to the configuration of `chalice deploy`. Secrets are only named: `packaging` resolves them."""
    file = ROOT / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    variables = {name: value for name, value in outputs.items() if value and name not in _OUTPUTS_FOR_OPERATOR}
    variables["SIGNING_KEYS"] = f"{{{{resolve:secretsmanager:photoshare-{stage}-signing-keys}}}}"
    if key := outputs.get("CDN_KEY"):
        name = f"photoshare-{stage}-cdn-key-{key}"
        variables["CDN_PRIVATE_KEY"] = f"{{{{resolve:secretsmanager:{name}:SecretString:private}}}}"
    if secret := outputs.get("EDGE_SECRET_ARN"):
        parts = [f"{{{{resolve:secretsmanager:{secret}:SecretString:{part}}}}}" for part in ("sent", "accepted")]
        variables["EDGE_SECRETS"] = ",".join(parts)
    environment = {name: value for name, value in variables.items() if name not in API_ONLY_VARIABLES}
    functions: dict[str, dict[str, Any]] = {
        name: {"iam_policy_file": f"stages/{stage}/{function['iam_policy_file']}"}
        for name, function in config["lambda_functions"].items()
    }
    functions["api_handler"]["environment_variables"] = {
        name: variables[name] for name in sorted(API_ONLY_VARIABLES & {*variables})
    }
    config["stages"][stage] = {
        "environment_variables": environment,
        "lambda_functions": functions,
        "tags": dict(tags),
    }
    file.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    with exit_on_failure("The stage was not deployed", TypeError, ValueError, templates.BucketTaken):
        main(*sys.argv[1:])
