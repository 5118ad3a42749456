"""Every function may do what it does on AWS, where moto and the emulator let everything through."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

import app as service
from chalicelib import cancelling, jobs, upkeep, wiring
from chalicelib.ids import AlbumId, PhotoId, UserId
from chalicelib.models import TRASH_LIFETIME
from tests import gallery
from tests.cloud import Cloud, created
from tests.cognito import Cognito
from tests.faults import hooked
from tests.idp import POOL
from tests.images import photo as make_photo
from tests.rows import empty
from tests.test_jobs import drain

CHALICE = Path(__file__).parent.parent / ".chalice"
PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-central-1",
    "Stage": "test",
    "Users.Arn": f"arn:aws:cognito-idp:eu-central-1:123456789012:userpool/{POOL}",
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
    if "UserPoolId" in asked:
        return [(f"cognito-idp:{operation}", f"userpool/{asked['UserPoolId']}")]
    if "AccessToken" in asked:
        return []  # The token is leave enough.
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

    with hooked("before-parameter-build", noting, *cloud.clients, cloud.identity()._cognito):
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


def test_requests_about_albums_are_within_their_policy(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    with within("api", shared_cloud):
        album = f"/albums/{ann.post('/albums', {'name': 'Sea'}).json['albumId']}"
        grant = shared_cloud.grant(ann, albumId=album[8:])
        shared_cloud.put(grant, JPEG)
        assert ann.post(f"/photos/{grant['photoId']}/complete").status == 200
        assert ann.call("PUT", f"{album}/photos/{grant['photoId']}", {"position": 1}).status == 200
        link = ann.post(f"{album}/links", {"password": "x"}).json
        shared = f"/shared/{link['url'].rpartition('/')[2]}"
        for order in ("position", "random"):
            for path in (f"{album}/photos", f"{shared}/photos"):
                assert ann.call("GET", f"{path}?order={order}", headers={"X-Link-Password": "x"}).status == 200
        for path in ("/albums", "/albums?scope=mine", album, f"{album}/links"):
            assert ann.get(path).status == 200
        assert ann.patch(album, {"coverPhotoId": grant["photoId"], "name": "Hills"}).status == 200
        assert ann.delete(f"{album}/links/{link['linkId']}").status == 204
        assert ann.delete(f"{album}/photos/{grant['photoId']}").status == 204
        assert ann.get(album).status == 200
        assert ann.delete(album).status == 204


def test_work_on_albums_is_within_its_policies(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    album = f"/albums/{ann.post('/albums', {'name': 'Sea'}).json['albumId']}"
    photo = shared_cloud.upload(ann, JPEG, albumId=album[8:])
    assert ann.post(f"{album}/links").status == 201
    body = msgspec.json.encode(upkeep.Tidy(AlbumId(album[8:]))).decode()
    for method, change in (("PATCH", {"name": "Hills"}), ("DELETE", None)):
        with pytest.MonkeyPatch.context() as patched, within("api", shared_cloud):
            patched.setattr(upkeep, "AT_ONCE", -1)
            assert ann.call(method, album, change).status in (200, 204)
        with within("sweep", shared_cloud):
            assert shared_cloud.sweep(datetime.now(UTC) + 2 * upkeep.GRACE) >= 1
        with pytest.MonkeyPatch.context() as patched, within("run-job", shared_cloud):
            patched.setattr(upkeep.step, "__defaults__", (1,))
            shared_cloud.work(body, datetime.now(UTC))
        with within("run-job", shared_cloud):
            shared_cloud.work(body, datetime.now(UTC))
    assert shared_cloud.photo(photo.photo_id).albums == {}


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
            shared_cloud.sweep(due)
        with within("run-job", shared_cloud):
            service.do(jobs.Settle(PhotoId(grant["photoId"])), due)
        if content == JPEG:
            ann.delete(f"/photos/{grant['photoId']}")


def test_cancelling_is_within_its_policies(shared_cloud: Cloud) -> None:
    Cognito(shared_cloud)
    empty(shared_cloud.settings, shared_cloud.dynamodb)
    ann, bob = (shared_cloud.person(f"{name}-{uuid4()}") for name in ("ann", "bob"))
    gallery.furnish(shared_cloud, ann, bob)
    drain(shared_cloud)
    with within("api", shared_cloud):
        assert ann.delete("/account").status == 202
    job = jobs.Cancel(UserId(ann.user_id))
    with within("run-job", shared_cloud):
        hurried = (wiring.cancellations(), shared_cloud.bucket, wiring.identity(), wiring.queue(), job.user_id)
        cancelling.run(*hurried, datetime.now(UTC), timedelta())
        service.do(job, datetime.now(UTC))
    with within("sweep", shared_cloud):
        assert cancelling.sweep(wiring.cancellations(), wiring.queue(), datetime.now(UTC) + timedelta(hours=2)) == 1
    drain(shared_cloud)


def test_asking_again_is_within_the_policy(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person(f"ann-{uuid4()}")
    photo = shared_cloud.upload(ann, JPEG)
    with within("api", shared_cloud):
        for wanted in ({}, {"sha256": photo.sha256}):
            for _ in range(2):
                headers = {"Idempotency-Key": str(len(wanted))}
                assert ann.post("/upload", gallery.WANTED | wanted, **headers).status < 300


def test_every_statement_names_its_actions() -> None:
    for policy in CHALICE.glob("policy-*.json"):
        for statement in json.loads(policy.read_text())["Statement"]:
            assert not any("*" in action for action in statement["Action"]), policy
