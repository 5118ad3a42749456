"""`python -m release.stage STAGE [Parameter=value ...]`: all of a stage but its functions, for `chalice deploy`.

CloudFormation makes it; its outputs become the stage's environment in `.chalice/config.json`, and the functions'
policies are written for the stage beside it, since Chalice takes them to the letter. Run again after `chalice deploy`,
it adds what wants an API or a function to be there: CDN, usage plan, retries. What is not given stays as it was.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from chalice.package import YAMLTemplateSerializer

from chalicelib.deploy.packaging import API_ONLY_VARIABLES, variable_name
from release import templates

ROOT = Path(__file__).parent.parent
_FOR_WHOEVER_DEPLOYS = {"APP_DOMAIN", "CDN_KEY", "CLIENT_KEY"}


def main(stage: str, *given: str) -> None:
    """Create or update, and record."""
    session = boto3.Session()
    parameters = {"Stage": stage, **api_of(stage), **dict(each.split("=", 1) for each in given)}
    outputs = deploy(session.client, stage, parameters)
    account = session.client("sts").get_caller_identity()
    names = {
        "AWS::AccountId": account["Account"],
        "AWS::Partition": account["Arn"].split(":")[1],
        "AWS::Region": session.region_name,
        "Stage": stage,
        "TableSuffix": outputs["PHOTO_TABLE"].removeprefix(f"photoshare-{stage}-PhotoMetadata"),
        "Users.Arn": outputs["USER_POOL_ARN"],
    }
    write_policies(stage, names, moderated="MODERATION_CONFIDENCE" in outputs)
    record(stage, outputs)
    print(f"Recorded in .chalice/config.json. Next: chalice deploy --stage {stage}")


def api_of(stage: str) -> dict[str, str]:
    """The API that `chalice deploy` has made for the stage, as a parameter; nothing where it has not run yet."""
    deployed = ROOT / ".chalice" / "deployed" / f"{stage}.json"
    resources = json.loads(deployed.read_text())["resources"] if deployed.exists() else []
    found = [each["rest_api_id"] for each in resources if each["resource_type"] == "rest_api"]
    return {"RestAPI": found[0]} if found else {}


def deploy(client: Callable[[str], Any], stage: str, parameters: dict[str, str]) -> dict[str, str]:
    """Create or update the stage's stack and return its outputs, named as environment variables.

    Parameters that are not given keep their previous value. `client` makes the client of a service from its name.

    Raises:
        BucketTaken: another AWS account owns the name of the template bucket.
    """
    cloudformation, name = client("cloudformation"), f"photoshare-{stage}-resources"
    text = (ROOT / "resources.yaml").read_text()
    known = {*YAMLTemplateSerializer().load_template(text)["Parameters"]}
    try:
        before = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError:
        before = None
    kept = {each["ParameterKey"] for each in before["Parameters"]} - {*parameters} if before else set()
    wanted: list[dict[str, Any]] = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    wanted += [{"ParameterKey": key, "UsePreviousValue": True} for key in kept & known]
    url = templates.upload(client, stage, text)
    asked = {"StackName": name, "TemplateURL": url, "Parameters": wanted, "Capabilities": ["CAPABILITY_IAM"]}
    if templates.create_or_update(cloudformation, exists=before is not None, **asked):
        waiter = cloudformation.get_waiter("stack_update_complete" if before else "stack_create_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 2, "MaxAttempts": 1800})
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return {variable_name(key): value for key, value in outputs.items()}


def write_policies(stage: str, names: dict[str, str], *, moderated: bool) -> None:
    """The functions' policies with every name filled in."""
    folder = ROOT / ".chalice" / "stages" / stage
    folder.mkdir(parents=True, exist_ok=True)
    for policy in sorted((ROOT / ".chalice").glob("policy-*.json")):
        document = json.loads(policy.read_text())
        found = [each for each in document["Statement"] if moderated or "Fn::If" not in each]
        document["Statement"] = [_named(each.get("Fn::If", [None, each])[1], names) for each in found]
        (folder / policy.name).write_text(json.dumps(document, indent=2) + "\n")


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_named(each, names) for each in value]
    if isinstance(value, dict) and "Fn::Sub" in value:
        return re.sub(r"\$\{([^}]+)\}", lambda found: names[found[1]], value["Fn::Sub"])
    return {key: _named(each, names) for key, each in value.items()} if isinstance(value, dict) else value


def record(stage: str, outputs: dict[str, str]) -> None:
    """Make the stage one that `chalice deploy` knows. Secrets are only named; `packaging` has them fetched."""
    file = ROOT / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    given = {name: value for name, value in outputs.items() if value and name not in _FOR_WHOEVER_DEPLOYS}
    given["SIGNING_KEYS"] = f"{{{{resolve:secretsmanager:photoshare-{stage}-signing-keys}}}}"
    if key := outputs.get("CDN_KEY"):
        name = f"photoshare-{stage}-cdn-key-{key}"
        given["CDN_PRIVATE_KEY"] = f"{{{{resolve:secretsmanager:{name}:SecretString:private}}}}"
    environment = {name: value for name, value in given.items() if name not in API_ONLY_VARIABLES}
    functions: dict[str, dict[str, Any]] = {
        name: {"iam_policy_file": f"stages/{stage}/{each['iam_policy_file']}"}
        for name, each in config["lambda_functions"].items()
    }
    functions["api_handler"]["environment_variables"] = {
        name: given[name] for name in sorted(API_ONLY_VARIABLES & {*given})
    }
    config["stages"][stage] = {"environment_variables": environment, "lambda_functions": functions}
    file.write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (BotoCoreError, ClientError, TypeError, ValueError, templates.BucketTaken) as error:
        sys.exit(f"The stage was not deployed: {error}")
