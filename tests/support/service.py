"""A running Photoshare, as its users and its administrator reach it: on this machine, packaged, or on AWS."""

import contextlib
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError

from chalicelib.deploy.packaging import variable_name
from local import roles
from local.cloud import REGION
from tests.support.paths import ROOT
from tests.support.rest import PASSWORD, Answer, answers, environment, free_port, request, wait_until


class Service:
    """The API, and what a REST client does with it."""

    patience = 15.0
    """Seconds to wait for work that follows a request."""

    def __init__(self, url: str, base_url: str) -> None:
        self.url, self.base_url = url, base_url

    def client(self, service: str) -> Any:
        """Return a boto3 client with the administrator's credentials."""
        raise NotImplementedError

    def setting(self, name: str) -> str:
        """Return an environment variable of the functions."""
        raise NotImplementedError

    def sign_up(self, email: str) -> str:
        """Make an account, and return its access token."""
        raise NotImplementedError

    def address(self, name: str) -> str:
        """Return an e-mail address that nobody has used."""
        return f"{name}.{uuid4().hex[:8]}@example.com"

    def call(self, method: str, path: str, body: Any = None, token: str = "", **query: Any) -> Answer:
        """Send one request to the API."""
        return request(self.url, method, path, body, token, **query)

    def log_in(self, email: str) -> str:
        """Log in, and return the access token."""
        answer = self.call("POST", "/login", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer
        return str(answer.json["accessToken"])

    def grant(self, token: str, **wanted: Any) -> dict[str, Any]:
        """Request an upload grant for a JPEG."""
        body = {"filename": "photo.jpg", "contentType": "image/jpeg", **wanted}
        answer = self.call("POST", "/upload", body, token)
        assert answer.status == 201, answer
        return dict(answer.json)

    def wait(self, is_true: Callable[[], bool]) -> None:
        """Wait until `is_true()`, but not longer than this service's patience."""
        wait_until(is_true, self.patience)

    def wait_ready(self, photo_id: str, token: str) -> dict[str, Any]:
        """Wait until the photo is ready, and return it."""
        photo: dict[str, Any] = {}

        def is_settled() -> bool:
            photo.update(self.call("GET", f"/photos/{photo_id}", token=token).json)
            return bool(photo["status"] != "pending")

        self.wait(is_settled)
        assert photo["status"] == "ready", photo
        return photo


class Local(Service):
    """A running `python -m local` with ports and data of its own."""

    def __init__(self, data: Path, **variables: str) -> None:
        self.data, self.port, self.aws_port = data, free_port(), free_port()
        super().__init__(url := f"http://localhost:{self.port}", url)
        self.aws_url = f"http://localhost:{self.aws_port}"
        self._variables = variables
        self.start()

    def start(self) -> None:
        """Start, and wait until the API answers."""
        command = [sys.executable, "-m", "local", "--port", str(self.port), "--aws-port", str(self.aws_port)]
        self.log = (self.data.parent / "local.log").open("a")
        self.process = subprocess.Popen(
            [*command, "--data", str(self.data)],
            cwd=ROOT,
            stdout=self.log,
            stderr=self.log,
            env=environment() | self._variables,
        )
        try:
            wait_until(lambda: self.process.poll() is not None or answers(f"{self.url}/health"), 120)
            assert self.process.poll() is None, self.read_output()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop as Ctrl-C does."""
        self.process.send_signal(number)
        self.process.wait(30)
        self.log.close()

    def read_output(self) -> str:
        """Return everything that the process printed."""
        return (self.data.parent / "local.log").read_text()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.aws_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def environment_of(self, function: str) -> dict[str, str]:
        """Return the environment of a function."""
        words = shlex.split((self.data / "env").read_text())
        api = dict(word.split("=", 1) for word in words if word != "export")
        return roles.environment_of(function, api, self.data / "roles")

    def setting(self, name: str) -> str:
        return self.environment_of("api")[name]

    def sign_up(self, email: str) -> str:
        """Register, confirm by the mailed code, and log in."""
        made = self.call("POST", "/signup", {"email": email, "password": PASSWORD})
        assert (made.status, made.json["confirmed"]) == (201, False), made
        assert self.call("POST", "/login", {"email": email, "password": PASSWORD}).status == 401
        confirmed = self.call("POST", "/signup/confirm", {"email": email, "code": self.mailed_code(email)})
        assert confirmed.status == 204, confirmed
        return self.log_in(email)

    def mailed_code(self, email: str) -> str:
        """Return the code in the newest mail to this address, as `make run` shows it."""
        wait_until(lambda: f"Mail to {email}" in self.read_output(), 10)
        mail = self.read_output().rpartition(f"Mail to {email}")[2]
        found = re.search(r"\b[0-9]{6}\b", mail)
        assert found, mail
        return found[0]


class Deployed(Service):
    """A stage in an AWS account, or in the emulator if the clients are made for it.

    `client` makes the client of a service from its name.
    """

    patience = 60.0

    def __init__(self, client: Callable[[str], Any], stage: str, url: str = "") -> None:
        self._client = client
        self._outputs = self._read_outputs(stage)
        super().__init__(url or self.setting("BASE_URL"), self.setting("BASE_URL"))
        self._made: list[str] = []

    def _read_outputs(self, stage: str) -> dict[str, str]:
        """Return the outputs of the stage's stack, of `make deploy` or of `make resources`, named as variables."""
        cloudformation = self.client("cloudformation")
        for name in (f"photoshare-{stage}", f"photoshare-{stage}-resources"):
            try:
                (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                # CloudFormation has no other code for a stack that does not exist.
                if error.response["Error"]["Code"] != "ValidationError":
                    raise
            else:
                return {variable_name(output["OutputKey"]): output["OutputValue"] for output in stack["Outputs"]}
        raise LookupError(f"The stage {stage} has no stack.")

    def client(self, service: str) -> Any:
        return self._client(service)

    def setting(self, name: str) -> str:
        return self._outputs[name]

    def sign_up(self, email: str) -> str:
        """Make a confirmed account without sending mail, and log in."""
        cognito, pool = self.client("cognito-idp"), self.setting("USER_POOL_ID")
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self._made.append(email)
        cognito.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
        return self.log_in(email)

    def cancel_accounts(self) -> None:
        """Cancel every account that the tests have made. Fail and name the accounts that remain."""
        remaining = [email for email in dict.fromkeys(self._made) if not self._cancel(email)]
        assert remaining == []

    def _cancel(self, email: str) -> bool:
        """Cancel an account. Return whether it is cancelled now, or was before."""
        with contextlib.suppress(OSError):
            for _ in range(5):
                answer = self.call("POST", "/login", {"email": email, "password": PASSWORD})
                if answer.status == 200:
                    answer = self.call("DELETE", "/account", token=answer.json["accessToken"])
                # 401: a test has cancelled the account. Its job may not have removed the user yet.
                if answer.status in (202, 401):
                    return True
                time.sleep(2)
        return False
