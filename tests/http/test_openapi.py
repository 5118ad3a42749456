"""The OpenAPI document is current, valid and complete, and it agrees with the gateway and the service."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

import app as service
from chalicelib.http import openapi
from local import openapi as writer
from tests.support import contract
from tests.support.cloud import Cloud
from tests.support.contract import Exchange, OffContract

VIEWS: dict[tuple[str, str], Any] = {
    (method, path): entry.view_function
    for path, methods in service.app.routes.items()
    for method, entry in methods.items()
    if method != "OPTIONS"
}


def test_checked_in_document_is_current() -> None:
    assert writer.FILE.read_text(encoding="utf-8") == writer.render_file(), "run `make openapi`"


def test_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(contract.document()).validate()


def test_no_description_has_indented_lines() -> None:
    """Check that Markdown shows no description as code."""
    assert "\\n    " not in json.dumps(contract.document())


def test_ids_in_nested_views_have_a_format() -> None:
    schemas = contract.document()["components"]["schemas"]
    assert schemas["PhotoResult"]["properties"]["photoId"]["format"] == "uuid"


def test_document_is_served_with_an_etag(cloud: Cloud) -> None:
    answer = cloud.visitor.get("/openapi.json")
    assert (answer.status, answer.json) == (200, contract.document())
    again = cloud.visitor.call("GET", "/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, "")


def test_document_has_exactly_the_routes_of_the_app() -> None:
    documented = {
        (method.upper(), path) for path, operations in contract.document()["paths"].items() for method in operations
    }
    routed = {(method, re.sub(r"_(\w)", lambda letter: letter[1].upper(), path)) for method, path in VIEWS}
    assert documented == routed


def test_view_without_a_declaration_cannot_be_documented() -> None:
    def show_secret() -> None:
        """Return a secret."""

    with pytest.raises(AttributeError, match="operation"):
        openapi.build_document({"/secret": {"GET": SimpleNamespace(view_function=show_secret, authorizer=None)}})


@pytest.mark.parametrize("key", VIEWS, ids=" ".join)
def test_declaration_agrees_with_the_gateway(key: tuple[str, str]) -> None:
    method, path = key
    operation = VIEWS[key].operation
    has_authorizer = service.app.routes[path][method].authorizer is not None
    assert (operation.access == "required") is has_authorizer
    in_path = set(re.findall(r"\{(\w+)\}", path))
    # The web page reads the parameters of its addresses itself.
    assert set(operation.path_parameters) == (set() if VIEWS[key] is service.show_page else in_path)


def test_importing_the_app_does_not_generate_the_document() -> None:
    script = "import sys, app; assert not {'chalicelib.http.openapi'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=writer.FILE.parent.parent, check=True, env={"PATH": ""})


JSON = {"Content-Type": "application/json"}
GOOD = Exchange("GET", "/health", b"", 200, JSON, '{"status":"ok","version":"1"}')
CREATED = GOOD._replace(method="POST", target="/signup", status=201, body='{"userId":"x","confirmed":true}')
REFUSED = {"error": "TooManyRequests", "message": "Wait.", "requestId": "x"}


def make_error(status: int = 429, headers: dict[str, str] | None = None, **changes: Any) -> Exchange:
    sent_headers = JSON | {"Retry-After": "5"} if headers is None else headers
    return CREATED._replace(status=status, headers=sent_headers, body=json.dumps(REFUSED | changes))


@pytest.mark.parametrize(
    "bad",
    [
        GOOD._replace(status=201),
        GOOD._replace(headers={"Content-Type": "text/plain"}),
        GOOD._replace(headers=JSON | {"Location": "/"}),
        GOOD._replace(body='{"status":"ok"}'),
        GOOD._replace(body='{"status":"ok","version":1}'),
        GOOD._replace(body='{"status":"ok","version":"1","secret":"x"}'),
        GOOD._replace(target="/health?stray=1"),
        CREATED._replace(sent=b'{"email":"a@example.com","password":""}'),
        CREATED._replace(sent=b'{"email":"a@example.com","password":"x","stray":1}'),
        make_error(headers=JSON),
        make_error(error="Forbidden"),
        make_error(status=403),
        make_error(trace="x"),
        make_error()._replace(target="/nowhere", body="{}"),
    ],
    ids=str,
)
def test_exchange_that_violates_the_document_fails_the_check(bad: Exchange) -> None:
    with pytest.raises(OffContract):
        contract.check(bad)


@pytest.mark.parametrize(
    "good", [GOOD, CREATED, make_error(), make_error(headers=JSON)._replace(target="/nowhere")], ids=str
)
def test_exchange_that_matches_the_document_passes_the_check(good: Exchange) -> None:
    contract.check(good)
