"""Retry dead jobs and dead uploads after the cause is fixed: `python -m release.redrive STAGE`."""

import json
import sys
from pathlib import Path
from typing import Any

import boto3

from release.environment import load_environment
from release.failures import exit_on_failure


def main(stage: str, data: str = ".data") -> None:
    """Redrive both dead-letter queues."""
    if stage == "local":
        load_environment(stage, Path(data))
    session = boto3.Session()
    sqs = session.client("sqs")
    redrive_messages(sqs, f"photoshare-{stage}-jobs-dead")
    print("SQS is moving the dead jobs back to their queue.")
    if stage == "local":
        # A local cloud has no Lambda. A queue delivers the events of its bucket.
        redrive_messages(sqs, f"photoshare-{stage}-uploads-dead")
        print("SQS is moving the dead upload events back to their queue.")
        return
    count = redrive_uploads(sqs, session.client("lambda"), stage)
    print(f"Sent {count} upload events to Lambda again.")


def redrive_messages(sqs: Any, dead_queue: str) -> None:
    """Start to move all dead messages to their queue. SQS completes the move asynchronously. AWS contract SQS-6."""
    dead = sqs.get_queue_url(QueueName=dead_queue)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.start_message_move_task(SourceArn=arn, DestinationArn=arn.removesuffix("-dead"))


def redrive_uploads(sqs: Any, lambdas: Any, stage: str) -> int:
    """Invoke `confirm_upload` again with every event that failed, and return the number of events.

    SQS cannot do this, because the event is a part of the record that Lambda has sent to the queue:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    AWS contract LAM-3.
    """
    count, dead = 0, sqs.get_queue_url(QueueName=f"photoshare-{stage}-uploads-dead")["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
        for message in messages:
            event = json.dumps(json.loads(message["Body"])["requestPayload"]).encode()
            lambdas.invoke(FunctionName=f"photoshare-{stage}-confirm_upload", InvocationType="Event", Payload=event)
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            count += 1
    return count


if __name__ == "__main__":
    with exit_on_failure("The redrive is incomplete", TypeError, ValueError, KeyError):
        main(*sys.argv[1:])
