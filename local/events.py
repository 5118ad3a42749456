"""Deliver S3 events and queued jobs to the functions that handle them, with retries as on AWS."""

import json
import logging
import os
import threading
from collections.abc import Callable
from typing import Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from chalice.local import LambdaContext

from local.cloud import ACCOUNT, REGION, STAGE, Cloud
from local.roles import ADMINISTRATOR

log = logging.getLogger("local")

Message = dict[str, Any]

_POLL_SECONDS = 0.25
_UPLOAD_TIMEOUT, _JOB_TIMEOUT = 60, 900
"""Seconds. A message of a killed function is delivered again after this time, because no function is throttled here."""

_UPLOADS = f"photoshare-{STAGE}-uploads"


class Handlers(Protocol):
    """The two handlers in `app.py` that receive messages."""

    confirm_upload: Callable[[dict[str, Any], LambdaContext], Any]
    run_job: Callable[[dict[str, Any], LambdaContext], Any]


class Worker:
    """A thread that handles one message at a time, until `stop()`."""

    def __init__(self, sqs: Any, url: str, handle: Callable[[Message], None]) -> None:
        self._sqs = sqs
        self._url = url
        self._queue = url.rpartition("/")[2]
        self._handle = handle
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self._queue, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait up to 5 s for the message that is being handled. A message that takes longer is delivered again."""
        self._stopping.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                # No long poll: the emulator could deliver a message to the poll of a process that was killed.
                response = self._sqs.receive_message(QueueUrl=self._url, MessageSystemAttributeNames=["All"])
                for message in response.get("Messages", []):
                    if self._handle_message(message):
                        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                if "Messages" not in response:
                    self._stopping.wait(_POLL_SECONDS)
            except (BotoCoreError, ClientError) as error:
                if not self._stopping.wait(1):
                    log.warning("The queue %s is unavailable: %s", self._queue, error)

    def _handle_message(self, message: Message) -> bool:
        try:
            self._handle(message)
        except Exception:
            attempt = message["Attributes"]["ApproximateReceiveCount"]
            log.exception("Attempt %s to handle message %s of %s failed.", attempt, message["MessageId"], self._queue)
            return False
        return True


def start_upload_worker(handlers: Handlers) -> Worker:
    """Start a worker that passes S3 events to `confirm_upload`."""

    def handle(message: Message) -> None:
        event = json.loads(message["Body"])
        if event.get("Event") != "s3:TestEvent":
            handlers.confirm_upload(event, LambdaContext("confirm_upload", 1769, _UPLOAD_TIMEOUT * 1000))

    # On AWS, S3 invokes the function, so the function's role needs no permission for the queue.
    sqs = boto3.Session(profile_name=ADMINISTRATOR).client("sqs")
    return Worker(sqs, sqs.get_queue_url(QueueName=_UPLOADS)["QueueUrl"], handle)


def start_job_worker(handlers: Handlers) -> Worker:
    """Start a worker that passes jobs to `run_job`. As on AWS, the function's role receives and deletes messages."""

    def handle(message: Message) -> None:
        context = LambdaContext("run_job", 1769, _JOB_TIMEOUT * 1000)
        result = handlers.run_job({"Records": [_build_record(message)]}, context)
        if isinstance(result, dict) and result.get("batchItemFailures"):
            raise RuntimeError("run_job reported a failed message.")

    return Worker(boto3.Session().client("sqs"), os.environ["JOB_QUEUE_URL"], handle)


def _build_record(message: Message) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:photoshare-{STAGE}-jobs",
        "awsRegion": REGION,
    }


def prepare_queues(cloud: Cloud) -> None:
    """Create the queue that carries the events of the originals bucket to this machine. Shorten retries of jobs."""
    sqs = cloud.client("sqs")
    sqs.set_queue_attributes(QueueUrl=cloud.env["JOB_QUEUE_URL"], Attributes={"VisibilityTimeout": str(_JOB_TIMEOUT)})
    uploads = sqs.create_queue(QueueName=_UPLOADS)["QueueUrl"]
    bucket = cloud.env["ORIGINALS_BUCKET"]
    arn = _get_arn(sqs, uploads)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    # Lambda tries to handle an event three times. The function has 60 s for each attempt.
    redrive = json.dumps({"deadLetterTargetArn": _get_arn(sqs, f"{uploads}-dead"), "maxReceiveCount": 3})
    attributes = {"VisibilityTimeout": str(_UPLOAD_TIMEOUT), "Policy": policy, "RedrivePolicy": redrive}
    sqs.set_queue_attributes(QueueUrl=uploads, Attributes=attributes)
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
    )


def _get_arn(sqs: Any, queue: str) -> str:
    arn: str = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn
