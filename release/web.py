"""Requests to a deployed stage, and the address of a stage."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

_SECONDS = 30
_BYTES = 10_000_000


class Reply(NamedTuple):
    """An HTTP response. Its body is cut after 10 MB."""

    status: int
    headers: Message
    content: bytes

    @property
    def json(self) -> Any:
        """The parsed body.

        Raises:
            ValueError: the body is not JSON.
        """
        return json.loads(self.content)


def send(method: str, url: str, content: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
    """Send one request.

    Raises:
        OSError: the server could not be reached, or did not respond in time.
    """
    request = urllib.request.Request(url, content, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            return Reply(response.status, response.headers, response.read(_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read(_BYTES))


def find_url(client: Callable[[str], Any], stage: str) -> str:
    """Return the base URL of a stage, from the outputs of its stack. `client` creates a client from a service's name.

    Raises:
        LookupError: the stage has no stack.
    """
    for stack in (f"photoshare-{stage}", f"photoshare-{stage}-resources"):
        try:
            outputs = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            continue
        for output in outputs:
            if output["OutputKey"] == "BaseUrl":
                return str(output["OutputValue"])
    raise LookupError(f"There is no stack of the stage {stage} in this region.")
