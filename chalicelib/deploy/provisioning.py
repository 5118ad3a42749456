"""Keep execution environments of the API function initialized, so that few requests wait for a cold start.

Lambda does this only for a published version. The API therefore calls the function through an alias.
AWS contracts LAM-20, LAM-23.
"""

import json
from typing import Any

ALIAS = "live"
"""The name of the alias. A stage without provisioned concurrency has no alias."""


def provision_api(template: dict[str, Any], count: int) -> None:
    """Add a version and an alias of the API function to the template, and let the API call the alias.

    `count` is the default number of initialized environments.

    Raises:
        ValueError: `count` is less than 1.
    """
    if count < 1:
        raise ValueError("PROVISIONED= must be at least 1. Leave it out for no provisioned concurrency.")
    resources = template["Resources"]
    # A new description changes the function. Without a change, Lambda would publish no version. AWS contract LAM-21.
    resources["APIHandler"]["Properties"]["Description"] = {"Ref": "DeployedAt"}
    resources["ApiVersion"] = {
        "Type": "AWS::Lambda::Version",
        "Properties": {"FunctionName": {"Ref": "APIHandler"}, "Description": {"Ref": "DeployedAt"}},
    }
    resources["ApiAlias"] = {
        "Type": "AWS::Lambda::Alias",
        "Properties": {
            "Name": ALIAS,
            "FunctionName": {"Ref": "APIHandler"},
            "FunctionVersion": {"Fn::GetAtt": ["ApiVersion", "Version"]},
            "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": {"Ref": "ProvisionedConcurrency"}},
        },
    }
    resources["APIHandlerInvokePermission"]["Properties"]["FunctionName"] = {"Ref": "ApiAlias"}
    api = resources["RestAPI"]["Properties"]
    api["DefinitionBody"] = json.loads(json.dumps(api["DefinitionBody"]).replace("${APIHandler.Arn}", "${ApiAlias}"))
    template.setdefault("Parameters", {}).update(_build_parameters(count))


def _build_parameters(count: int) -> dict[str, Any]:
    return {
        "DeployedAt": {
            "Type": "String",
            "AllowedPattern": ".+",
            "Description": "The time of the deployment. Each deployment needs a new value. `make deploy` sets it.",
        },
        "ProvisionedConcurrency": {
            "Type": "Number",
            "Default": count,
            "MinValue": 1,
            "Description": "The number of execution environments of the API function that Lambda keeps initialized.",
        },
    }
