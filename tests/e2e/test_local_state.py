"""The state of a local cloud: it survives errors, incomplete state is reported, and web pages cannot reset it."""

import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud, run_cloud
from local.data import CannotRun
from local.functions import Function
from tests.support.rest import send
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("local")


def delete_queue(cloud: Cloud) -> None:
    cloud.client("sqs").delete_queue(QueueUrl=cloud.env["JOB_QUEUE_URL"])


def delete_role(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    name = iam.list_roles()["Roles"][0]["RoleName"]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def delete_table(cloud: Cloud) -> None:
    dynamodb, table = cloud.client("dynamodb"), cloud.env["RATING_TABLE"]
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)


def delete_bucket(cloud: Cloud) -> None:
    cloud.client("s3").delete_bucket(Bucket=cloud.env["RENDITIONS_BUCKET"])


@pytest.mark.parametrize("delete", [delete_queue, delete_role, delete_table, delete_bucket])
def test_state_without_one_of_its_parts_is_reported(delete: Callable[[Cloud], None], tmp_path: Path) -> None:
    with run_cloud(tmp_path, 0) as cloud:
        delete(cloud)
    with pytest.raises(CannotRun, match=f"A part of the state in {tmp_path} is missing"), run_cloud(tmp_path, 0):
        pass


def test_state_is_saved_if_the_cloud_ends_with_an_error(tmp_path: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), run_cloud(tmp_path, 0) as cloud:
        cloud.client("dynamodb").put_item(TableName=cloud.env["RATING_TABLE"], Item=rating("photo"))
        raise ZeroDivisionError
    with run_cloud(tmp_path, 0) as cloud:
        assert cloud.client("dynamodb").scan(TableName=cloud.env["RATING_TABLE"])["Items"] == [rating("photo")]


def rating(photo_id: str) -> dict[str, Any]:
    return {"photoId": {"S": photo_id}, "userId": {"S": "ann"}}


def test_function_that_keeps_crashing_is_restarted_after_growing_pauses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with run_cloud(tmp_path, 0) as cloud, caplog.at_level(logging.ERROR, "local"):
        function = Function(cloud, "api", -1)  # No process can listen on this port.
        deadline = time.monotonic() + 60
        while len(caplog.messages) < 3 and time.monotonic() < deadline:
            function.restart_if_ended()
            time.sleep(0.05)
        function.request_stop()
        function.wait_or_kill(deadline)
    assert [message.rpartition(" in ")[2] for message in caplog.messages] == ["1 s.", "3 s.", "7 s."]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_web_pages_cannot_reset_the_emulator(local: Local, method: str) -> None:
    assert send(method, f"{local.aws_url}/_ministack/reset").status == 403
    assert local.call("GET", "/photos").status == 200
