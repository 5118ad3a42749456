"""`python -m release.redrive STAGE`: what was given up gets another try, once the cause is gone."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def main(stage: str) -> None:
    """Empty both dead-letter queues."""
    session = boto3.Session()
    sqs, lambdas = session.client("sqs"), session.client("lambda")
    print(f"{jobs(sqs, stage)} jobs are queued again.")
    print(f"{uploads(sqs, lambdas, stage)} uploads are confirmed again.")


def jobs(sqs: Any, stage: str) -> int:
    """Put every dead job back into its queue; how many."""
    living = sqs.get_queue_url(QueueName=f"photoshare-{stage}-jobs")["QueueUrl"]
    moved = 0
    for body in _taken(sqs, f"photoshare-{stage}-jobs-dead"):
        sqs.send_message(QueueUrl=living, MessageBody=body)
        moved += 1
    return moved


def uploads(sqs: Any, lambdas: Any, stage: str) -> int:
    """Call the function with every event that it was given up with; how many."""
    called = 0
    for body in _taken(sqs, f"photoshare-{stage}-uploads-dead"):
        # Lambda wraps what failed: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        event = json.dumps(json.loads(body)["requestPayload"]).encode()
        lambdas.invoke(FunctionName=f"photoshare-{stage}-confirm_upload", InvocationType="Event", Payload=event)
        called += 1
    return called


def _taken(sqs: Any, name: str) -> Iterator[str]:
    """Each message, deleted only once the caller has come back for the next: what fails on the way stays there."""
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        for message in found:
            yield message["Body"]
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, TypeError, ValueError, KeyError) as error:
        sys.exit(f"Not everything was tried again: {error}")
