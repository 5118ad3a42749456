"""A server cannot stall, flood or redirect the process that fetches a document."""

import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler

import pytest

from chalicelib.infra.fetch import MAX_BYTES, FetchFailed, fetch
from tests.support import idp_faults
from tests.support.idp import Fault, IdentityProvider

SLOW: dict[str, Fault] = {
    "no response": idp_faults.stalling,
    "endless header": idp_faults.dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "endless body": idp_faults.dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
}
BROKEN: dict[str, Fault] = {
    "closed connection": idp_faults.hanging_up,
    "truncated body": idp_faults.cutting_short,
    "body over the limit": idp_faults.answering(b"x" * (MAX_BYTES + 1)),
    "50 MB body": idp_faults.answering(b"x" * 50_000_000),
}


def test_document_is_fetched_completely(idp: IdentityProvider) -> None:
    assert fetch(f"{idp.url}/jwks.json", seconds=2) == idp.jwks()
    idp.faults["/large"] = idp_faults.answering(b"x" * MAX_BYTES)
    assert len(fetch(f"{idp.url}/large", seconds=2)) == MAX_BYTES


def test_form_is_posted(idp: IdentityProvider) -> None:
    requests: list[tuple[str, bytes]] = []

    def record_request(request: BaseHTTPRequestHandler) -> None:
        requests.append((request.command, request.headers["Content-Type"].encode()))
        idp_faults.answering(b"{}")(request)

    idp.faults["/form"] = record_request
    assert fetch(f"{idp.url}/form", seconds=2, form={"code": "a&b=c"}) == b"{}"
    assert requests == [("POST", b"application/x-www-form-urlencoded")]


@pytest.mark.parametrize("fault", SLOW)
def test_slow_response_times_out(idp: IdentityProvider, fault: str) -> None:
    idp.faults["/slow"] = SLOW[fault]
    start = time.monotonic()
    with pytest.raises(FetchFailed) as failed:
        fetch(f"{idp.url}/slow", seconds=0.3)
    assert time.monotonic() - start < 1
    assert failed.value.status is None


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_response_is_rejected(idp: IdentityProvider, fault: str) -> None:
    idp.faults["/broken"] = BROKEN[fault]
    with pytest.raises(FetchFailed) as failed:
        fetch(f"{idp.url}/broken", seconds=2)
    assert failed.value.status is None


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_error_has_the_status_of_the_response(idp: IdentityProvider, status: int) -> None:
    idp.faults["/refused"] = idp_faults.answering(b"no", status)
    with pytest.raises(FetchFailed) as failed:
        fetch(f"{idp.url}/refused", seconds=2)
    assert failed.value.status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(idp: IdentityProvider, status: int) -> None:
    idp.faults["/moved"] = idp_faults.answering(b"", status, Location=f"{idp.url}/jwks.json")
    with pytest.raises(FetchFailed):
        fetch(f"{idp.url}/moved", seconds=2)
    assert idp.requests == ["/moved"]


def test_refused_connection_fails() -> None:
    with pytest.raises(FetchFailed):
        fetch("http://127.0.0.1:1/", seconds=2)


def test_proxy_variables_of_the_environment_are_ignored(idp: IdentityProvider) -> None:
    script = (
        f"from chalicelib.infra.fetch import fetch; print(fetch('{idp.url}/jwks.json', seconds=2).decode(), end='')"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, env={"http_proxy": "http://127.0.0.1:1"}
    )
    assert result.stdout == idp.jwks(), result.stderr
