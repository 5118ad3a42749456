"""With provisioned concurrency, the API calls the newest version of its function through an alias."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.deploy.provisioning import ALIAS, provision_api
from local.cloud import Cloud
from release.read_only import mark_read_only
from tests.support.deployer import BUCKET, deploy, run_empty_cloud
from tests.support.rest import send

pytestmark = pytest.mark.xdist_group("policies")

STAGE = "warm"
FUNCTION = f"photoshare-{STAGE}"
CODE = """
import os
def app(event, context):
    return {"statusCode": 200, "body": os.environ["TEXT"] + os.environ.get("READ_ONLY", "")}
"""
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${APIHandler.Arn}/invocations"


def build_template(text: str, count: int) -> str:
    """Return the template of an API with one function. `count` is the number of initialized environments."""
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": URI}}
    paths = {"/text": {"get": {"x-amazon-apigateway-integration": integration, "responses": {}}}}
    document = {"swagger": "2.0", "info": {"title": STAGE, "version": "1"}, "paths": paths}
    function = {
        "FunctionName": FUNCTION,
        "Runtime": "python3.12",
        "Handler": "index.app",
        "InlineCode": CODE,
        "Environment": {"Variables": {"TEXT": text}},
    }
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "APIHandler"},
        "Principal": "apigateway.amazonaws.com",
    }
    api = {"StageName": "api", "DefinitionBody": document, "OpenApiVersion": "2.0"}
    template: dict[str, Any] = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "APIHandler": {"Type": "AWS::Serverless::Function", "Properties": function},
            "APIHandlerInvokePermission": {"Type": "AWS::Lambda::Permission", "Properties": permission},
            "RestAPI": {"Type": "AWS::Serverless::Api", "Properties": api},
        },
    }
    if count:
        provision_api(template, count)
    return json.dumps(template)


class Stage:
    """An API in an emulator."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.lambdas = cloud, cloud.client("lambda")
        cloud.client("s3").create_bucket(Bucket=BUCKET)

    def deploy(self, text: str, count: int, **parameters: str) -> None:
        """Deploy a function whose API returns a text."""
        role = "arn:aws:iam::000000000000:role/builder"
        deploy(self.cloud.client, STAGE, build_template(text, count), parameters, role)

    def read(self) -> str:
        """Return the text that the API returns."""
        (api,) = self.cloud.client("apigateway").get_rest_apis()["items"]
        url = f"{self.cloud.env['AWS_ENDPOINT_URL']}/restapis/{api['id']}/api/_user_request_/text"
        return send("GET", url).content.decode()

    def read_version(self) -> str:
        """Return the version that the alias names."""
        return str(self.lambdas.get_alias(FunctionName=FUNCTION, Name=ALIAS)["FunctionVersion"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("provisioning")
    with run_empty_cloud(folder) as cloud:
        yield Stage(cloud)
    shutil.rmtree(folder)


def test_api_follows_each_deployment_and_each_change_of_the_mode(stage: Stage) -> None:
    stage.deploy("plain", 0)
    assert stage.read() == "plain"
    stage.deploy("one", 2, DeployedAt="1")
    assert (stage.read(), stage.read_version()) == ("one", "1")
    config = stage.lambdas.get_provisioned_concurrency_config(FunctionName=FUNCTION, Qualifier=ALIAS)
    assert config["RequestedProvisionedConcurrentExecutions"] == 2
    stage.deploy("two", 2, DeployedAt="2", ProvisionedConcurrency="3")
    assert (stage.read(), stage.read_version()) == ("two", "2")
    for _ in range(2):
        mark_read_only(stage.lambdas, FUNCTION, is_on=True)
    assert (stage.read(), stage.read_version()) == ("two1", "3")
    mark_read_only(stage.lambdas, FUNCTION, is_on=False)
    assert stage.read() == "two"
    # A change that is not published does not reach the API.
    unpublished = {"Variables": {"TEXT": "unpublished"}}
    stage.lambdas.update_function_configuration(FunctionName=FUNCTION, Environment=unpublished)
    assert stage.read() == "two"
    # The same package is a new version in each deployment.
    stage.deploy("two", 2, DeployedAt="3")
    assert stage.read() == "two"
    stage.deploy("plain", 0)
    assert stage.read() == "plain"
    with pytest.raises(stage.lambdas.exceptions.ResourceNotFoundException):
        stage.read_version()
