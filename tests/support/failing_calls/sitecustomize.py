"""Make some AWS calls of the functions fail, in the processes of a local cloud.

Python imports this module at its start if the folder is in PYTHONPATH. The file in FAILING_CALLS holds the share of
calls that fail. Only the clients of the service fail. The clients that simulate Lambda and its triggers do not.
"""

import os
import random
import sys
from pathlib import Path
from typing import Any

SERVICE_TIMEOUT = 2
"""The connect timeout of the clients that `chalicelib.infra.aws` creates."""


def fail_calls(file: Path) -> None:
    """Replace the method of botocore that sends a call and retries it."""
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders
    from botocore.endpoint import Endpoint
    from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

    endpoint_class: Any = Endpoint
    send = endpoint_class.make_request

    def make_request(endpoint: Any, operation: Any, request: dict[str, Any]) -> Any:
        config = request["context"]["client_config"]
        if config.connect_timeout != SERVICE_TIMEOUT or random.random() >= float(file.read_text()):
            return send(endpoint, operation, request)
        mode = random.choice(("not sent", "answer lost", "throttled", "500"))
        if mode == "not sent":
            raise EndpointConnectionError(endpoint_url=endpoint.host)
        if mode == "answer lost":
            send(endpoint, operation, request)
            raise ReadTimeoutError(endpoint_url=endpoint.host)
        status, code = (400, "ThrottlingException") if mode == "throttled" else (500, "InternalServerError")
        error = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        return AWSResponse(endpoint.host, status, HTTPHeaders(), None), error

    endpoint_class.make_request = make_request


if "FAILING_CALLS" in os.environ and "local.functions" in sys.orig_argv:
    fail_calls(Path(os.environ["FAILING_CALLS"]))
