"""Fixtures for the service on moto: the real app and template, a local gateway, and a local identity provider.

The gateway verifies the tokens that the identity provider signs.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import scrypt
from uuid import uuid4

if not os.environ.get("AWS_TEST_STAGE"):
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

import boto3
import pytest
from hypothesis import settings
from moto import mock_aws

from chalicelib import wiring
from chalicelib.domain import share_links
from chalicelib.infra import aws
from local import stack
from tests.support import idp as identity_provider
from tests.support import postgres_rows, rows
from tests.support.backends import list_backends
from tests.support.cloud import SERVER_ERRORS, Client, Cloud
from tests.support.fast_moto import shortcuts
from tests.support.idp import IdentityProvider
from tests.support.policies import VIOLATIONS
from tests.support.postgres_server import PostgresServer, running_server
from tests.support.rows import Backend
from tests.support.services import rebuild_services
from tests.support.time_budget import TimeBudget

ORIGIN = "http://localhost:8000"


def hash_cheaply(password: bytes, *, salt: bytes, dklen: int, **_: int) -> bytes:
    """Hash a password without the cost that protects it. With that cost, each hash takes a fifth of a second."""
    return scrypt(password, salt=salt, n=2, r=1, p=1, dklen=dklen)


settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_configure(config: pytest.Config) -> None:
    """Print the time budget at the end, unless this process only works for another one."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(TimeBudget())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the longest test that is in no group. If it ran last, the other workers would wait for it."""
    items.sort(key=lambda item: item.path.name != "test_model.py")


def pytest_collection_finish() -> None:
    """Exclude the modules and tests from garbage collection, because they never become garbage.

    They are hundreds of thousands of objects. A deployment on moto would spend half of its time on their collection.
    """
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long and binary parameters by their argument, because such names can differ between the workers of a run."""
    return argname if isinstance(val, bytes) or (isinstance(val, str) and len(val) > 60) else None


@pytest.fixture(scope="session")
def provider() -> Iterator[IdentityProvider]:
    """One identity provider for all tests."""
    with identity_provider.running() as provider:
        yield provider


@pytest.fixture(scope="module")
def empty_backend(request: pytest.FixtureRequest) -> Iterator[Callable[[], Backend]]:
    """A function that returns empty stores. `list_backends` chooses the implementations."""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        with postgres_rows.on_postgres(server) as empty:
            yield empty
    else:
        with rows.on_dynamodb(deploy) as empty:
            yield empty


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL server. Skip the test if none is installed, except in CI."""
    with running_server() as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the storage contracts on every implementation."""
    if "empty_backend" in metafunc.fixturenames:
        backends = list_backends(metafunc.module.__name__)
        metafunc.parametrize("empty_backend", backends, indirect=True, scope="module")


@pytest.fixture
def backend(empty_backend: Callable[[], Backend]) -> Backend:
    """An empty store."""
    return empty_backend()


@pytest.fixture(autouse=True)
def no_server_error(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that receives a 500, unless the test provokes one."""
    SERVER_ERRORS.clear()
    yield
    assert not SERVER_ERRORS or request.node.get_closest_marker("provokes_500")


@pytest.fixture(autouse=True)
def within_policies() -> Iterator[None]:
    """Fail a test in which a function exceeds its policy. moto itself does not check policies."""
    VIOLATIONS.clear()
    yield
    assert VIOLATIONS == []


@pytest.fixture
def idp(provider: IdentityProvider) -> IdentityProvider:
    """The identity provider in its initial state."""
    provider.reset()
    return provider


@pytest.fixture
def cloud(idp: IdentityProvider) -> Iterator[Cloud]:
    """An empty deployment of the service."""
    with deployment(idp) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def deployed(provider: IdentityProvider) -> Iterator[Cloud]:
    """One deployment for a module. A module uses this or `cloud`, but not both, because they share moto."""
    with deployment(provider) as cloud:
        yield cloud


@pytest.fixture
def shared_cloud(deployed: Cloud, idp: IdentityProvider) -> Cloud:
    """The deployment of the module, for tests that do not need an empty deployment."""
    assert deployed.idp is idp
    rebuild_services()
    deployed.calls.clear()
    return deployed


@pytest.fixture
def ann(shared_cloud: Cloud) -> Client:
    """A signed-in user without photos or albums."""
    return shared_cloud.person(f"ann-{uuid4()}")


@contextmanager
def deployment(idp: IdentityProvider) -> Iterator[Cloud]:
    """Deploy the service on moto, with this identity provider."""
    with mock_aws(), shortcuts(), pytest.MonkeyPatch.context() as environment:
        for name, value in deploy().items():
            environment.setenv(name, value)
        environment.setenv("USER_POOL_ID", identity_provider.POOL)
        environment.setenv("USER_POOL_CLIENT_ID", identity_provider.CLIENT)
        environment.setenv("COGNITO_DOMAIN", idp.url)
        environment.setenv("JWKS_URL", f"{idp.url}/jwks.json")
        environment.setenv("BASE_URL", ORIGIN)
        environment.setenv("ALLOWED_ORIGINS", f"{ORIGIN}, https://app.example.com")
        environment.setenv("SIGNING_KEYS", "new-key,old-key")
        environment.setattr(share_links, "scrypt", hash_cheaply)
        forget_clients()
        yield Cloud(idp)
    forget_clients()


def deploy() -> dict[str, str]:
    """Create the stack. Return its outputs, named as environment variables."""
    outputs = stack.deploy(boto3.client, "test", ORIGIN)
    # moto ignores this property of the template.
    boto3.client("s3").put_bucket_versioning(
        Bucket=outputs["ORIGINALS_BUCKET"], VersioningConfiguration={"Status": "Enabled"}
    )
    return outputs


def forget_clients() -> None:
    """Make the app rebuild its services and clients at the next use."""
    for factory in (*vars(wiring).values(), aws._get_session):
        if hasattr(factory, "cache_clear"):
            factory.cache_clear()
