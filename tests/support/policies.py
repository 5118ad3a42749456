"""The permissions of each function by its policy, and the permissions that it uses."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.idp import POOL
from tests.support.paths import ROOT

CHALICE = ROOT / ".chalice"
FUNCTIONS = {
    "api": "",
    "confirm-upload": "-confirm_upload",
    "reconcile": "-reconcile",
    "run-job": "-run_job",
    "sweep": "-sweep",
}
"""The functions by the name of their policy, with the suffix of their name on AWS."""
PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "Stage": "test",
    "TableSuffix": "",
    "Users.Arn": f"arn:aws:cognito-idp:eu-central-1:123456789012:userpool/{POOL}",
}

Need = tuple[str, str]
"""An action, and the last part of the ARN of its resource."""

VIOLATIONS: list[str] = []
"""The calls of the current test that no policy allows."""


_test_code = threading.local()


def as_test_code(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function of the test, so that its calls do not count as calls of the function under test."""

    def wrapper(**event: Any) -> Any:
        before, _test_code.now = getattr(_test_code, "now", False), True
        try:
            return handler(**event)
        finally:
            _test_code.now = before

    return wrapper


def statements(function: str) -> list[dict[str, Any]]:
    """Return the statements of the policy of a function. Assume that all conditions are true."""
    policy = json.loads((CHALICE / f"policy-{function}.json").read_text())
    return [statement["Fn::If"][1] if "Fn::If" in statement else statement for statement in policy["Statement"]]


def granted(allowed: list[dict[str, Any]]) -> set[Need]:
    """Return each action on each resource that the statements allow."""
    return {
        (action, _last_part(resource))
        for statement in allowed
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


def platform(function: str) -> set[Need]:
    """Return the permissions that Lambda itself uses with the role of a function.

    Lambda writes logs and traces, reads the job queue, and moves failed events to the dead-letter queue.
    """
    group = f"log-group:/aws/lambda/photoshare-test{FUNCTIONS[function]}:*"
    needs = {("logs:CreateLogStream", group), ("logs:PutLogEvents", group)}
    needs |= {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
    if function == "confirm-upload":
        needs.add(("sqs:SendMessage", "photoshare-test-uploads-dead"))
    if function == "run-job":
        reads = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        needs |= {(f"sqs:{action}", "photoshare-test-jobs") for action in reads}
    return needs


def _last_part(resource: Any) -> str:
    arn: str = resource["Fn::Sub"] if isinstance(resource, dict) else resource
    for name, value in PARAMETERS.items():
        arn = arn.replace(f"${{{name}}}", value)
    return arn if arn == "*" else arn.split(":", 5)[5]


class Recorder:
    """Records the calls to AWS while a function runs."""

    def __init__(self) -> None:
        self.used: dict[str, set[Need]] = {function: set() for function in FUNCTIONS}
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def during(self, function: str) -> Iterator[None]:
        """Attribute the calls of the block to this function."""
        with self._lock:
            self._running[function] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[function] -= 1

    def watch(self, client: Any) -> None:
        """Record the calls of a boto3 client."""
        client.meta.events.register("before-parameter-build", self._record)
        client.meta.events.register("after-call", self._record_missing_key)

    def note_links(self, content: Any) -> None:
        """Record the presigned URLs in a response. S3 checks them with the permissions of the function."""
        for value in content.values() if isinstance(content, dict) else content if isinstance(content, list) else []:
            self.note_links(value)
            if isinstance(value, str) and "X-Amz-Signature=" in value:
                self._need(*_need_of_presigned_url(value, put=value == content.get("uploadUrl")))

    def _record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self._need(*_needs(model.name, params))

    def _record_missing_key(self, parsed: dict[str, Any], **_: Any) -> None:
        # S3 reports a missing key only to a caller that may list the bucket. Other callers receive a 403.
        if parsed.get("Error", {}).get("Code") == "NoSuchKey":
            self._need(("s3:ListBucket", "photoshare-test-originals-123456789012"))

    def _need(self, *needs: Need) -> None:
        running = [function for function, count in self._running.items() if count]
        # If several functions run concurrently, the calling function is unknown.
        if len(running) == 1 and not getattr(_test_code, "now", False):
            (function,) = running
            self.used[function].update(needs)
            VIOLATIONS.extend(f"{function}: {need}" for need in needs if need not in _ALLOWED[function])


_ALLOWED = {function: granted(statements(function)) for function in FUNCTIONS}


def _need_of_presigned_url(url: str, *, put: bool) -> list[Need]:
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
    bucket = parts.netloc.partition(".")[0]
    action = "s3:PutObject" if put else "s3:GetObjectVersion" if "versionId" in query else "s3:GetObject"
    return [(action, f"{bucket}/*")]


def _needs(operation: str, params: dict[str, Any]) -> list[Need]:
    """Return the permissions that AWS requires for one call (Service Authorization Reference)."""
    if "Bucket" in params:
        return _s3_needs(operation, params)
    if "UserPoolId" in params:
        return [(f"cognito-idp:{operation}", f"userpool/{params['UserPoolId']}")]
    if operation == "DetectModerationLabels":
        return [("rekognition:DetectModerationLabels", "*")]
    if "QueueUrl" in params:
        return [("sqs:SendMessage", params["QueueUrl"].rpartition("/")[2])]
    if operation == "TransactWriteItems":
        writes = [next(iter(item.items())) for item in params["TransactItems"]]
        return [(f"dynamodb:{kind}Item", f"table/{write['TableName']}") for kind, write in writes]
    if operation == "BatchGetItem":
        return [("dynamodb:BatchGetItem", f"table/{table}") for table in params["RequestItems"]]
    if "TableName" in params:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        return [(f"dynamodb:{operation}", f"table/{params['TableName']}{index}")]
    # Cognito requires no IAM permission for these calls. They contain an access token or the id of the client.
    return []


_LISTING = {
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
}


def _s3_needs(operation: str, params: dict[str, Any]) -> list[Need]:
    bucket = params["Bucket"]
    if operation == "CreateBucket":
        return [("s3:PutObject", f"{bucket}/*")]  # botocore signs POST forms under this name.
    if operation in _LISTING:
        return [(_LISTING[operation], bucket)]
    action = {"DeleteObjects": "s3:DeleteObject", "HeadObject": "s3:GetObject"}.get(operation, f"s3:{operation}")
    by_version = [f"{action}Version"] if "VersionId" in str(params) else []
    # By the API reference, a delete always needs s3:DeleteObject. A read of a version needs no other permission.
    plain = [action] if not by_version or action == "s3:DeleteObject" else []
    return [(needed, f"{bucket}/*") for needed in plain + by_version]
