"""Run ministack as a child process, deploy the stack to it, and keep all of its data in one directory."""

import contextlib
import functools
import os
import secrets
import shlex
import signal
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
from local.data import CannotRun, lock_data, read_or_create_secret, require_free_port
from local.store import open_store

ROOT = Path(__file__).parent.parent
REGION = "us-east-1"
ACCOUNT = "000000000000"
STAGE = "local"
EMULATOR = ROOT / ".venv-emulator" / "bin" / "python"
"""ministack needs a different version of botocore than the project, so it has a separate virtual environment."""
_KEY_ID = _SECRET = "test"
_START_LIMIT = 60.0


@dataclass(frozen=True)
class Cloud:
    """A running ministack with the stack in it."""

    data: Path
    env: dict[str, str]
    """The app's settings, and the endpoint and the credentials of the account's administrator."""
    process: subprocess.Popen[bytes]

    def client(self, service: str) -> Any:
        """Return a boto3 client of this cloud. The process's AWS environment variables have no effect."""
        return _get_client(self.env, service)

    def build_environment(self, function: str) -> dict[str, str]:
        """Return the environment of a Lambda function, with its own role's credentials."""
        return roles.build_environment(function, self.env, self.data / "roles")

    def stop(self) -> None:
        """Wait until ministack has written its state, then end it and its children. Idempotent."""
        _stop(self.process)


@contextlib.contextmanager
def run_cloud(
    data: Path, aws_port: int, base_url: str = "http://localhost:8000", store: str | None = None
) -> Iterator[Cloud]:
    """Run a cloud whose state is in `data`. Create the state if it does not exist. Port 0 picks a free port.

    Raises:
        CannotRun: the port is taken, `data` is unusable, damaged or in use, or ministack does not start.
    """
    if not EMULATOR.exists():
        raise CannotRun("The emulator is not installed. Run `make run`, or `make .venv-emulator/ready`.")
    with lock_data(data) as lock, open_store(data, store) as variables:
        port = require_free_port(aws_port, "AWS_PORT")
        env = _build_environment(data, port, base_url) | variables
        process = _start(data, port, lock)
        try:
            # Create the clients while ministack starts, because each takes a tenth of a second.
            for service in ("cloudformation", "dynamodb", "s3", "cognito-idp", "sqs", "iam"):
                _get_client(env, service)
            _await_health(process, data, port)
            cloud = Cloud(data, _deploy(data, env, base_url), process)
        except BaseException as error:
            if isinstance(error, CannotRun):
                process.kill()  # A normal stop would overwrite a damaged state that you may want to repair.
            _stop(process)
            raise
        try:
            yield cloud
        finally:
            _stop(process)


def _build_environment(data: Path, port: int, base_url: str) -> dict[str, str]:
    endpoint = f"http://localhost:{port}"
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": _KEY_ID,
        "AWS_SECRET_ACCESS_KEY": _SECRET,
        # Hide the developer's own AWS account from the app, and use no proxy.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "localhost,127.0.0.1",
        "BASE_URL": base_url,
        "ALLOWED_ORIGINS": base_url,
        "COGNITO_DOMAIN": endpoint,
        # With these variables, the functions behave as after an upgrade, and as with a replica.
        **{name: os.environ[name] for name in ("OLD_TERM_TABLE", "ORIGINALS_REPLICATED") if name in os.environ},
        "SIGNING_KEYS": read_or_create_secret(data / "signing-keys", secrets.token_urlsafe(32)),
    }


def _start(data: Path, port: int, lock: IO[str]) -> subprocess.Popen[bytes]:
    inherited_environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    settings = {
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data.absolute() / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data.absolute() / "s3"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AWS_SECRET_ACCESS_KEY": _SECRET,  # ministack verifies presigned requests with it.
    }
    with (data / "ministack.log").open("wb") as log:
        return subprocess.Popen(
            [str(EMULATOR), "-m", "local.emulator"],
            cwd=ROOT,
            env=inherited_environment | settings,
            # Nothing is written to the pipe. It closes when this process ends, and then the child stops too.
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # The child keeps the lock until it ends. In its own session, it does not receive Ctrl-C.
            pass_fds=(lock.fileno(),),
            start_new_session=True,
        )


def _await_health(process: subprocess.Popen[bytes], data: Path, port: int) -> None:
    if await_http(f"http://127.0.0.1:{port}/_ministack/health", process):
        return
    if process.poll() is None:
        raise CannotRun(f"ministack did not respond within {_START_LIMIT:.0f} s. See {data}/ministack.log.")
    last_line = (data / "ministack.log").read_text(errors="replace").strip().rpartition("\n")[2]
    raise CannotRun(f"ministack did not start: {last_line or 'no reason given'}.")


def await_http(url: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until `url` answers. Return False if the process ends first, or after a minute."""
    deadline = time.monotonic() + _START_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            get_opener().open(url, timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


@functools.cache
def get_opener() -> urllib.request.OpenerDirector:
    """Return an opener that uses no proxy. Creating one takes 20 ms, because it reads all root certificates."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _deploy(data: Path, env: dict[str, str], base_url: str) -> dict[str, str]:
    """Deploy the stack and return the environment with its outputs.

    Write `data/env` last: the file marks that every part of the stack has existed.
    """
    cloudformation = _get_client(env, "cloudformation")
    marker = data / "env"
    try:
        existing = stack.find_stack(cloudformation, STAGE)
        if marker.exists() or (existing and existing["StackStatus"] in stack.DEPLOYED):
            _require_parts(cloudformation, env, data)
        elif existing:
            stack.remove(cloudformation, STAGE)  # The first start was interrupted.
        env = (
            stack.deploy(functools.partial(_get_client, env), STAGE, base_url, roles.build_role_resources(STAGE)) | env
        )
    except (ClientError, BotoCoreError, stack.DeployFailed) as error:
        raise CannotRun(f"resources.yaml could not be deployed to the local cloud: {error}.") from error
    pool = env["USER_POOL_ID"]
    env["JWKS_URL"] = f"{env['AWS_ENDPOINT_URL']}/{pool}/.well-known/jwks.json"
    credentials = {name.lower(): env[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    roles.write_profiles(data / "roles", STAGE, ACCOUNT, credentials)
    api = roles.build_environment("api", env, data / "roles")
    marker.touch(mode=0o600)
    marker.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in api.items()))
    return env


def _require_parts(cloudformation: Any, env: dict[str, str], data: Path) -> None:
    """Raise CannotRun if a part of the stack is missing. Deploying again would replace the part with an empty one."""
    dynamodb, s3, cognito, sqs, iam = (
        _get_client(env, service) for service in ("dynamodb", "s3", "cognito-idp", "sqs", "iam")
    )
    checks: dict[str, Callable[[str], object]] = {
        "AWS::DynamoDB::Table": lambda name: dynamodb.describe_table(TableName=name),
        "AWS::S3::Bucket": lambda name: s3.head_bucket(Bucket=name),
        "AWS::Cognito::UserPool": lambda name: cognito.describe_user_pool(UserPoolId=name),
        "AWS::SQS::Queue": lambda url: sqs.get_queue_attributes(QueueUrl=url),
        "AWS::IAM::Role": lambda name: iam.get_role(RoleName=name),
    }
    try:
        parts = cloudformation.describe_stack_resources(StackName=f"photoshare-{STAGE}")["StackResources"]
        for part in parts:
            checks.get(part["ResourceType"], str)(part["PhysicalResourceId"])
    except ClientError as error:
        message = f"A part of the state in {data} is missing ({error}). Restore it, or choose another DATA."
        raise CannotRun(message) from error


def _get_client(env: dict[str, str], service: str) -> Any:
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
