"""With a CDN, the app refuses requests that reach the API without it, because they bypass the firewall."""

import json
from collections.abc import Iterator

import msgspec
import pytest
from chalice.app import Chalice
from chalice.test import Client

from chalicelib.http.middleware import install_middleware
from tests.support.cloud import Cloud

NEW, OLD = "n" * 64, "o" * 64


def build_client(cloud: Cloud, *secrets: str) -> Client:
    """Return a client of an app that accepts these secrets."""
    app = Chalice("edge", configure_logs=False)
    settings = msgspec.structs.replace(cloud.settings, edge_secrets=secrets)
    install_middleware(app, lambda: settings)
    for path in ("/photos", "/health"):
        app.route(path, name=path)(lambda: {"ok": True})
    return Client(app)


@pytest.fixture
def client(shared_cloud: Cloud) -> Iterator[Client]:
    with build_client(shared_cloud, NEW, OLD) as edge_client:
        yield edge_client


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_request_of_the_cdn_is_accepted_during_a_rotation(client: Client, secret: str) -> None:
    assert client.http.get("/photos", headers={"X-Edge-Key": secret}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-Edge-Key": ""}, {"X-Edge-Key": NEW[1:]}, {"X-Edge-Key": f"{NEW},{OLD}"}])
def test_request_past_the_cdn_is_refused(client: Client, headers: dict[str, str]) -> None:
    response = client.http.get("/photos", headers=headers)
    assert response.status_code == 403
    assert json.loads(response.body)["error"] == "Forbidden"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert NEW not in str(response.headers) + str(response.body)


def test_health_check_needs_no_cdn(client: Client) -> None:
    assert client.http.get("/health").status_code == 200


def test_stage_without_a_cdn_accepts_every_request(shared_cloud: Cloud) -> None:
    with build_client(shared_cloud) as plain_client:
        assert plain_client.http.get("/photos").status_code == 200
