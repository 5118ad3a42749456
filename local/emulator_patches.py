"""Correct the behaviour of ministack that differs from AWS, before it serves.

Each function describes what ministack does. `tests/local/test_emulator_patches.py` fails when ministack changes.
"""

import json
from types import SimpleNamespace
from typing import IO, Any

from ministack import app
from ministack.core import iam_actions, persistence
from ministack.services import cognito, lambda_svc, s3, sqs
from ministack.services.cloudformation import provisioners


def apply_all() -> None:
    """Apply all patches."""
    count_http_as_tls()
    authorize_sqs_batches()
    authorize_log_streams()
    add_message_move_task()
    ignore_case_of_emails()
    apply_overrides_to_versions()
    read_numbers_of_parameters()
    accept_metric_math()
    encode_state_at_once()


def count_http_as_tls() -> None:
    """Treat each request as sent over TLS.

    The stack's policies deny requests without TLS, and ministack enforces the policies. The local cloud uses HTTP.
    """
    pin_origin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _secure: pin_origin(source_ip, True)


def authorize_sqs_batches() -> None:
    """Authorize a batch operation of SQS with the permission for the operation on one message, as AWS does.

    ministack requires `sqs:SendMessageBatch`, which is not an IAM action. AWS contract IAM-6.
    """
    extract = iam_actions.extract_iam_action

    def extract_single(service: str, *request: Any) -> str | None:
        action: str | None = extract(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = extract_single


def authorize_log_streams() -> None:
    """Add `:log-stream:` to the ARN of a log group before ministack compares the ARN with a policy, as AWS does.

    Without this patch, the ARN ends with the group's name. On AWS, only the ARNs of calls about tags do.
    AWS contract IAM-7.
    """
    extract = iam_actions.extract_resource_arn

    def extract_stream(service: str, method: str, path: str, headers: dict[str, str], *request: Any) -> str:
        arn: str = extract(service, method, path, headers, *request)
        is_group = service == "logs" and ":log-group:" in arn
        return f"{arn}:log-stream:" if is_group and "Tag" not in headers["x-amz-target"] else arn

    iam_actions.extract_resource_arn = extract_stream


def add_message_move_task() -> None:
    """Add `StartMessageMoveTask`, which ministack lacks. The move is complete when the call returns."""

    def start_move_task(request: dict[str, Any], _url: str) -> Any:
        source, target = (sqs._queue_by_arn(request[name]) for name in ("SourceArn", "DestinationArn"))
        if source is None or target is None:
            raise sqs._Err("ResourceNotFoundException", "The resource that you specified does not exist.", 404)
        for message in source["messages"]:
            sqs._act_send_message({"MessageBody": message["body"]}, target["url"])
        source["messages"].clear()
        return {"TaskHandle": request["SourceArn"]}

    sqs._HANDLERS["StartMessageMoveTask"] = start_move_task


def ignore_case_of_emails() -> None:
    """Ignore the case of e-mail addresses if the user pool does. ministack stores the setting but does not apply it."""
    resolve = cognito._resolve_user

    def resolve_in_any_case(pool: dict[str, Any], username: str | None) -> Any:
        user, error = resolve(pool, username)
        ignores_case = str(pool.get("UsernameConfiguration", {}).get("CaseSensitive")).lower() == "false"
        if error and username and ignores_case:
            for name, candidate in pool["_users"].items():
                emails = [item["Value"] for item in candidate["Attributes"] if item["Name"] == "email"]
                if any(email.lower() == username.lower() for email in emails):
                    return resolve(pool, name)
        return user, error

    cognito._resolve_user = resolve_in_any_case


def apply_overrides_to_versions() -> None:
    """Honour `response-content-disposition` and the other `response-*` parameters in a request for a version.

    ministack honours them only if the request names no version.
    """
    get = s3._get_object

    def get_with_overrides(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any], **rest: Any) -> Any:
        response = get(bucket, key, headers, query, **rest)
        if response[0] == 200 and "versionId" in query:
            s3._apply_response_overrides(response[1], query)
        return response

    s3._get_object = get_with_overrides


def read_numbers_of_parameters() -> None:
    """Accept a `MaximumConcurrency` that a template reads from a parameter. ministack then stores text, and fails."""
    get_limit = lambda_svc._sqs_esm_concurrency

    def get_limit_of_text(esm: dict[str, Any], *rest: Any) -> int:
        scaling = {name: int(value) for name, value in (esm.get("ScalingConfig") or {}).items()}
        limit: int = get_limit(esm | {"ScalingConfig": scaling}, *rest)
        return limit

    lambda_svc._sqs_esm_concurrency = get_limit_of_text


def accept_metric_math() -> None:
    """Create alarms of expressions as alarms of a metric that has no data. ministack refuses their template."""
    build = provisioners._cw_metric_alarm_record

    def build_without_expressions(name: str, properties: dict[str, Any]) -> Any:
        if "Metrics" in properties:
            own = {key: value for key, value in properties.items() if key != "Metrics"}
            properties = own | {"Namespace": "None", "MetricName": "None"}
        return build(name, properties)

    provisioners._cw_metric_alarm_record = build_without_expressions


def encode_state_at_once() -> None:
    """Encode a state with `json.dumps`, because ministack serves no requests while it saves.

    ministack uses `json.dump`, whose encoder is written in Python and takes several times longer.
    """

    def dump(state: Any, file: IO[str], **options: Any) -> None:
        file.write(json.dumps(state, **options))

    persistence.json = SimpleNamespace(**vars(json) | {"dump": dump})
