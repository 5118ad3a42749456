"""Each patch of the emulator is still needed. A test fails once ministack behaves like AWS."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud import EMULATOR, await_http
from tests.support.rest import environment, free_port, send, wait_until

TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ],
}

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A function that makes clients of a ministack without the patches, by default as its administrator."""
    folder, port = tmp_path_factory.mktemp("ministack"), free_port()
    settings = {"AUTH": "true", "GATEWAY_PORT": str(port), "MINISTACK_HOST": "localhost", "SFTP_ENABLED": "0"}
    settings |= {"IOT_MTLS_ENABLED": "0", "STATE_DIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [EMULATOR, "-m", "ministack"], env=environment() | settings, cwd=folder, stdout=log, stderr=log
        )

    def make(service: str, key: str = "test", secret: str = "test", token: str | None = None) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=f"http://localhost:{port}",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(signature_version="s3v4") if service == "s3" else None,
        )

    try:
        assert await_http(f"http://127.0.0.1:{port}/_ministack/health", process)
        yield make
    finally:
        process.terminate()
        process.wait(60)


def get_error_code(call: Callable[..., Any], **parameters: Any) -> str:
    """Return the code of the error that a call raises."""
    with pytest.raises(ClientError) as raised:
        call(**parameters)
    return str(raised.value.response["Error"]["Code"])


def test_http_does_not_count_as_tls(client: Client) -> None:
    sqs = client("sqs")
    queue = sqs.create_queue(QueueName="tls", Attributes={"Policy": json.dumps(TLS_ONLY)})["QueueUrl"]
    assert get_error_code(sqs.send_message, QueueUrl=queue, MessageBody="x") == "AccessDenied"


def make_role_client(client: Client, service: str, action: str, resource: str) -> Any:
    """Return a client whose role allows only one action."""
    iam, name = client("iam"), f"may-{action.partition(':')[2]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": action, "Resource": resource}
    trusted, policy = (
        json.dumps({"Version": "2012-10-17", "Statement": [statement]}) for statement in (trust, allowed)
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="one", PolicyDocument=policy)
    session = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    return client(service, session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


def test_batches_need_a_permission_that_iam_does_not_have(client: Client) -> None:
    sqs, sender = client("sqs"), make_role_client(client, "sqs", "sqs:SendMessage", "*")
    queue = sqs.create_queue(QueueName="batches")["QueueUrl"]
    sender.send_message(QueueUrl=queue, MessageBody="x")
    batch = [{"Id": "1", "MessageBody": "x"}]
    assert get_error_code(sender.send_message_batch, QueueUrl=queue, Entries=batch) == "AccessDenied"


def test_permission_for_the_streams_of_a_log_group_does_not_allow_create_log_stream(client: Client) -> None:
    client("logs").create_log_group(logGroupName="group")
    writer = make_role_client(
        client, "logs", "logs:CreateLogStream", "arn:aws:logs:us-east-1:000000000000:log-group:group:*"
    )
    error = get_error_code(writer.create_log_stream, logGroupName="group", logStreamName="stream")
    assert error == "AccessDeniedException"


def test_dead_letters_cannot_be_moved(client: Client) -> None:
    sqs = client("sqs")
    sqs.create_queue(QueueName="dead")
    source = "arn:aws:sqs:us-east-1:000000000000:dead"
    assert get_error_code(sqs.start_message_move_task, SourceArn=source) == "InvalidAction"


def test_email_addresses_are_case_sensitive(client: Client) -> None:
    cognito = client("cognito-idp")
    pool = cognito.create_user_pool(
        PoolName="users", UsernameAttributes=["email"], UsernameConfiguration={"CaseSensitive": False}
    )["UserPool"]["Id"]
    cognito.admin_create_user(UserPoolId=pool, Username="Ann@example.com", MessageAction="SUPPRESS")
    error = get_error_code(cognito.admin_get_user, UserPoolId=pool, Username="ann@example.com")
    assert error == "UserNotFoundException"


def test_downloads_of_a_version_have_no_filename(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="versions")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="versions", Key="x", Body=b"x")["VersionId"]
    download = {"Bucket": "versions", "Key": "x", "ResponseContentDisposition": "attachment"}
    headers = [
        send("GET", s3.generate_presigned_url("get_object", parameters)).headers.get("Content-Disposition")
        for parameters in (download, download | {"VersionId": version})
    ]
    assert headers == ["attachment", None]


def test_number_of_a_parameter_is_text(client: Client) -> None:
    mapping = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
            "FunctionName": "missing",
            "ScalingConfig": {"MaximumConcurrency": {"Ref": "Limit"}},
        },
    }
    template = {
        "Parameters": {"Limit": {"Type": "Number", "Default": 5}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Mapping": mapping},
    }
    limit = [{"ParameterKey": "Limit", "ParameterValue": "5"}]
    client("cloudformation").create_stack(StackName="numbers", TemplateBody=json.dumps(template), Parameters=limit)
    bodies: list[bytes] = []
    lambdas = client("lambda")
    # botocore turns the text into a number.
    lambdas.meta.events.register("before-parse.lambda", lambda response_dict, **_: bodies.append(response_dict["body"]))
    wait_until(lambda: bool(lambdas.list_event_source_mappings()["EventSourceMappings"]), 20)
    (created,) = json.loads(bodies[-1])["EventSourceMappings"]
    assert created["ScalingConfig"]["MaximumConcurrency"] == "5"


def test_alarms_of_expressions_are_refused(client: Client) -> None:
    metrics = [{"Id": "sum", "Expression": "1", "ReturnData": True}]
    comparison = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 1}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": metrics, **comparison}}
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="math", TemplateBody=json.dumps({"Resources": {"Alarm": alarm}}))
    wait_until(lambda: "ROLLBACK" in cloudformation.describe_stacks(StackName="math")["Stacks"][0]["StackStatus"], 20)


def test_state_is_encoded_in_python() -> None:
    code = "import inspect; from ministack.core import persistence; print(inspect.getsource(persistence.save_state))"
    printed = subprocess.run([EMULATOR, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert "json.dump(" in printed.stdout
