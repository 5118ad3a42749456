"""What each function may do by its policy, and what it is seen to do."""

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
FUNCTIONS = {"api": "", "confirm-upload": "-confirm_upload", "run-job": "-run_job", "sweep": "-sweep"}
"""Policies, and how the names of their functions end."""
PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "Stage": "test",
    "TableSuffix": "",
    "Users.Arn": f"arn:aws:cognito-idp:eu-central-1:123456789012:userpool/{POOL}",
}

Need = tuple[str, str]
"""An action, and the resource that it is done to, as an ARN ends."""

VIOLATIONS: list[str] = []
"""What the test that runs did beyond a policy."""


_aside = threading.local()


def aside(handler: Callable[..., Any]) -> Callable[..., Any]:
    """`handler`, which does what a test does, though it is called while a function runs."""

    def handled(**event: Any) -> Any:
        before, _aside.now = getattr(_aside, "now", False), True
        try:
            return handler(**event)
        finally:
            _aside.now = before

    return handled


def statements(function: str) -> list[dict[str, Any]]:
    """Those of a function's policy, conditions taken for true."""
    policy = json.loads((CHALICE / f"policy-{function}.json").read_text())
    return [each["Fn::If"][1] if "Fn::If" in each else each for each in policy["Statement"]]


def granted(allowed: list[dict[str, Any]]) -> set[Need]:
    """Every action on every resource that the statements allow."""
    return {(action, _ending(one)) for each in allowed for action in each["Action"] for one in each["Resource"]}


def platform(function: str) -> set[Need]:
    """What Lambda itself does in the function's name: logs, traces, its queue, and events that it gives up."""
    group = f"log-group:/aws/lambda/photoshare-test{FUNCTIONS[function]}:*"
    done = {("logs:CreateLogStream", group), ("logs:PutLogEvents", group)}
    done |= {("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*")}
    if function == "confirm-upload":
        done.add(("sqs:SendMessage", "photoshare-test-uploads-dead"))
    if function == "run-job":
        taking = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        done |= {(f"sqs:{action}", "photoshare-test-jobs") for action in taking}
    return done


def _ending(resource: Any) -> str:
    arn: str = resource["Fn::Sub"] if isinstance(resource, dict) else resource
    for name, value in PARAMETERS.items():
        arn = arn.replace(f"${{{name}}}", value)
    return arn if arn == "*" else arn.split(":", 5)[5]


class Recorder:
    """Notes what is asked of AWS while a function runs."""

    def __init__(self) -> None:
        self.used: dict[str, set[Need]] = {function: set() for function in FUNCTIONS}
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def during(self, function: str) -> Iterator[None]:
        """This function runs."""
        with self._lock:
            self._running[function] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[function] -= 1

    def watch(self, client: Any) -> None:
        """Note the calls of a boto3 client."""
        client.meta.events.register("before-parameter-build", self._note)
        client.meta.events.register("after-call", self._note_absence)

    def note_links(self, content: Any) -> None:
        """Note what the presigned requests in an answer will do: they are done in the name of the function."""
        for value in content.values() if isinstance(content, dict) else content if isinstance(content, list) else []:
            self.note_links(value)
            if isinstance(value, str) and "X-Amz-Signature=" in value:
                self._need(*_by_link(value, put=value == content.get("uploadUrl")))

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self._need(*_needs(model.name, params))

    def _note_absence(self, parsed: dict[str, Any], **_: Any) -> None:
        # S3 says that an object is not there only to whom it would also list the bucket.
        if parsed.get("Error", {}).get("Code") == "NoSuchKey":
            self._need(("s3:ListBucket", "photoshare-test-originals-123456789012"))

    def _need(self, *needs: Need) -> None:
        running = [function for function, count in self._running.items() if count]
        # Which of several functions that run at once calls is not to be seen.
        if len(running) == 1 and not getattr(_aside, "now", False):
            (function,) = running
            self.used[function].update(needs)
            VIOLATIONS.extend(f"{function}: {need}" for need in needs if need not in _ALLOWED[function])


_ALLOWED = {function: granted(statements(function)) for function in FUNCTIONS}


def _by_link(url: str, *, put: bool) -> list[Need]:
    where, query = urlsplit(url), parse_qs(urlsplit(url).query)
    bucket = where.netloc.partition(".")[0]
    action = "s3:PutObject" if put else "s3:GetObjectVersion" if "versionId" in query else "s3:GetObject"
    return [(action, f"{bucket}/*")]


def _needs(operation: str, asked: dict[str, Any]) -> list[Need]:
    """What AWS asks of the policy for one call (Service Authorization Reference)."""
    if "Bucket" in asked:
        return _on_s3(operation, asked)
    if "UserPoolId" in asked:
        return [(f"cognito-idp:{operation}", f"userpool/{asked['UserPoolId']}")]
    if operation == "DetectModerationLabels":
        return [("rekognition:DetectModerationLabels", "*")]
    if "QueueUrl" in asked:
        return [("sqs:SendMessage", asked["QueueUrl"].rpartition("/")[2])]
    if operation == "TransactWriteItems":
        writes = [next(iter(each.items())) for each in asked["TransactItems"]]
        return [(f"dynamodb:{kind}Item", f"table/{write['TableName']}") for kind, write in writes]
    if operation == "BatchGetItem":
        return [("dynamodb:BatchGetItem", f"table/{table}") for table in asked["RequestItems"]]
    if "TableName" in asked:
        index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
        return [(f"dynamodb:{operation}", f"table/{asked['TableName']}{index}")]
    return []  # A person's own token, or the client's id, is leave enough.


_LISTING = {"ListObjectVersions": "s3:ListBucketVersions", "ListObjectsV2": "s3:ListBucket"}


def _on_s3(operation: str, asked: dict[str, Any]) -> list[Need]:
    bucket = asked["Bucket"]
    if operation == "CreateBucket":
        return [("s3:PutObject", f"{bucket}/*")]  # By this name botocore signs forms.
    if operation in _LISTING:
        return [(_LISTING[operation], bucket)]
    action = {"DeleteObjects": "s3:DeleteObject", "HeadObject": "s3:GetObject"}.get(operation, f"s3:{operation}")
    by_version = [f"{action}Version"] if "VersionId" in str(asked) else []
    # The API reference asks for s3:DeleteObject in any case. Reads of a version need no other permission.
    plain = [action] if not by_version or action == "s3:DeleteObject" else []
    return [(needed, f"{bucket}/*") for needed in plain + by_version]
