"""Teaches the chalice command what it leaves out: S3 events, and what only CloudFormation knows of the other resources.

`resources.yaml`, merged in by `chalice package --merge-template`, is in the same stack, so its resources can be named
here. Buckets are named by `Fn::Sub` and never by `Ref` outside the event itself: bucket, function and permission would
form a circle. Where `resources.yaml` is a stack of its own, for `chalice deploy`, it has the API as a parameter of the
name that the API has here as a resource.
"""

import json
import os
import re
import sys
from collections.abc import Callable
from typing import Any

_NOT_THE_APPS = {"AppDomain", "CdnKey", "ClientKey", "JobQueueName", "UserPoolArn"}
_SECRETS = {
    "SIGNING_KEYS": {"Fn::Sub": "{{resolve:secretsmanager:${SigningKeys}}}"},
    "CDN_PRIVATE_KEY": {
        "Fn::If": [
            "WithCdn",
            {"Fn::Sub": "{{resolve:secretsmanager:photoshare-${Stage}-cdn-key-${CdnKey}:SecretString:private}}"},
            "",
        ]
    },
}
OF_THE_API = {"RENDITIONS_BASE_URL", "CDN_KEY_ID", "SECRETS_AS_OF", *_SECRETS}
"""Variables of the API function only, because no other function signs anything. AWS contracts LAM-9, CFN-2."""

# No more than this reaches the functions; WAF stops whom one address's flood comes from before that.
# AWS contract APIGW-8.
_THROTTLE = {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 500}
_SECRET = re.compile(r"\{\{resolve:secretsmanager:([^:]+)(?::SecretString:(\w+))?\}\}")


def extend_chalice() -> None:
    """Extend the chalice command, where this process is one; elsewhere nothing."""
    package, deployer = sys.modules.get("chalice.package"), sys.modules.get("chalice.deploy.deployer")
    if package is not None:
        generator, merger = package.SAMTemplateGenerator, package.TemplateMergePostProcessor
        generator._generate_s3bucketnotification = _s3_event
        generator.generate = _completed(generator.generate)
        merger.process = _joined(merger.process)
    if deployer is not None:
        swagger, client = deployer.SwaggerGenerator, sys.modules["chalice.awsclient"].TypedAWSClient
        swagger.generate_swagger = _with_gateway_responses(swagger.generate_swagger)
        client.deploy_rest_api = _untraced(client.deploy_rest_api)
        client.create_function = _with_secrets(client.create_function)
        client.update_function = _with_secrets(client.update_function)


def _s3_event(_generator: Any, resource: Any, template: dict[str, Any]) -> None:
    from chalice.utils import to_cfn_resource_name

    function = template["Resources"][to_cfn_resource_name(resource.lambda_function.resource_name)]
    uploaded = {"Type": "S3", "Properties": {"Bucket": {"Ref": "Originals"}, "Events": resource.events}}
    function["Properties"]["Events"] = {"Uploaded": uploaded}


def _completed(generate: Callable[[Any, Any], dict[str, Any]]) -> Callable[[Any, Any], dict[str, Any]]:
    def completed(generator: Any, resources: Any) -> dict[str, Any]:
        template = generate(generator, resources)
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Serverless::Function":
                _complete_function(name, resource["Properties"])
            elif resource["Type"] == "AWS::Serverless::Api":
                _complete_api(resource["Properties"])
        return template

    return completed


def _complete_function(name: str, properties: dict[str, Any]) -> None:
    # As `chalice deploy` names them, so that policies, alarms and log groups are the same for both.
    own = "" if name == "APIHandler" else f"-{re.sub('(?<=[a-z])(?=[A-Z])', '_', name).lower()}"
    properties["FunctionName"] = {"Fn::Sub": f"photoshare-${{Stage}}{own}"}
    for event in properties.get("Events", {}).values():
        if event["Type"] == "SQS":
            # Chalice writes the name that it found while packaging, which is of one stage.
            event["Properties"]["Queue"] = {"Fn::GetAtt": ["Jobs", "Arn"]}


def _complete_api(properties: dict[str, Any]) -> None:
    properties["Name"] = {"Fn::Sub": "photoshare-${Stage}"}
    # SAM adds a second, open stage of the name `Stage` where it is not told what the document is.
    properties["OpenApiVersion"] = "2.0"
    # Its traces would hold the paths of share links. Those of the functions do not. AWS contract IAM-8.
    properties["TracingEnabled"] = False
    properties["MethodSettings"] = [{"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": False, **_THROTTLE}]
    # CloudFormation names the API by its document, whatever `Name` says.
    properties["DefinitionBody"]["info"]["title"] = properties["Name"]
    cognito = properties["DefinitionBody"]["securityDefinitions"]["cognito"]
    cognito["x-amazon-apigateway-authorizer"]["providerARNs"] = [{"Fn::GetAtt": ["Users", "Arn"]}]


def variable(output: str) -> str:
    """The environment variable that an output of `resources.yaml` becomes."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def _environment(outputs: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    found = {
        variable(name): {"Fn::If": [output["Condition"], output["Value"], ""]}
        if "Condition" in output
        else output["Value"]
        for name, output in outputs.items()
        if name not in _NOT_THE_APPS
    }
    return {name: value for name, value in (found | _SECRETS).items() if whole or name not in OF_THE_API}


def _joined(merge: Callable[..., None]) -> Callable[..., None]:
    """Merge, and then have what `resources.yaml` says of the API and of a function by name refer to the resources."""

    def joined(processor: Any, template: dict[str, Any], *rest: Any) -> None:
        described = {*template["Outputs"]}
        merge(processor, template, *rest)
        resources = template["Resources"]
        if "ConfirmRetries" not in resources:
            return
        outputs = {name: output for name, output in template["Outputs"].items() if name not in described}
        for name, resource in resources.items():
            if resource["Type"] == "AWS::Serverless::Function":
                variables = _environment(outputs, whole=name == "APIHandler")
                resource["Properties"]["Environment"] = {"Variables": variables}
        del template["Parameters"]["RestAPI"], template["Conditions"]["Served"]
        template["Conditions"]["Fronted"] = template["Conditions"]["WithCdn"]
        for part in (*resources.values(), *template["Outputs"].values()):
            if part.get("Condition") == "Served":
                del part["Condition"]
        resources["ConfirmRetries"]["Properties"]["FunctionName"] = {"Ref": "ConfirmUpload"}
        resources["UsagePlan"]["Properties"]["ApiStages"][0]["Stage"] = {"Ref": "RestAPI.Stage"}

    return joined


def _with_gateway_responses(generate: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def generated(*given: Any) -> dict[str, Any]:
        from chalicelib.deploy.gateway_responses import GATEWAY_RESPONSES

        document = generate(*given)
        # The gateway responses in the document are deployed with the API. AWS contract APIGW-5.
        document["x-amazon-apigateway-gateway-responses"] = GATEWAY_RESPONSES
        if stage := os.environ.get("STAGE"):
            document["info"]["title"] = f"photoshare-{stage}"
        return document

    return generated


def _untraced(deploy: Callable[..., None]) -> Callable[..., None]:
    def untraced(client: Any, **named: Any) -> None:
        deploy(client, **named | {"xray": False})

    return untraced


def _with_secrets(put: Callable[..., Any]) -> Callable[..., Any]:
    """Let `chalice deploy` resolve a variable that names a secret, as CloudFormation does: no file then holds it."""

    def with_secrets(
        client: Any, *given: Any, environment_variables: dict[str, str] | None = None, **named: Any
    ) -> Any:
        resolved = dict(environment_variables or {})
        for name, value in resolved.items():
            if found := _SECRET.fullmatch(value):
                secrets = client._client("secretsmanager")
                secret = secrets.get_secret_value(SecretId=found[1])["SecretString"]
                resolved[name] = json.loads(secret)[found[2]] if found[2] else secret
        return put(client, *given, environment_variables=resolved, **named)

    return with_secrets
