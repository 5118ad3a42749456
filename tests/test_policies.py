"""Every function may do what it does on AWS, where moto and the emulator let everything through."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib import jobs, wiring
from chalicelib.ids import PhotoId
from chalicelib.models import TRASH_LIFETIME
from tests.cloud import Cloud, created
from tests.faults import hooked
from tests.images import photo as make_photo

CHALICE = Path(__file__).parent.parent / ".chalice"
PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "Stage": "test",
}
JPEG = make_photo(64, 48)

Need = tuple[str, str]
"""An action, and the resource that it is done to, as an ARN ends."""


def may(function: str, need: Need) -> bool:
    statements = json.loads((CHALICE / f"policy-{function}.json").read_text())["Statement"]
    return any(
        need[0] in each["Action"] and any(fnmatchcase(need[1], ending(one["Fn::Sub"])) for one in each["Resource"])
        for each in statements
    )


def ending(arn: str) -> str:
    for name, value in PARAMETERS.items():
        arn = arn.replace(f"${{{name}}}", value)
    return arn.split(":", 5)[5]


def needs(operation: str, asked: dict[str, Any]) -> list[Need]:
    """What AWS asks of the policy for one call (Service Authorization Reference)."""
    if "Bucket" in asked:
        return [_on_s3(operation, asked)]
    if "QueueUrl" in asked:
        return [("sqs:SendMessage", asked["QueueUrl"].rpartition("/")[2])]
    if operation == "TransactWriteItems":
        writes = [next(iter(each.items())) for each in asked["TransactItems"]]
        return [(f"dynamodb:{kind}Item", f"table/{write['TableName']}") for kind, write in writes]
    if operation == "BatchGetItem":
        return [("dynamodb:BatchGetItem", f"table/{table}") for table in asked["RequestItems"]]
    index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
    return [(f"dynamodb:{operation}", f"table/{asked['TableName']}{index}")]


def _on_s3(operation: str, asked: dict[str, Any]) -> Need:
    bucket = asked["Bucket"]
    if operation in ("ListObjectVersions", "ListObjectsV2"):
        return {"ListObjectVersions": "s3:ListBucketVersions", "ListObjectsV2": "s3:ListBucket"}[operation], bucket
    versions = "VersionId" in str(asked)
    action = {"DeleteObjects": "s3:DeleteObject"}.get(operation, f"s3:{operation}")
    return f"{action}Version" if versions else action, f"{bucket}/*"


@contextmanager
def within(function: str, cloud: Cloud) -> Iterator[None]:
    """Everything that is asked of AWS in here, the policy of this function allows."""
    asked: list[Need] = []

    def noting(_: Any) -> Callable[..., None]:
        return lambda params, model, **_: asked.extend(needs(model.name, params))

    with hooked("before-parameter-build", noting, cloud.s3, cloud.dynamodb, wiring.queue()._sqs):
        yield
    assert asked
    assert [need for need in dict.fromkeys(asked) if not may(function, need)] == []


def test_requests_are_within_their_policy(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    with within("api", shared_cloud):
        for content in (JPEG, b"no image"):
            grant = shared_cloud.grant(ann, tags=["sea"])
            shared_cloud.put(grant, content)
            ann.post(f"/photos/{grant['photoId']}/complete")
            for order in ("random", "newest", "top"):
                assert ann.get("/photos", order=order).status == 200
                assert ann.get("/photos", order=order, scope="mine").status == 200
            for narrowed in ({"scope": "mine"}, {"userId": "ann"}, {}):
                assert ann.get("/photos", order="newest", tag="sea", **narrowed).status == 200
            if content == JPEG:
                for rating in (5, 3):
                    assert ann.call("PUT", f"/photos/{grant['photoId']}/rating", {"rating": rating}).status == 200
                assert ann.delete(f"/photos/{grant['photoId']}/rating").status == 200
                assert ann.call("PUT", f"/photos/{grant['photoId']}/rating", {"rating": 4}).status == 200
            assert ann.patch(f"/photos/{grant['photoId']}", {"tags": []}).status == 200
            assert ann.delete(f"/photos/{grant['photoId']}", permanent="true").status == 204


@pytest.mark.parametrize("content", [JPEG, b"no image"], ids=["photo", "no photo"])
def test_confirming_is_within_its_policy(shared_cloud: Cloud, content: bytes) -> None:
    ann = shared_cloud.person("ann")
    grant = shared_cloud.grant(ann, method="POST")
    for before in ("nothing", "the same upload", "its deletion"):
        if before == "its deletion":
            assert ann.delete(f"/photos/{grant['photoId']}", permanent="true").status == 204
        version = shared_cloud.put(grant, content)
        with within("confirm-upload", shared_cloud):
            shared_cloud.deliver(created(grant["s3Key"], version))


@pytest.mark.parametrize("content", [JPEG, b"no image", None], ids=["photo", "no photo", "nothing"])
def test_sweep_and_jobs_are_within_their_policies(shared_cloud: Cloud, content: bytes | None) -> None:
    ann = shared_cloud.person("ann")
    grant = shared_cloud.grant(ann)
    if content:
        shared_cloud.put(grant, content)
    due = datetime.now(UTC)
    for _ in range(3):
        due += 2 * TRASH_LIFETIME
        with within("sweep", shared_cloud):
            jobs.sweep(shared_cloud.store, wiring.queue(), due)
        with within("run-job", shared_cloud):
            body = msgspec.json.encode(jobs.Settle(PhotoId(grant["photoId"]))).decode()
            jobs.run(shared_cloud.store, shared_cloud.bucket, body, due)
        if content == JPEG:
            ann.delete(f"/photos/{grant['photoId']}")
