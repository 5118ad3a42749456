"""Connections to Aurora DSQL: tokens as passwords, TLS with verification, and what a connection may not ask for."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.httpsession import get_cert_path
from psycopg.conninfo import conninfo_to_dict

from chalicelib.domain.errors import Busy
from chalicelib.infra import aws
from chalicelib.infra.settings import DsqlCluster, load_dsql
from chalicelib.stores.postgres.dsql import InvalidEndpoint, open_database
from tests.support.dsql import DsqlProxy
from tests.support.dsql_gateway import HOST, Gateway, running_gateway
from tests.support.races import run_concurrently

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def gateway(dsql_proxy: DsqlProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """The gateway of a cluster whose name leads to this machine, and whose certificate is trusted."""
    with running_gateway(dsql_proxy.socket, tmp_path) as gateway:
        for name, value in gateway.environment.items():
            monkeypatch.setenv(name, value)
        yield gateway


def build_cluster(role: str = "admin", endpoint: str = HOST) -> DsqlCluster:
    return DsqlCluster(endpoint=endpoint, role=role, database="postgres")


@pytest.mark.parametrize(("role", "action"), [("admin", "DbConnectAdmin"), ("photoshare", "DbConnect")])
def test_password_is_a_token_for_the_cluster_and_the_role(gateway: Gateway, role: str, action: str) -> None:
    database = open_database(build_cluster(role))
    assert database.read("SELECT 1") == [(1,)]
    database.close()
    (login,) = gateway.logins
    assert login.server_name == HOST
    # Aurora DSQL refuses `options`, such as timeouts.
    assert login.parameters == {"user": role, "database": "postgres"}
    token = urlsplit(f"https://{login.password}")
    query = parse_qs(token.query)
    assert (token.netloc, query["Action"], query["X-Amz-Expires"]) == (HOST, [action], ["900"])
    assert query["X-Amz-Credential"][0].endswith("/eu-west-1/dsql/aws4_request")


def test_all_threads_share_one_connection(gateway: Gateway) -> None:
    database = open_database(build_cluster())
    run_concurrently([partial(database.read, "SELECT 1")] * 8)
    database.close()
    assert len(gateway.logins) == 1


@pytest.mark.parametrize("fault", ["unknown root", "other host"])
def test_server_that_cannot_prove_its_name_gets_no_token(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "unknown root":
        monkeypatch.delenv("PGSSLROOTCERT")
    endpoint = HOST if fault == "unknown root" else "other.dsql.eu-west-1.on.aws"
    with pytest.raises(Busy) as raised:
        open_database(build_cluster(endpoint=endpoint)).read("SELECT 1")
    assert "certificate" in str(raised.value.__cause__)
    assert gateway.logins == []


def test_roots_of_the_server_are_those_of_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    parameters = conninfo_to_dict(open_database(build_cluster()).parameters)
    assert (parameters["sslmode"], parameters["sslrootcert"]) == ("verify-full", get_cert_path(True))


def test_missing_credentials_are_busy_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    aws._get_session.cache_clear()
    with pytest.raises(Busy) as raised:
        open_database(build_cluster()).read("SELECT 1")
    aws._get_session.cache_clear()
    assert str(raised.value.__cause__) == "Unable to locate credentials"


@pytest.mark.parametrize("endpoint", ["abc123", "https://abc123.dsql.eu-west-1.on.aws", "localhost:5432"])
def test_endpoint_without_a_region_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidEndpoint):
        open_database(build_cluster(endpoint=endpoint))


def test_cluster_is_chosen_by_the_environment() -> None:
    assert load_dsql({"DATABASE_URL": "host=x"}) is None
    assert load_dsql({"DSQL_ENDPOINT": HOST}) == build_cluster()
    named = {"DSQL_ENDPOINT": HOST, "DSQL_ROLE": "photoshare", "DSQL_DATABASE": "photos"}
    assert load_dsql(named) == DsqlCluster(endpoint=HOST, role="photoshare", database="photos")
