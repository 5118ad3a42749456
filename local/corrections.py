"""Correct the behaviour of ministack that differs from AWS, before it serves.

Each function says what ministack does. `tests/local/test_corrections.py` fails when ministack changes.
"""

from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.services import sqs


def apply_all() -> None:
    """Apply all corrections."""
    count_http_as_tls()
    name_batches_as_iam_does()
    move_dead_letters()


def count_http_as_tls() -> None:
    """Let each request count as sent over TLS.

    The stack's policies deny requests without TLS, and ministack enforces that. The local cloud speaks plain HTTP.
    """
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _secure: pin(source_ip, True)


def name_batches_as_iam_does() -> None:
    """Authorize a batch operation of SQS by the permission for a single one, as AWS does.

    ministack asks for `sqs:SendMessageBatch`, which is no IAM action:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
    """
    extract = iam_actions.extract_iam_action

    def extract_single(service: str, *request: Any) -> str | None:
        action: str | None = extract(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = extract_single


def move_dead_letters() -> None:
    """Add `StartMessageMoveTask`, which ministack lacks. The move is complete when the call returns."""

    def start(request: dict[str, Any], _url: str) -> Any:
        source, target = (sqs._queue_by_arn(request[name]) for name in ("SourceArn", "DestinationArn"))
        if source is None or target is None:
            raise sqs._Err("ResourceNotFoundException", "The resource that you specified does not exist.", 404)
        for message in source["messages"]:
            sqs._act_send_message({"MessageBody": message["body"]}, target["url"])
        source["messages"].clear()
        return {"TaskHandle": request["SourceArn"]}

    sqs._HANDLERS["StartMessageMoveTask"] = start
