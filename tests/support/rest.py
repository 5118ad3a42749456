"""A REST client: plain HTTP requests, uploads under a grant, and the hosted UI's form."""

import html
import json
import os
import re
import socket
import time
from collections.abc import Callable
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

PASSWORD = "Correct-horse-7"


class Answer(msgspec.Struct, frozen=True):
    """An HTTP response."""

    status: int
    headers: Message
    content: bytes
    cookies: list[str]

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.content)


def send(method: str, url: str, content: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """Send one request with exactly these headers. Do not follow redirects."""
    connection, target = _connect(url)
    try:
        connection.request(method, target, content, headers or {})
        answer = connection.getresponse()
        cookies = answer.headers.get_all("Set-Cookie", [])
        return Answer(answer.status, answer.headers, answer.read(), cookies)
    finally:
        connection.close()


def _connect(url: str) -> tuple[HTTPConnection, str]:
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return connect(parts.netloc, timeout=30), f"{parts.path}?{parts.query}" if parts.query else parts.path


def request(base: str, method: str, path: str, body: Any = None, token: str = "", **query: Any) -> Answer:
    """Send one JSON request to the service."""
    return request_with(base, method, path, {}, body, token, **query)


def request_with(
    base: str, method: str, path: str, headers: dict[str, str], body: Any = None, token: str = "", **query: Any
) -> Answer:
    """Send one JSON request with these additional headers to the service."""
    headers |= {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = json.dumps(body).encode() if body is not None else b""
    return send(method, f"{base}{path}{f'?{urlencode(query)}' if query else ''}", content, headers)


def put(grant: dict[str, Any], content: bytes, **changed: str) -> int:
    """Upload under a PUT grant. Return the status."""
    return send("PUT", grant["uploadUrl"], content, grant["headers"] | changed).status


def abort_put(grant: dict[str, Any], content: bytes) -> None:
    """Start an upload under a PUT grant, and close the connection after half of the content."""
    connection, target = _connect(grant["uploadUrl"])
    connection.putrequest("PUT", target)
    for name, value in (grant["headers"] | {"Content-Length": str(len(content))}).items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(content[: len(content) // 2])
    connection.close()


def post_form(grant: dict[str, Any], content: bytes, **changed: str) -> int:
    """Upload under a POST grant, like a form in a browser. Return the status."""
    boundary = "----photoshare"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (grant["fields"] | changed).items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'.encode()
    body = b"".join([*parts, head, content, f"\r\n--{boundary}--\r\n".encode()])
    return send("POST", grant["uploadUrl"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}).status


def submit_hosted_ui(login: str, email: str) -> str:
    """Sign in on the hosted UI, to which `login` redirects. Return the URL of the callback."""
    page = send("GET", login)
    while page.status in (301, 302):
        login = urljoin(login, page.headers["Location"])
        page = send("GET", login)
    hidden = re.findall(r'<input[^>]*type="hidden"[^>]*>', page.content.decode())
    form = {_attribute(field, "name"): _attribute(field, "value") for field in hidden}
    action = re.search(r'<form[^>]*action="([^"]+)"', page.content.decode())
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    headers["Cookie"] = "; ".join(cookie.partition(";")[0] for cookie in page.cookies)
    body = urlencode(form | {"username": email, "password": PASSWORD}).encode()
    answer = send("POST", urljoin(login, html.unescape(action[1])) if action else login, body, headers)
    assert answer.status == 302, answer
    return answer.headers["Location"]


def _attribute(tag: str, name: str) -> str:
    match = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(match[1]) if match else ""


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """Return the environment of this process without the AWS settings and the store of the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name != "STORE"}


def answers(url: str) -> bool:
    """Return True if a GET request to `url` returns 200."""
    try:
        return send("GET", url).status == 200
    except OSError:
        return False


def wait_until(is_true: Callable[[], bool], seconds: float) -> None:
    """Wait until `is_true()` returns True. Fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"still false after {seconds} s"
        time.sleep(0.1)
