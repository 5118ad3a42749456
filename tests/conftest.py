"""Fixtures for the service on moto: the real app and template, a local gateway, and a local identity provider.

The gateway verifies the tokens that the identity provider signs.
"""

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import scrypt
from threading import Lock
from types import MappingProxyType
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
from xdist.remote import Producer

from chalicelib import wiring
from chalicelib.domain import share_links
from chalicelib.infra import aws
from local import stack
from tests.support import idp as identity_provider
from tests.support import postgres_rows, rows
from tests.support.backends import list_backends, list_stores
from tests.support.chosen_store import EmptyStore, opened_store
from tests.support.cloud import SERVER_ERRORS, Client, Cloud
from tests.support.dsql import DsqlProxy, running_proxy
from tests.support.fast_moto import shortcuts
from tests.support.idp import IdentityProvider
from tests.support.policies import VIOLATIONS
from tests.support.postgres_server import PostgresServer, running_server
from tests.support.rows import Backend
from tests.support.scheduling import Modules, rank
from tests.support.services import rebuild_services
from tests.support.stored.dynamodb import DynamoStored
from tests.support.stored.facts import Stored
from tests.support.stored.postgres import PostgresStored
from tests.support.time_budget import TimeBudget

ORIGIN = "http://localhost:8000"
_DEPLOYMENT_LOCK = Lock()
"""Held while a deployment exists."""


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


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Modules:
    """Give whole modules to the processes of a parallel run."""
    return Modules(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the longest tests."""
    items.sort(key=rank)


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
        with postgres_rows.on_sql(postgres_rows.new_database(server)) as empty:
            yield empty
    elif request.param == "dsql":
        proxy: DsqlProxy = request.getfixturevalue("dsql_proxy")
        with postgres_rows.on_sql(proxy.new_database()) as empty:
            yield empty
    else:
        with rows.on_dynamodb(deploy) as empty:
            yield empty


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL server. Skip the test if none is installed, except in CI."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def dsql_proxy(postgres_server: PostgresServer) -> Iterator[DsqlProxy]:
    """A stand-in for Aurora DSQL in front of the PostgreSQL server."""
    with running_proxy(postgres_server) as proxy:
        yield proxy


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the storage contracts, and the tests with the mark `every_store`, on every implementation."""
    module = metafunc.module.__name__
    if "empty_backend" in metafunc.fixturenames:
        metafunc.parametrize("empty_backend", list_backends(module), indirect=True, scope="module")
    stores = list_stores(module)
    is_chosen = len(stores) == 1 or metafunc.definition.get_closest_marker("every_store")
    if "empty_store" in metafunc.fixturenames and is_chosen:
        metafunc.parametrize("empty_store", stores, indirect=True, scope="session")


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


@pytest.fixture(scope="session")
def empty_store(request: pytest.FixtureRequest) -> Iterator[EmptyStore]:
    """A function that empties a store, and returns the environment variables that choose it.

    Without a parameter, the environment variable `STORE` chooses the store.
    """
    store = getattr(request, "param", os.environ.get("STORE"))
    with opened_store(store, lambda: request.getfixturevalue("postgres_server")) as empty:
        yield empty


@pytest.fixture
def cloud(idp: IdentityProvider, empty_store: EmptyStore) -> Iterator[Cloud]:
    """An empty deployment of the service."""
    with deployment(idp, empty_store()) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def deployed(provider: IdentityProvider, empty_store: EmptyStore) -> Iterator[Cloud]:
    """One deployment for a module. A module uses this or `cloud`, but not both, because they share moto."""
    with deployment(provider, empty_store()) as cloud:
        yield cloud


@pytest.fixture
def shared_cloud(deployed: Cloud, idp: IdentityProvider) -> Cloud:
    """The deployment of the module, for tests that do not need an empty deployment."""
    assert deployed.idp is idp
    rebuild_services()
    deployed.all_calls.clear()
    return deployed


@pytest.fixture
def ann(shared_cloud: Cloud) -> Client:
    """A signed-in user without photos or albums."""
    return shared_cloud.person(f"ann-{uuid4()}")


@contextmanager
def deployment(idp: IdentityProvider, store: Mapping[str, str] = MappingProxyType({})) -> Iterator[Cloud]:
    """Deploy the service on moto, with this identity provider and the environment variables of a store.

    Raises:
        RuntimeError: another deployment exists. The two would share moto and the clients of the service.
    """
    with only_deployment(), mock_aws(), shortcuts(), pytest.MonkeyPatch.context() as environment:
        for name, value in {**deploy(), **store}.items():
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
        with open_stored() as stored:
            yield Cloud(idp, stored)
    forget_clients()


@contextmanager
def only_deployment() -> Iterator[None]:
    """Raise RuntimeError if another deployment exists."""
    if not _DEPLOYMENT_LOCK.acquire(blocking=False):
        raise RuntimeError("Another deployment exists. Use either `cloud` or `shared_cloud` in a module, not both.")
    try:
        yield
    finally:
        _DEPLOYMENT_LOCK.release()


@contextmanager
def open_stored() -> Iterator[Stored]:
    """Open the rows of the stores that the environment chooses."""
    database = wiring.database()
    stored: Stored = PostgresStored(database) if database else DynamoStored(wiring.settings(), wiring.dynamodb())
    try:
        yield stored
    finally:
        stored.close()


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
    if wiring.database.cache_info().currsize and (database := wiring.database()):
        database.close()
    for factory in (*vars(wiring).values(), aws._get_session):
        if hasattr(factory, "cache_clear"):
            factory.cache_clear()
