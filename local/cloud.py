"""ministack as a child process, with the stack deployed in it and everything it holds under one directory."""

import contextlib
import fcntl
import functools
import os
import secrets
import shlex
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import roles, stack

ROOT = Path(__file__).parent.parent
REGION = "us-east-1"
ACCOUNT = "000000000000"
STAGE = "local"
EMULATOR = ROOT / ".venv-emulator" / "bin" / "python"
"""ministack needs another botocore than the project, so it has an environment of its own."""
_KEY_ID = _SECRET = "test"
_START_LIMIT = 60.0
_LOCK_WAIT = 5.0
"""Longer than a child needs to stop after its parent was killed."""


class CannotRun(Exception):
    """The local cloud cannot run. The message says why, and what to do, in one sentence."""


@dataclass(frozen=True)
class Cloud:
    """A running ministack with the stack in it."""

    data: Path
    env: dict[str, str]
    """The app's settings, and the endpoint and the credentials of the account's administrator."""
    process: subprocess.Popen[bytes]

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud, whatever the environment says."""
        return _client(self.env, service)

    def environment_of(self, function: str) -> dict[str, str]:
        """Return the environment of a Lambda function, with its own role's credentials."""
        return roles.environment_of(function, self.env, self.data / "roles")

    def stop(self) -> None:
        """Let ministack write its state, then make sure that it and its children are gone. Safe to repeat."""
        _stop(self.process)


@contextlib.contextmanager
def running(data: Path, aws_port: int, base_url: str = "http://localhost:8000") -> Iterator[Cloud]:
    """A cloud whose state is in `data`: the one that was there, or a new one. Port 0 means any free one.

    Raises:
        CannotRun: the port is taken, `data` is unusable, damaged or in use, or ministack does not start.
    """
    if not EMULATOR.exists():
        raise CannotRun("The emulator is not installed: run `make run`, or `make .venv-emulator/ready`.")
    with _locked(data) as lock:
        port = require_free(aws_port, "AWS_PORT")
        env = _environment(data, port, base_url)
        process = _start(data, port, lock)
        try:
            # Make the clients while ministack starts.
            for service in ("cloudformation", "dynamodb", "s3", "cognito-idp", "sqs"):
                _client(env, service)
            _await_health(process, data, port)
            yield Cloud(data, _deployed(data, env, base_url), process)
        except CannotRun:
            process.kill()  # It would write what it has over a state that someone may still want to repair.
            raise
        finally:
            _stop(process)


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[IO[str]]:
    if data.exists() and not data.is_dir():
        raise CannotRun(f"{data} is a file: choose a directory for DATA.")
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in ("state", "s3"):
            (data / part).mkdir(mode=0o700, exist_ok=True)
        lock = (data / "lock").open("a")
    except OSError as error:
        raise CannotRun(f"{data} cannot hold the local cloud's data: {error.strerror} ({error.filename}).") from error
    with lock:
        deadline = time.monotonic() + _LOCK_WAIT
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise CannotRun(f"Another local cloud uses {data}: stop it, or choose another DATA.") from error
                time.sleep(0.1)
        yield lock


def require_free(port: int, variable: str) -> int:
    """The port itself; where it is 0, a free one.

    Raises:
        CannotRun: something else listens there, or this user may not.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CannotRun(f"Port {port} cannot be used ({error}): choose another {variable}.") from error
        return int(probe.getsockname()[1])


def _environment(data: Path, port: int, base_url: str) -> dict[str, str]:
    endpoint = f"http://localhost:{port}"
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": _KEY_ID,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        # Nothing of the developer's own AWS account may reach the app, nor a proxy come between.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "localhost,127.0.0.1",
        "BASE_URL": base_url,
        "ALLOWED_ORIGINS": base_url,
        "COGNITO_DOMAIN": endpoint,
        "SIGNING_KEYS": kept(data / "signing-keys", secrets.token_urlsafe(32)),
    }


def kept(file: Path, value: str) -> str:
    """The secret in `file`; where there is none yet, `value` is put there, for its owner's eyes only."""
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(value)
    return file.read_text()


def _start(data: Path, port: int, lock: IO[str]) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    settings = {
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data.absolute() / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data.absolute() / "s3"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_SECRET_ACCESS_KEY": _SECRET,  # What it checks presigned requests with.
    }
    with (data / "ministack.log").open("wb") as log:
        return subprocess.Popen(
            [str(EMULATOR), "-m", "local.emulator"],
            cwd=ROOT,
            env=inherited | settings,
            # Never written to: it closes when this process goes, and the child then stops too.
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # The child keeps the lock until it has gone, and Ctrl-C does not reach it before we have stopped.
            pass_fds=(lock.fileno(),),
            start_new_session=True,
        )


def _await_health(process: subprocess.Popen[bytes], data: Path, port: int) -> None:
    if await_http(f"http://127.0.0.1:{port}/_ministack/health", process):
        return
    if process.poll() is None:
        raise CannotRun(f"ministack did not answer within {_START_LIMIT:.0f} s; {data}/ministack.log says more.")
    last = (data / "ministack.log").read_text(errors="replace").strip().rpartition("\n")[2]
    raise CannotRun(f"ministack did not start: {last or 'no reason given'}.")


def await_http(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until `url` answers. Return False if the process ends first, or after a minute."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            direct.open(url, timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def _deployed(data: Path, env: dict[str, str], base_url: str) -> dict[str, str]:
    """The environment with the stack's outputs. `data/env` is written last: it says that all parts were there once."""
    cloudformation = _client(env, "cloudformation")
    complete = data / "env"
    try:
        found = stack.described(cloudformation, STAGE)
        if complete.exists() or (found and found["StackStatus"] in stack.DEPLOYED):
            _require_parts(cloudformation, env, data)
        elif found:
            stack.remove(cloudformation, STAGE)  # A first start was cut short.
        env = stack.deploy(functools.partial(_client, env), STAGE, base_url, roles.role_resources(STAGE)) | env
    except (ClientError, BotoCoreError, stack.DeployFailed) as error:
        raise CannotRun(f"resources.yaml could not be deployed to the local cloud: {error}.") from error
    pool = env["USER_POOL_ID"]
    env["JWKS_URL"] = f"{env['AWS_ENDPOINT_URL']}/{pool}/.well-known/jwks.json"
    administrator = {name.lower(): env[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    roles.write_profiles(data / "roles", STAGE, ACCOUNT, administrator)
    api = roles.environment_of("api", env, data / "roles")
    complete.touch(mode=0o600)
    complete.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in api.items()))
    return env


def _require_parts(cloudformation: Any, env: dict[str, str], data: Path) -> None:
    """Raise CannotRun where a part of the stack has gone: deploying again would put an empty one in its place."""
    dynamodb, s3, cognito = (_client(env, service) for service in ("dynamodb", "s3", "cognito-idp"))
    looks: dict[str, Callable[[str], object]] = {
        "AWS::DynamoDB::Table": lambda name: dynamodb.describe_table(TableName=name),
        "AWS::S3::Bucket": lambda name: s3.head_bucket(Bucket=name),
        "AWS::Cognito::UserPool": lambda name: cognito.describe_user_pool(UserPoolId=name),
    }
    try:
        parts = cloudformation.describe_stack_resources(StackName=f"photoshare-{STAGE}")["StackResources"]
        for part in parts:
            looks.get(part["ResourceType"], str)(part["PhysicalResourceId"])
    except ClientError as error:
        lost = f"{data} has lost a part of its state ({error}): restore it, or choose another DATA."
        raise CannotRun(lost) from error


def _client(env: dict[str, str], service: str) -> Any:
    return _cached_client(service, env["AWS_ENDPOINT_URL"])


@functools.cache
def _cached_client(service: str, endpoint: str) -> Any:
    # Creating a client takes a tenth of a second.
    return boto3.Session().client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=_KEY_ID,
        aws_secret_access_key=_SECRET,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
