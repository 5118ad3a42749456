"""The service on moto: the real app, the real template, a gateway that verifies, an identity provider that signs."""

import os
from collections.abc import Iterator
from pathlib import Path

os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

import boto3
import pytest
from moto import mock_aws

from chalicelib import aws, wiring
from tests import idp as identity_provider
from tests.cloud import Cloud
from tests.idp import IdentityProvider

ROOT = Path(__file__).parent.parent
ORIGIN = "http://localhost:8000"


@pytest.fixture(scope="session")
def provider() -> Iterator[IdentityProvider]:
    """One identity provider for all tests."""
    with identity_provider.running() as provider:
        yield provider


@pytest.fixture
def idp(provider: IdentityProvider) -> IdentityProvider:
    """The identity provider, as new."""
    provider.reset()
    return provider


@pytest.fixture
def cloud(idp: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An empty deployment of the service."""
    with mock_aws():
        for name, value in deploy().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("USER_POOL_ID", identity_provider.POOL)
        monkeypatch.setenv("USER_POOL_CLIENT_ID", identity_provider.CLIENT)
        monkeypatch.setenv("COGNITO_DOMAIN", idp.url)
        monkeypatch.setenv("JWKS_URL", f"{idp.url}/jwks.json")
        monkeypatch.setenv("BASE_URL", ORIGIN)
        monkeypatch.setenv("ALLOWED_ORIGINS", f"{ORIGIN}, https://app.example.com")
        monkeypatch.setenv("SIGNING_KEYS", "new-key,old-key")
        forget_clients()
        yield Cloud(idp)
    forget_clients()


def deploy() -> dict[str, str]:
    """Create the stack; its outputs, as the environment variables they become."""
    parameters = {
        "Stage": "test",
        "BaseUrl": ORIGIN,
        "AllowedOrigins": ORIGIN,
        "DomainPrefix": "photoshare-test",
    }
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(
        StackName="photoshare-test",
        TemplateBody=(ROOT / "resources.yaml").read_text(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    outputs = cloudformation.describe_stacks(StackName="photoshare-test")["Stacks"][0]["Outputs"]
    made = {_variable(output["OutputKey"]): output["OutputValue"] for output in outputs}
    # moto leaves this property of the template out.
    boto3.client("s3").put_bucket_versioning(
        Bucket=made["ORIGINALS_BUCKET"], VersioningConfiguration={"Status": "Enabled"}
    )
    return made


def forget_clients() -> None:
    """Have the app build its services anew."""
    for built in (wiring.settings, wiring.store, wiring.bucket, wiring.identity, wiring.queue, aws._session):
        built.cache_clear()


def _variable(output: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in output).lstrip("_").upper()
