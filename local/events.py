"""What Lambda does for functions that HTTP does not reach: S3 events, queued jobs and the schedule, with retries."""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from chalice.local import LambdaContext

from local.cloud import REGION, STAGE, Cloud

log = logging.getLogger("local")

Handler = Callable[[dict[str, Any], LambdaContext], Any]

_HOUR = 3600.0


class Handlers(Protocol):
    """The part of `app.py` that is not HTTP."""

    confirm_upload: Handler
    run_job: Handler
    sweep: Handler


class Events:
    """Threads that deliver events, from `start()` to `stop()`."""

    def __init__(self, cloud: Cloud, handlers: Handlers) -> None:
        self._sqs = cloud.client("sqs")
        self._handlers = handlers
        self._stopping = threading.Event()
        uploads = _upload_queue(cloud, self._sqs)
        jobs = cloud.env["JOB_QUEUE_URL"]
        _give_up(self._sqs, jobs, f"{jobs}-dead", after=5)  # ministack's CloudFormation leaves RedrivePolicy out.
        self._threads = [threading.Thread(target=self._drain, args=(uploads, self._upload)) for _ in range(2)]
        self._threads += [
            threading.Thread(target=self._drain, args=(jobs, self._job)),
            threading.Thread(target=self._hourly),
        ]

    def start(self) -> None:
        """Begin to deliver: first what was left over."""
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def stop(self) -> None:
        """Let running handlers end; one that takes too long starts again the next time."""
        self._stopping.set()
        deadline = time.monotonic() + 5
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _drain(self, queue: str, deliver: Callable[[dict[str, Any]], None]) -> None:
        while not self._stopping.is_set():
            try:
                received = self._sqs.receive_message(
                    QueueUrl=queue, WaitTimeSeconds=1, MessageSystemAttributeNames=["All"]
                )
                for message in received.get("Messages", []):
                    if _delivered(message, deliver, queue):
                        self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            except (BotoCoreError, ClientError) as error:
                if not self._stopping.wait(1):
                    log.warning("The queue %s does not answer: %s", queue, error)

    def _upload(self, message: dict[str, Any]) -> None:
        event = json.loads(message["Body"])
        if event.get("Event") != "s3:TestEvent":
            self._handlers.confirm_upload(event, LambdaContext("confirm_upload", 1769, 60_000))

    def _job(self, message: dict[str, Any]) -> None:
        record = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:000000000000:photoshare-{STAGE}-jobs",
            "awsRegion": REGION,
        }
        failed = self._handlers.run_job({"Records": [record]}, LambdaContext("run_job", 1769, 900_000))
        if isinstance(failed, dict) and failed.get("batchItemFailures"):
            raise RuntimeError("run_job asked for the message again.")

    def _hourly(self) -> None:
        while True:
            try:
                self._handlers.sweep(_tick(), LambdaContext("sweep", 256, 300_000))
            except Exception:
                log.exception("The sweep failed; the next is in an hour.")
            if self._stopping.wait(_HOUR):
                return


def _delivered(message: dict[str, Any], deliver: Callable[[dict[str, Any]], None], queue: str) -> bool:
    attempt = message.get("Attributes", {}).get("ApproximateReceiveCount", "1")
    try:
        deliver(message)
    except Exception:
        log.exception("Attempt %s at message %s of %s failed.", attempt, message["MessageId"], queue.rpartition("/")[2])
        return False
    return True


def _upload_queue(cloud: Cloud, sqs: Any) -> str:
    """The queue that carries the originals bucket's events here: on AWS they go to the function directly."""
    dead = sqs.create_queue(QueueName=f"photoshare-{STAGE}-uploads-dead")["QueueUrl"]
    # A function has 60 s, and S3's events are tried three times.
    queue: str = sqs.create_queue(QueueName=f"photoshare-{STAGE}-uploads")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "60"})
    _give_up(sqs, queue, dead, after=3)
    wanted = {"QueueArn": _arn(sqs, queue), "Events": ["s3:ObjectCreated:*"]}
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=cloud.env["ORIGINALS_BUCKET"], NotificationConfiguration={"QueueConfigurations": [wanted]}
    )
    return queue


def _give_up(sqs: Any, queue: str, dead: str, *, after: int) -> None:
    policy = json.dumps({"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": after})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def _arn(sqs: Any, queue: str) -> str:
    arn: str = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


def _tick() -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [],
        "detail": {},
    }
