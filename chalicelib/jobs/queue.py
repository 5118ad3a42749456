"""The job queue on SQS."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import is_photo_id
from chalicelib.domain.messages import CleanUpPhoto, Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

log = logging.getLogger(__name__)

_BATCH = 10
"""The maximum size of an SQS batch. AWS contract SQS-2."""


class SqsQueue:
    """`Queue` on SQS."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs, self._url = sqs, url

    def send(self, messages: Sequence[Message]) -> None:
        """Enqueue all `messages`.

        Raises:
            Busy: SQS rejected some of the messages.
        """
        for start in range(0, len(messages), _BATCH):
            entries: list[SendMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "MessageBody": msgspec.json.encode(message).decode()}
                for number, message in enumerate(messages[start : start + _BATCH])
            ]
            # SQS returns status 200 even if it rejects some messages. AWS contracts SQS-3, IAM-6.
            response = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            if response.get("Failed"):
                raise Busy(f"The queue did not accept {len(response['Failed'])} messages.")

    def try_send(self, messages: Sequence[Message]) -> None:
        """Enqueue `messages`. If SQS fails for any reason, only log it, because the sweep finds the work."""
        try:
            self.send(messages)
        except Exception:
            log.exception("could not enqueue jobs, so the sweep will start them", extra={"count": len(messages)})


def decode_message(body: str) -> Message:
    """Decode the body of an SQS message.

    Raises:
        msgspec.DecodeError, msgspec.ValidationError: the body is not a valid `Message`. SQS moves the message
            to the dead-letter queue after its retries.
    """
    message: Message = msgspec.json.decode(body, type=Message)
    if isinstance(message, CleanUpPhoto) and not is_photo_id(message.photo_id):
        raise msgspec.ValidationError("The message has an invalid photo id.")
    return message
