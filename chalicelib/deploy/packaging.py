"""Extend the chalice command: add S3 events, references to resources, throttling, secrets and gateway responses.

`chalice package --merge-template` merges `resources.yaml` into the template of the functions, so that the functions can
refer to its resources. Only the S3 event refers to a bucket by `Ref`. Everything else uses `Fn::Sub`, because bucket,
function and permission would otherwise form a dependency cycle. For `chalice deploy`, `resources.yaml` is a separate
stack. Its parameter for the API has the same name as the API resource in the merged template.
"""

import json
import os
import re
import sys
from collections.abc import Callable
from typing import Any

from chalicelib.deploy.provisioning import provision_api

_OUTPUTS_WITHOUT_VARIABLE = {
    "ApiDomain",
    "AppDomain",
    "CdnKey",
    "ClientKey",
    "DatabaseSecretArn",
    "EdgeSecretArn",
    "JobConcurrency",
    "JobQueueName",
    "SecurityGroupIds",
    "UserPoolArn",
}
_EDGE_SECRET = "{{{{resolve:secretsmanager:${{EdgeSecret}}:SecretString:{}}}}}"
_SECRETS = {
    "SIGNING_KEYS": {"Fn::Sub": "{{resolve:secretsmanager:${SigningKeys}}}"},
    "CDN_PRIVATE_KEY": {
        "Fn::If": [
            "WithCdn",
            {"Fn::Sub": "{{resolve:secretsmanager:photoshare-${Stage}-cdn-key-${CdnKey}:SecretString:private}}"},
            "",
        ]
    },
    "EDGE_SECRETS": {
        "Fn::If": ["EdgeOnlyApi", {"Fn::Sub": ",".join(map(_EDGE_SECRET.format, ("sent", "accepted")))}, ""]
    },
}
_DATABASE_URL = {
    "Fn::If": ["OnPostgres", {"Fn::Sub": "{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:url}}"}, ""]
}
API_ONLY_VARIABLES = {"RENDITIONS_BASE_URL", "CDN_KEY_ID", "SECRETS_AS_OF", *_SECRETS}
"""Variables of the API function only, because the other functions sign nothing. AWS contracts LAM-9, CFN-2."""

_NOTHING = {"Ref": "AWS::NoValue"}
_VPC = {name: {"Fn::Split": [",", {"Ref": name}]} for name in ("SubnetIds", "SecurityGroupIds")}
_CONNECT_DATABASE = {
    "Sid": "ConnectDatabase",
    "Effect": "Allow",
    "Action": ["dsql:DbConnect"],
    "Resource": [
        {
            "Fn::If": [
                "CreatesDsql",
                {"Fn::GetAtt": ["Database", "ResourceArn"]},
                {"Fn::Sub": "arn:${AWS::Partition}:dsql:${AWS::Region}:${AWS::AccountId}:cluster/${DsqlCluster}"},
            ]
        }
    ],
}
# These actions support no other resource. AWS contract LAM-14.
_JOIN_VPC = {
    "Sid": "JoinVpc",
    "Effect": "Allow",
    "Action": [
        *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"),
    ],
    "Resource": ["*"],
}

# The limit of all clients together. WAF blocks a single address that sends too many requests before this limit.
# AWS contract APIGW-8.
_THROTTLE = {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 500}
_SECRET = re.compile(r"\{\{resolve:secretsmanager:((?:arn(?::[^:}]+){6})|[^:}]+)(?::SecretString:(\w+))?\}\}")


def extend_chalice() -> None:
    """Extend the chalice command if this process runs it. Otherwise do nothing."""
    package, deployer = sys.modules.get("chalice.package"), sys.modules.get("chalice.deploy.deployer")
    if packager := sys.modules.get("chalice.deploy.packager"):
        from chalicelib.deploy import building  # The functions do not need it, and import this module.

        building.extend_packager(packager, sys.modules["chalice.utils"].OSUtils)
    if package is not None:
        generator, merger = package.SAMTemplateGenerator, package.TemplateMergePostProcessor
        generator._generate_s3bucketnotification = _add_s3_event
        generator.generate = _wrap_generate(generator.generate)
        merger.process = _wrap_merge(merger.process)
    if deployer is not None:
        swagger, client = deployer.SwaggerGenerator, sys.modules["chalice.awsclient"].TypedAWSClient
        swagger.generate_swagger = _wrap_generate_swagger(swagger.generate_swagger)
        client.deploy_rest_api = _wrap_deploy_api(client.deploy_rest_api)
        client.create_function = _wrap_put_function(client.create_function)
        client.update_function = _wrap_put_function(client.update_function)


def _add_s3_event(_generator: Any, resource: Any, template: dict[str, Any]) -> None:
    from chalice.utils import to_cfn_resource_name

    function = template["Resources"][to_cfn_resource_name(resource.lambda_function.resource_name)]
    event = {"Type": "S3", "Properties": {"Bucket": {"Ref": "Originals"}, "Events": resource.events}}
    function["Properties"]["Events"] = {"Uploaded": event}


def _wrap_generate(generate: Callable[[Any, Any], dict[str, Any]]) -> Callable[[Any, Any], dict[str, Any]]:
    def generate_complete(generator: Any, resources: Any) -> dict[str, Any]:
        template = generate(generator, resources)
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                _complete_function(name, resource["Properties"])
            elif resource["Type"] == "AWS::Serverless::Api":
                _complete_api(resource["Properties"])
            elif resource["Type"] == "AWS::IAM::Role":
                _complete_role(resource["Properties"])
        if count := os.environ.get("PROVISIONED"):
            provision_api(template, int(count))
        return template

    return generate_complete


def _complete_function(name: str, properties: dict[str, Any]) -> None:
    # Use the names of `chalice deploy`, so that the same policies, alarms and log groups fit both ways to deploy.
    suffix = "" if name == "APIHandler" else f"-{re.sub('(?<=[a-z])(?=[A-Z])', '_', name).lower()}"
    properties["FunctionName"] = {"Fn::Sub": f"photoshare-${{Stage}}{suffix}"}
    # The default of Lambda. A job that enqueued itself would otherwise cost money without an end. AWS contract LAM-4.
    properties["RecursiveLoop"] = "Terminate"
    properties["VpcConfig"] = {"Fn::If": ["InVpc", _VPC, _NOTHING]}
    for event in properties.get("Events", {}).values():
        if event["Type"] == "SQS":
            # Chalice writes a fixed queue name and a fixed concurrency, which fit only one stage.
            event["Properties"]["Queue"] = {"Fn::GetAtt": ["Jobs", "Arn"]}
            event["Properties"]["ScalingConfig"] = {"MaximumConcurrency": {"Ref": "JobConcurrency"}}


def _complete_role(properties: dict[str, Any]) -> None:
    """Allow a function to reach the SQL database of the stack, if there is one."""
    statements = properties["Policies"][0]["PolicyDocument"]["Statement"]
    statements += [{"Fn::If": ["OnDsql", _CONNECT_DATABASE, _NOTHING]}, {"Fn::If": ["InVpc", _JOIN_VPC, _NOTHING]}]


def _complete_api(properties: dict[str, Any]) -> None:
    properties["Name"] = {"Fn::Sub": "photoshare-${Stage}"}
    # Without this version, SAM adds a second stage named `Stage` that is open to everyone.
    properties["OpenApiVersion"] = "2.0"
    # Traces of the API would contain the paths of share links, which are secret. Traces of the functions do not.
    # AWS contract IAM-8.
    properties["TracingEnabled"] = False
    properties["MethodSettings"] = [{"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": False, **_THROTTLE}]
    # CloudFormation takes the name of the API from its document and ignores `Name`.
    properties["DefinitionBody"]["info"]["title"] = properties["Name"]
    cognito = properties["DefinitionBody"]["securityDefinitions"]["cognito"]
    cognito["x-amazon-apigateway-authorizer"]["providerARNs"] = [{"Fn::GetAtt": ["Users", "Arn"]}]


def to_variable_name(output: str) -> str:
    """Return the name of the environment variable for an output of `resources.yaml`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def _build_environment(outputs: dict[str, Any], *, is_api: bool) -> dict[str, Any]:
    variables = {
        to_variable_name(name): {"Fn::If": [output["Condition"], output["Value"], ""]}
        if "Condition" in output
        else output["Value"]
        for name, output in outputs.items()
        if name not in _OUTPUTS_WITHOUT_VARIABLE
    }
    variables |= {"DATABASE_URL": _DATABASE_URL} | _SECRETS
    return {name: value for name, value in variables.items() if is_api or name not in API_ONLY_VARIABLES}


def _wrap_merge(merge: Callable[..., None]) -> Callable[..., None]:
    """Merge `resources.yaml`, and turn its parameter for the API and its function name into references to resources."""

    def merge_and_connect(processor: Any, template: dict[str, Any], *args: Any) -> None:
        chalice_outputs = {*template["Outputs"]}
        merge(processor, template, *args)
        resources = template["Resources"]
        if "ConfirmRetries" not in resources:
            return
        outputs = {name: output for name, output in template["Outputs"].items() if name not in chalice_outputs}
        for name, resource in resources.items():
            if resource["Type"] == "AWS::Serverless::Function":
                variables = _build_environment(outputs, is_api=name == "APIHandler")
                resource["Properties"]["Environment"] = {"Variables": variables}
        del template["Parameters"]["RestAPI"], template["Conditions"]["HasApi"]
        template["Conditions"] = {name: _assume_api(part) for name, part in template["Conditions"].items()}
        for part in (*resources.values(), *template["Outputs"].values()):
            if part.get("Condition") == "HasApi":
                del part["Condition"]
        resources["ConfirmRetries"]["Properties"]["FunctionName"] = {"Ref": "ConfirmUpload"}
        resources["UsagePlan"]["Properties"]["ApiStages"][0]["Stage"] = {"Ref": "RestAPI.Stage"}
        resources["ApiDomainRoot"]["Properties"]["Stage"] = {"Ref": "RestAPI.Stage"}

    return merge_and_connect


def _assume_api(condition: dict[str, Any]) -> dict[str, Any]:
    """Drop `HasApi` from a condition that requires all of its parts."""
    parts = [part for part in condition.get("Fn::And", []) if part != {"Condition": "HasApi"}]
    return condition if not parts else parts[0] if len(parts) == 1 else {"Fn::And": parts}


def _wrap_generate_swagger(generate: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def generate_with_responses(*args: Any) -> dict[str, Any]:
        from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES

        document = generate(*args)
        # The gateway responses in the document are deployed with the API. AWS contract APIGW-5.
        document["x-amazon-apigateway-gateway-responses"] = GATEWAY_RESPONSES
        if stage := os.environ.get("STAGE"):
            document["info"]["title"] = f"photoshare-{stage}"
        return document

    return generate_with_responses


def _wrap_deploy_api(deploy: Callable[..., None]) -> Callable[..., None]:
    def deploy_without_xray(client: Any, **kwargs: Any) -> None:
        deploy(client, **kwargs | {"xray": False})

    return deploy_without_xray


def _wrap_put_function(put: Callable[..., Any]) -> Callable[..., Any]:
    """Resolve environment variables that name a secret, as CloudFormation does. No file then contains the secret."""

    def put_with_secrets(
        client: Any, *args: Any, environment_variables: dict[str, str] | None = None, **kwargs: Any
    ) -> Any:
        def resolve(reference: re.Match[str]) -> str:
            secret: str = client._client("secretsmanager").get_secret_value(SecretId=reference[1])["SecretString"]
            return str(json.loads(secret)[reference[2]]) if reference[2] else secret

        variables = dict(environment_variables or {})
        variables = {name: _SECRET.sub(resolve, value) for name, value in variables.items()}
        return put(client, *args, environment_variables=variables, **kwargs)

    return put_with_secrets
