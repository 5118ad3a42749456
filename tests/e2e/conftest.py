"""`python -m local` as a child process, and what a REST client does with it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "Correct-horse-7"


class Answer(msgspec.Struct, frozen=True):
    """An HTTP answer."""

    status: int
    headers: Message
    content: bytes
    cookies: list[str]

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.content)


def send(method: str, url: str, content: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """One HTTP request, never redirected, with exactly these headers."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, content, headers or {})
        answer = connection.getresponse()
        cookies = answer.headers.get_all("Set-Cookie", [])
        return Answer(answer.status, answer.headers, answer.read(), cookies)
    finally:
        connection.close()


def request(base: str, method: str, path: str, body: Any = None, token: str = "", **query: Any) -> Answer:
    """One request to the service, of JSON."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = json.dumps(body).encode() if body is not None else b""
    return send(method, f"{base}{path}{f'?{urlencode(query)}' if query else ''}", content, headers)


def hosted_ui(aws_url: str, login: str, email: str) -> str:
    """Sign in on the hosted UI, to which `login` leads, as a browser would: the callback's URL."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(login).query).items()}
    form = urlencode(asked | {"username": email, "password": PASSWORD}).encode()
    answer = send("POST", f"{aws_url}/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 302, answer
    return answer.headers["Location"]


def put(grant: dict[str, Any], content: bytes, **changed: str) -> int:
    """Upload under a PUT grant."""
    return send("PUT", grant["uploadUrl"], content, grant["headers"] | changed).status


def post_form(grant: dict[str, Any], content: bytes, **changed: str) -> int:
    """Upload under a POST grant, as a browser's form does."""
    boundary = "----photoshare"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in (grant["fields"] | changed).items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'.encode()
    body = b"".join([*parts, head, content, f"\r\n--{boundary}--\r\n".encode()])
    return send("POST", grant["uploadUrl"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}).status


class Local:
    """A running `python -m local` on ports and data of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.port, self.aws_port = data, free_port(), free_port()
        self.url, self.aws_url = f"http://localhost:{self.port}", f"http://localhost:{self.aws_port}"
        self.start()

    def start(self) -> None:
        """Start, and wait until it serves."""
        command = [sys.executable, "-m", "local", "--port", str(self.port), "--aws-port", str(self.aws_port)]
        self.log = (self.data.parent / "local.log").open("a")
        self.process = subprocess.Popen(
            [*command, "--data", str(self.data)], cwd=ROOT, stdout=self.log, stderr=self.log, env=environment()
        )
        wait_until(lambda: self.process.poll() is not None or answers(f"{self.url}/health"), 120)
        assert self.process.poll() is None, self.said()

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop as Ctrl-C does."""
        self.process.send_signal(number)
        self.process.wait(30)
        self.log.close()

    def said(self) -> str:
        """What it printed."""
        return (self.data.parent / "local.log").read_text()

    def call(self, method: str, path: str, body: Any = None, token: str = "", **query: Any) -> Answer:
        """One request to the service."""
        return request(self.url, method, path, body, token, **query)

    def sign_up(self, email: str) -> str:
        """Register, confirm by the mailed code, and log in: an access token."""
        made = self.call("POST", "/signup", {"email": email, "password": PASSWORD})
        assert (made.status, made.json["confirmed"]) == (201, False), made
        assert self.call("POST", "/login", {"email": email, "password": PASSWORD}).status == 401
        confirmed = self.call("POST", "/signup/confirm", {"email": email, "code": self.mailed_code(email)})
        assert confirmed.status == 204, confirmed
        return self.log_in(email)

    def log_in(self, email: str) -> str:
        """An access token."""
        answer = self.call("POST", "/login", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer
        return str(answer.json["accessToken"])

    def mailed_code(self, email: str) -> str:
        """The code in the newest mail to this address, as `make run` shows it."""
        wait_until(lambda: f"Mail to {email}" in self.said(), 10)
        mail = self.said().rpartition(f"Mail to {email}")[2]
        found = re.search(r"\b[0-9]{6}\b", mail)
        assert found, mail
        return found[0]

    def grant(self, token: str, **wanted: Any) -> dict[str, Any]:
        """Leave to upload a JPEG."""
        body = {"filename": "photo.jpg", "contentType": "image/jpeg", **wanted}
        answer = self.call("POST", "/upload", body, token)
        assert answer.status == 201, answer
        return dict(answer.json)

    def ready(self, photo_id: str, token: str) -> dict[str, Any]:
        """The photo, once an event has made it ready."""
        photo: dict[str, Any] = {}

        def settled() -> bool:
            photo.update(self.call("GET", f"/photos/{photo_id}", token=token).json)
            return bool(photo["status"] != "pending")

        wait_until(settled, 15)
        assert photo["status"] == "ready", photo
        return photo


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """One local cloud for all end-to-end tests."""
    running = Local(tmp_path_factory.mktemp("local") / "data")
    yield running
    running.stop()
    shutil.rmtree(running.data)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """This process's, without the tests' AWS settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def answers(url: str) -> bool:
    """Whether something serves there."""
    try:
        return send("GET", url).status == 200
    except OSError:
        return False


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until `true()`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
