"""Clients of a running service: on this machine, packaged in the emulator, or on AWS."""

import contextlib
import os
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

from chalicelib.deploy.packaging import to_variable_name
from local import roles
from local.cloud import REGION
from tests.support.paths import ROOT
from tests.support.rest import PASSWORD, Answer, answers, environment, free_port, request, send, wait_until


class Service:
    """A REST client of the API. Subclasses know how the service runs."""

    patience = 60.0
    """The number of seconds to wait for the work that a request starts."""

    def __init__(self, url: str, base_url: str) -> None:
        self.url, self.base_url = url, base_url

    def client(self, service: str) -> Any:
        """Return a boto3 client with the administrator's credentials."""
        raise NotImplementedError

    def setting(self, name: str) -> str:
        """Return an environment variable of the functions."""
        raise NotImplementedError

    def sign_up(self, email: str) -> str:
        """Create an account, and return its access token."""
        raise NotImplementedError

    def address(self, name: str) -> str:
        """Return an unused e-mail address."""
        return f"{name}.{uuid4().hex[:8]}@example.com"

    def call(self, method: str, path: str, body: Any = None, token: str = "", **query: Any) -> Answer:
        """Send one request to the API."""
        return request(self.url, method, path, body, token, **query)

    def log_in(self, email: str) -> str:
        """Log in, and return the access token."""
        answer = self.call("POST", "/login", {"email": email, "password": PASSWORD})
        assert answer.status == 200, answer
        return str(answer.json["accessToken"])

    def grant(self, token: str, **fields: Any) -> dict[str, Any]:
        """Request an upload grant for a JPEG."""
        body = {"filename": "photo.jpg", "contentType": "image/jpeg", **fields}
        answer = self.call("POST", "/upload", body, token)
        assert answer.status == 201, answer
        return dict(answer.json)

    def wait(self, is_true: Callable[[], bool]) -> None:
        """Wait until `is_true()` returns True. Fail after `patience` seconds."""
        wait_until(is_true, self.patience)

    def wait_ready(self, photo_id: str, token: str) -> dict[str, Any]:
        """Wait until the photo is ready, and return it."""
        photo: dict[str, Any] = {}

        def is_confirmed() -> bool:
            photo.update(self.call("GET", f"/photos/{photo_id}", token=token).json)
            return bool(photo["status"] != "pending")

        self.wait(is_confirmed)
        assert photo["status"] == "ready", photo
        return photo


class Local(Service):
    """A running `python -m local` with separate ports and data. `root` is the checkout whose code runs."""

    def __init__(self, data: Path, root: Path = ROOT, store: str | None = None, **variables: str) -> None:
        self.root, self.store = root, store or os.environ.get("STORE")
        self.data, self.port, self.aws_port = data, free_port(), free_port()
        super().__init__(url := f"http://localhost:{self.port}", url)
        self.aws_url = f"http://localhost:{self.aws_port}"
        self._variables = variables
        self.start()

    def start(self) -> None:
        """Start the service, and wait until the API responds."""
        command = [sys.executable, "-m", "local", "--port", str(self.port), "--aws-port", str(self.aws_port)]
        if self.store:
            command += ["--store", self.store]
        self.log = (self.data.parent / "local.log").open("a")
        self.process = subprocess.Popen(
            [*command, "--data", str(self.data)],
            cwd=self.root,
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
        """Stop the service with a signal, by default as Ctrl-C does."""
        self.process.send_signal(number)
        self.process.wait(120)
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

    def build_environment(self, function: str) -> dict[str, str]:
        """Return the environment of a function."""
        words = shlex.split((self.data / "env").read_text())
        api = dict(word.split("=", 1) for word in words if word != "export")
        return roles.build_environment(function, api, self.data / "roles")

    def setting(self, name: str) -> str:
        return self.build_environment("api")[name]

    def sign_up(self, email: str) -> str:
        """Sign up, confirm with the code from the e-mail, and log in."""
        signup = self.call("POST", "/signup", {"email": email, "password": PASSWORD})
        assert (signup.status, signup.json["confirmed"]) == (201, False), signup
        assert self.call("POST", "/login", {"email": email, "password": PASSWORD}).status == 401
        confirmed = self.call("POST", "/signup/confirm", {"email": email, "code": self._sent_code(email)})
        assert confirmed.status == 204, confirmed
        return self.log_in(email)

    def _sent_code(self, email: str) -> str:
        """Return the code of the newest e-mail to the address. Do not wait until the service prints it."""
        sent = send("GET", f"{self.aws_url}/_ministack/ses/messages").json["messages"].values()
        mails = [mail for account in sent for mail in account if email.lower() in mail["To"]]
        return find_code(mails[-1]["BodyText"])

    def mailed_code(self, email: str, mails: int = 1) -> str:
        """Wait for this number of e-mails to the address in the output of the service. Return the newest code."""
        # The service stores addresses in lower case.
        heading = f"Mail to {email.lower()}"
        wait_until(lambda: self.read_output().count(heading) >= mails, 30)
        return find_code(self.read_output().rpartition(heading)[2])


def find_code(mail: str) -> str:
    """Return the first code in an e-mail."""
    match = re.search(r"\b[0-9]{6}\b", mail)
    assert match, mail
    return match[0]


class Deployed(Service):
    """A stage in an AWS account or in the emulator.

    `client` creates the boto3 client of an AWS service from the name of the service.
    """

    def __init__(self, client: Callable[[str], Any], stage: str, url: str = "") -> None:
        self._client = client
        self._outputs = self._read_outputs(stage)
        super().__init__(url or self.setting("BASE_URL"), self.setting("BASE_URL"))
        self._emails: list[str] = []

    def _read_outputs(self, stage: str) -> dict[str, str]:
        """Return the outputs of the stack from `make deploy` or `make resources`, named as environment variables."""
        cloudformation = self.client("cloudformation")
        for name in (f"photoshare-{stage}", f"photoshare-{stage}-resources"):
            try:
                (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                # CloudFormation returns this generic code if the stack does not exist.
                if error.response["Error"]["Code"] != "ValidationError":
                    raise
            else:
                return {to_variable_name(output["OutputKey"]): output["OutputValue"] for output in stack["Outputs"]}
        raise LookupError(f"The stage {stage} has no stack.")

    def client(self, service: str) -> Any:
        return self._client(service)

    def setting(self, name: str) -> str:
        return self._outputs[name]

    def sign_up(self, email: str) -> str:
        """Create a confirmed account without an e-mail, and log in."""
        cognito, pool = self.client("cognito-idp"), self.setting("USER_POOL_ID")
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        self._emails.append(email)
        cognito.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
        return self.log_in(email)

    def cancel_accounts(self) -> None:
        """Cancel all accounts that the tests created. Fail if an account remains."""
        remaining = [email for email in dict.fromkeys(self._emails) if not self._cancel(email)]
        assert remaining == []

    def _cancel(self, email: str) -> bool:
        """Cancel an account. Return True if it is cancelled now or was cancelled before."""
        with contextlib.suppress(OSError):
            for _ in range(5):
                answer = self.call("POST", "/login", {"email": email, "password": PASSWORD})
                if answer.status == 200:
                    answer = self.call("DELETE", "/account", token=answer.json["accessToken"])
                # A 401 means that a test has cancelled the account. The job may not have removed the user yet.
                if answer.status in (202, 401):
                    return True
                time.sleep(2)
        return False
