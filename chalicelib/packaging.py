"""Teaches `chalice package` what it leaves out: S3 events, and what only CloudFormation knows of the other resources.

`resources.yaml`, merged in by `--merge-template`, is in the same stack, so its resources can be named here. Buckets are
named by `Fn::Sub` and never by `Ref` outside the event itself: bucket, function and permission would form a circle.
"""

import sys
from collections.abc import Callable
from typing import Any

_ENVIRONMENT = {
    "PHOTO_TABLE": {"Fn::Sub": "photoshare-${Stage}-PhotoMetadata"},
    "ACCOUNT_TABLE": {"Fn::Sub": "photoshare-${Stage}-Accounts"},
    "TERM_TABLE": {"Fn::Sub": "photoshare-${Stage}-SearchTerms"},
    "ORIGINALS_BUCKET": {"Fn::Sub": "photoshare-${Stage}-originals-${AWS::AccountId}"},
    "RENDITIONS_BUCKET": {"Fn::Sub": "photoshare-${Stage}-renditions-${AWS::AccountId}"},
    "JOB_QUEUE_URL": {"Ref": "Jobs"},
    "USER_POOL_ID": {"Ref": "Users"},
    "USER_POOL_CLIENT_ID": {"Ref": "UsersClient"},
    "COGNITO_DOMAIN": {"Fn::Sub": "https://${DomainPrefix}.auth.${AWS::Region}.amazoncognito.com"},
    "BASE_URL": {"Ref": "BaseUrl"},
    "RENDITIONS_BASE_URL": {"Ref": "RenditionsBaseUrl"},
    "ALLOWED_ORIGINS": {"Fn::Join": [",", {"Ref": "AllowedOrigins"}]},
    "SIGNING_KEYS": {"Fn::Sub": "{{resolve:secretsmanager:${SigningKeys}}}"},
}
# Only functions read it, so it is no parameter of the resources, whose linter wants each to be used there.
_RENDITIONS_BASE_URL = {
    "Type": "String",
    "Default": "",
    "AllowedPattern": "(https://[^/]+(/[^/]+)*)?",
    "Description": "A CDN in front of the renditions bucket, without a trailing slash; empty where there is none.",
}


def teach() -> None:
    """Extend the generator, where this process is `chalice package`; elsewhere nothing."""
    package = sys.modules.get("chalice.package")
    if package is not None:
        generator = package.SAMTemplateGenerator
        generator._generate_s3bucketnotification = _s3_event
        generator.generate = _completed(generator.generate)


def _s3_event(_generator: Any, resource: Any, template: dict[str, Any]) -> None:
    from chalice.utils import to_cfn_resource_name

    function = template["Resources"][to_cfn_resource_name(resource.lambda_function.resource_name)]
    uploaded = {"Type": "S3", "Properties": {"Bucket": {"Ref": "Originals"}, "Events": resource.events}}
    function["Properties"]["Events"] = {"Uploaded": uploaded}


def _completed(generate: Callable[[Any, Any], dict[str, Any]]) -> Callable[[Any, Any], dict[str, Any]]:
    def completed(generator: Any, resources: Any) -> dict[str, Any]:
        template = generate(generator, resources)
        template["Parameters"] = {"RenditionsBaseUrl": _RENDITIONS_BASE_URL, **template.get("Parameters", {})}
        for resource in template["Resources"].values():
            properties = resource["Properties"]
            if resource["Type"] == "AWS::Serverless::Function":
                properties["Environment"] = {"Variables": _ENVIRONMENT}
                for event in properties.get("Events", {}).values():
                    if event["Type"] == "SQS":
                        # Chalice writes the name that it found while packaging, which is of one stage.
                        event["Properties"]["Queue"] = {"Fn::GetAtt": ["Jobs", "Arn"]}
            elif resource["Type"] == "AWS::Serverless::Api":
                cognito = properties["DefinitionBody"]["securityDefinitions"]["cognito"]
                cognito["x-amazon-apigateway-authorizer"]["providerARNs"] = [{"Fn::GetAtt": ["Users", "Arn"]}]
        return template

    return completed
