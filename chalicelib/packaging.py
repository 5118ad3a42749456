"""Teaches the chalice command what it leaves out: S3 events, and what only CloudFormation knows of the other resources.

`resources.yaml`, merged in by `chalice package --merge-template`, is in the same stack, so its resources can be named
here. Buckets are named by `Fn::Sub` and never by `Ref` outside the event itself: bucket, function and permission would
form a circle. Where `resources.yaml` is a stack of its own, for `chalice deploy`, it has the API as a parameter of the
name that the API has here as a resource.
"""

import os
import re
import sys
from collections.abc import Callable
from typing import Any

_ENVIRONMENT = {
    "PHOTO_TABLE": {"Fn::Sub": "photoshare-${Stage}-PhotoMetadata"},
    "ACCOUNT_TABLE": {"Fn::Sub": "photoshare-${Stage}-Accounts"},
    "TERM_TABLE": {"Fn::Sub": "photoshare-${Stage}-SearchTerms"},
    "ALBUM_TABLE": {"Fn::Sub": "photoshare-${Stage}-Albums"},
    "ENTRY_TABLE": {"Fn::Sub": "photoshare-${Stage}-AlbumPhotos"},
    "RATING_TABLE": {"Fn::Sub": "photoshare-${Stage}-PhotoRatings"},
    "ORIGINALS_BUCKET": {"Fn::Sub": "photoshare-${Stage}-originals-${AWS::AccountId}"},
    "RENDITIONS_BUCKET": {"Fn::Sub": "photoshare-${Stage}-renditions-${AWS::AccountId}"},
    "JOB_QUEUE_URL": {"Ref": "Jobs"},
    "USER_POOL_ID": {"Ref": "Users"},
    "USER_POOL_CLIENT_ID": {"Ref": "UsersClient"},
    "COGNITO_DOMAIN": {"Fn::Sub": "https://${DomainPrefix}.auth.${AWS::Region}.amazoncognito.com"},
    "BASE_URL": {"Ref": "BaseUrl"},
    "RENDITIONS_BASE_URL": {
        "Fn::If": ["WithCdn", {"Fn::Sub": "https://${RenditionsCdn.DomainName}"}, {"Ref": "RenditionsBaseUrl"}]
    },
    "ALLOWED_ORIGINS": {"Fn::Join": [",", {"Ref": "AllowedOrigins"}]},
    "MAX_PHOTOS": {"Ref": "MaxPhotos"},
    "MAX_BYTES": {"Ref": "MaxBytes"},
    "MODERATION_CONFIDENCE": {"Ref": "ModerationConfidence"},
    "STAGE": {"Ref": "Stage"},
    "SIGNING_KEYS": {"Fn::Sub": "{{resolve:secretsmanager:${SigningKeys}}}"},
}

# No more than this reaches the functions; WAF stops whom one address's flood comes from before that.
_THROTTLE = {"ThrottlingRateLimit": 1000, "ThrottlingBurstLimit": 500}
_SECRET = re.compile(r"\{\{resolve:secretsmanager:(.+)\}\}")


def teach() -> None:
    """Extend the chalice command, where this process is one; elsewhere nothing."""
    package, deployer = sys.modules.get("chalice.package"), sys.modules.get("chalice.deploy.deployer")
    if package is not None:
        generator, merger = package.SAMTemplateGenerator, package.TemplateMergePostProcessor
        generator._generate_s3bucketnotification = _s3_event
        generator.generate = _completed(generator.generate)
        merger.process = _joined(merger.process)
    if deployer is not None:
        swagger, client = deployer.SwaggerGenerator, sys.modules["chalice.awsclient"].TypedAWSClient
        swagger.generate_swagger = _with_refusals(swagger.generate_swagger)
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
    properties["Environment"] = {"Variables": _ENVIRONMENT}
    for event in properties.get("Events", {}).values():
        if event["Type"] == "SQS":
            # Chalice writes the name that it found while packaging, which is of one stage.
            event["Properties"]["Queue"] = {"Fn::GetAtt": ["Jobs", "Arn"]}


def _complete_api(properties: dict[str, Any]) -> None:
    properties["Name"] = {"Fn::Sub": "photoshare-${Stage}"}
    properties["TracingEnabled"] = True
    properties["MethodSettings"] = [{"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": False, **_THROTTLE}]
    # CloudFormation names the API by its document, whatever `Name` says.
    properties["DefinitionBody"]["info"]["title"] = properties["Name"]
    cognito = properties["DefinitionBody"]["securityDefinitions"]["cognito"]
    cognito["x-amazon-apigateway-authorizer"]["providerARNs"] = [{"Fn::GetAtt": ["Users", "Arn"]}]


def _joined(merge: Callable[..., None]) -> Callable[..., None]:
    """Merge, and then have what `resources.yaml` says of the API and of a function by name refer to the resources."""

    def joined(processor: Any, template: dict[str, Any], *rest: Any) -> None:
        merge(processor, template, *rest)
        resources = template["Resources"]
        if "ConfirmRetries" not in resources:
            return
        del template["Parameters"]["RestAPI"], template["Conditions"]["Served"]
        template["Conditions"]["Fronted"] = template["Conditions"]["WithCdn"]
        for part in (*resources.values(), *template["Outputs"].values()):
            if part.get("Condition") == "Served":
                del part["Condition"]
        resources["ConfirmRetries"]["Properties"]["FunctionName"] = {"Ref": "ConfirmUpload"}
        resources["UsagePlan"]["Properties"]["ApiStages"][0]["Stage"] = {"Ref": "RestAPI.Stage"}

    return joined


def _with_refusals(generate: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def generated(*given: Any) -> dict[str, Any]:
        from chalicelib import refusals

        document = generate(*given)
        document["x-amazon-apigateway-gateway-responses"] = refusals.GATEWAY
        if stage := os.environ.get("STAGE"):
            document["info"]["title"] = f"photoshare-{stage}"
        return document

    return generated


def _with_secrets(put: Callable[..., Any]) -> Callable[..., Any]:
    """Let `chalice deploy` resolve a variable that names a secret, as CloudFormation does: no file then holds it."""

    def with_secrets(
        client: Any, *given: Any, environment_variables: dict[str, str] | None = None, **named: Any
    ) -> Any:
        resolved = {}
        for name, value in (environment_variables or {}).items():
            found = _SECRET.fullmatch(value)
            secrets = found and client._client("secretsmanager")
            resolved[name] = secrets.get_secret_value(SecretId=found[1])["SecretString"] if found and secrets else value
        return put(client, *given, environment_variables=resolved, **named)

    return with_secrets
