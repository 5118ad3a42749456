"""Steps that together use every permission of every function on a local cloud."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import jwt

from tests.support.images import photo as make_photo
from tests.support.paths import ROOT
from tests.support.rest import environment, post_form, put, send
from tests.support.service import Local

JPEG = make_photo(64, 48)
PAST = "2020-01-01T00:00:00.000Z"
TABLE = "photoshare-local-PhotoMetadata"
ORIGINALS = "photoshare-local-originals-000000000000"


class Person:
    """A signed-in user. Every request must succeed."""

    def __init__(self, service: Local) -> None:
        self.service = service
        email = service.address("ann")
        service.call("POST", "/signup", {"email": email, "password": "Correct-horse-7"})
        service.client("cognito-idp").admin_confirm_sign_up(UserPoolId=service.setting("USER_POOL_ID"), Username=email)
        self.token = service.log_in(email)

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the body of the answer."""
        answer = self.service.call(method, path, body, self.token, **query)
        assert answer.status < 300, answer
        return answer.json if answer.content else None

    def album(self, **body: Any) -> str:
        """Create an album, and return its path."""
        return f"/albums/{self.ask('POST', '/albums', {'name': 'Sea', **body})['albumId']}"

    def upload(self, content: bytes = JPEG, *, confirm: bool = True, **wanted: Any) -> str:
        """Upload a photo, and return its path."""
        grant = self.service.grant(self.token, **wanted)
        assert (post_form if grant["method"] == "POST" else put)(grant, content) in (200, 201)
        path = f"/photos/{grant['photoId']}"
        if confirm:
            self.await_status(path, "pending", is_reached=False)
        return path

    def await_status(self, path: str, status: str, *, is_reached: bool = True) -> None:
        """Wait until a photo has this status, or no longer has it."""

        def settled() -> bool:
            found = self.service.call("GET", path, token=self.token)
            seen = found.json["status"] if found.status == 200 else "gone"
            return bool((seen == status) is is_reached)

        self.service.wait(settled)


@contextlib.contextmanager
def without_events(service: Local) -> Iterator[None]:
    """Let S3 send no events meanwhile, so that `confirm_upload` does nothing."""
    s3 = service.client("s3")
    configured = s3.get_bucket_notification_configuration(Bucket=ORIGINALS)
    configured.pop("ResponseMetadata")
    s3.put_bucket_notification_configuration(Bucket=ORIGINALS, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=ORIGINALS, NotificationConfiguration=configured)


def make_due(service: Local, path: str) -> None:
    """Let a photo be due for its job."""
    dynamodb, photo_id = service.client("dynamodb"), path.rpartition("/")[2]
    (row,) = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="photoId = :id",
        ExpressionAttributeValues={":id": {"S": photo_id}},
    )["Items"]
    due = {"S": PAST}
    dynamodb.put_item(TableName=TABLE, Item=row | {"dueAt": due, "sweepAt": due, "dueShard": {"S": photo_id[-1]}})


def run_sweep(service: Local) -> None:
    """Run the function `sweep` once, with its own role."""
    function = [sys.executable, "-m", "local.functions", "sweep", "0"]
    aws = service.environment_of("sweep")
    subprocess.run(function, cwd=ROOT, env=environment() | aws, check=True, capture_output=True, timeout=30)


def assume(service: Local, function: str, aws_service: str) -> Any:
    """Return a client with the credentials of a function's role."""
    arn = f"arn:aws:iam::000000000000:role/photoshare-local-{function}"
    session = service.client("sts").assume_role(RoleArn=arn, RoleSessionName="platform")["Credentials"]
    return boto3.client(
        aws_service,
        region_name="us-east-1",
        endpoint_url=service.aws_url,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def confirm_by_event(service: Local) -> None:
    ann = Person(service)
    album = ann.album()
    photo = ann.upload(tags=["sea"], title="A long walk", albumId=album[8:])
    assert ann.ask("GET", photo)["status"] == "ready"
    ann.upload(b"no image", method="POST", tags=["sea"], albumId=album[8:])


def replace_by_event(service: Local) -> None:
    ann = Person(service)
    grant = service.grant(ann.token, method="POST")
    assert post_form(grant, JPEG) == 201
    ann.await_status(f"/photos/{grant['photoId']}", "ready")
    assert post_form(grant, b"another") == 201
    s3 = service.client("s3")
    prefix = {"Bucket": ORIGINALS, "Prefix": grant["s3Key"]}
    service.wait(lambda: len(s3.list_object_versions(**prefix).get("Versions", [])) == 1)


def erase_before_the_event(service: Local) -> None:
    ann = Person(service)
    grant = service.grant(ann.token)
    ann.ask("DELETE", f"/photos/{grant['photoId']}", permanent="true")
    assert put(grant, JPEG) == 200
    s3 = service.client("s3")
    prefix = {"Bucket": ORIGINALS, "Prefix": grant["s3Key"]}
    service.wait(lambda: not s3.list_object_versions(**prefix).get("Versions"))


def confirm_by_request(service: Local) -> None:
    ann = Person(service)
    album = ann.album()
    with without_events(service):
        unused = service.grant(ann.token)
        assert service.call("POST", f"/photos/{unused['photoId']}/complete", token=ann.token).status == 409
        photo = ann.upload(confirm=False, tags=["sea"], title="A long walk", albumId=album[8:])
        ann.ask("POST", f"{photo}/complete")
        rejected = ann.upload(b"no image", confirm=False, method="POST", albumId=album[8:])
        assert service.call("POST", f"{rejected}/complete", token=ann.token).status == 422
    ann.ask("DELETE", photo, permanent="true")


def show_photo(service: Local) -> None:
    ann = Person(service)
    photo = ann.upload()
    shown = ann.ask("GET", photo)
    for url in (shown["renditions"]["256"], ann.ask("GET", f"{photo}/download")["url"]):
        assert send("GET", url).status == 200
    assert send("GET", service.call("GET", f"{photo}/download").json["url"]).status == 200
    ann.ask("GET", "/account")


def list_photos(service: Local) -> None:
    ann = Person(service)
    owner = ann.ask("GET", ann.upload(tags=["sea"]))["userId"]
    for order in ("random", "newest", "top"):
        for scope in ("public", "mine"):
            ann.ask("GET", "/photos", order=order, scope=scope)
    for narrowed in ({"scope": "mine"}, {"userId": owner}, {}):
        ann.ask("GET", "/photos", order="newest", tag="sea", **narrowed)
    ann.ask("GET", "/photos", order="newest", userId=owner)


def search(service: Local) -> None:
    ann = Person(service)
    ann.upload(title="Abcdefghijk", tags=["sea"])
    for words in ("abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abcdefghijk", "#sea", "abc sea"):
        for scope in ("public", "mine"):
            ann.ask("GET", "/search", q=words, scope=scope)


def change_photo(service: Local) -> None:
    ann, ben = Person(service), Person(service)
    photo = ann.upload(tags=["sea"], title="A long walk")
    ann.ask("PATCH", photo, {"tags": [], "title": "Short"})
    for person, rating in ((ben, 5), (ben, 3), (ann, 4)):
        person.ask("PUT", f"{photo}/rating", {"rating": rating})
    ann.ask("DELETE", f"{photo}/rating")
    ann.ask("DELETE", photo)
    assert ann.ask("GET", "/trash")["items"]
    ann.ask("POST", f"{photo}/restore")
    ann.ask("DELETE", photo, permanent="true")


def use_album(service: Local) -> None:
    ann = Person(service)
    album = ann.album()
    photo = ann.upload(albumId=album[8:])
    ann.ask("PUT", f"{album}/photos/{photo[8:]}", {"position": 1})
    link = ann.ask("POST", f"{album}/links", {"password": "x"})
    shared = f"{service.url}/shared/{link['url'].rpartition('/')[2]}"
    for order in ("position", "random"):
        ann.ask("GET", f"{album}/photos", order=order)
        assert service.call("GET", f"{album}/photos", order=order).status == 200
        opened = send("GET", f"{shared}/photos?order={order}", headers={"X-Link-Password": "x"})
        assert opened.status == 200, opened
    for path in ("/albums", "/albums?scope=mine", album, f"{album}/links"):
        ann.ask("GET", path)
    ann.ask("PATCH", album, {"coverPhotoId": photo[8:], "name": "Hills"})
    ann.ask("DELETE", f"{album}/links/{link['linkId']}")
    ann.ask("DELETE", f"{album}/photos/{photo[8:]}")
    ann.ask("DELETE", album)


def propagate_album(service: Local) -> None:
    ann = Person(service)
    album = ann.album()
    photo = ann.upload(albumId=album[8:])
    sqs, queue = service.client("sqs"), f"{service.aws_url}/000000000000/photoshare-local-jobs"
    dynamodb = service.client("dynamodb")
    key = {"albumId": {"S": album[8:]}, "record": {"S": "album"}}
    # As a change of an album with many photos leaves it.
    dynamodb.update_item(
        TableName="photoshare-local-Albums",
        Key=key,
        UpdateExpression="SET #n = :name, dueShard = :shard, dueAt = :past",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":name": {"S": "Hills"}, ":shard": {"S": album[-1]}, ":past": {"S": PAST}},
    )
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"job": "tidy", "albumId": album[8:]}))
    service.wait(lambda: bool(ann.ask("GET", "/search", q="hills", scope="mine")["items"]))
    assert ann.ask("GET", photo)


def settle_by_sweep(service: Local) -> None:
    ann = Person(service)
    album = ann.album()
    with without_events(service):
        late = ann.upload(confirm=False, tags=["sea"], title="A long walk", albumId=album[8:])
        rejected = ann.upload(b"no image", confirm=False, albumId=album[8:])
    unused = f"/photos/{service.grant(ann.token, albumId=album[8:])['photoId']}"
    trashed = ann.upload(albumId=album[8:], tags=["sea"])
    erased = ann.upload()
    ann.ask("PUT", f"{erased}/rating", {"rating": 5})
    ann.ask("DELETE", trashed)
    ann.ask("DELETE", erased, permanent="true")
    for photo in (late, rejected, unused, trashed, erased):
        make_due(service, photo)
    run_sweep(service)
    ann.await_status(late, "ready")
    ann.await_status(rejected, "rejected")
    for photo in (unused, trashed):
        ann.await_status(photo, "gone")


def cancel_account(service: Local) -> None:
    ann, ben = Person(service), Person(service)
    album = ann.album()
    ann.ask("POST", f"{album}/links", {})
    photo, bens = ann.upload(albumId=album[8:], tags=["sea"]), ben.upload()
    for person, rated in ((ann, bens), (ben, photo)):
        person.ask("PUT", f"{rated}/rating", {"rating": 5})
    time.sleep(1)  # The emulator revokes tokens of earlier seconds only.
    ann.ask("DELETE", "/account")
    service.wait(lambda: service.call("GET", photo).status == 404)
    service.wait(lambda: ben.ask("GET", bens)["rating"]["count"] == 0)
    cognito = service.client("cognito-idp")
    service.wait(lambda: all(user["Username"] != ann_id(ann) for user in users(cognito, service)))


def ann_id(person: Person) -> str:
    """Return the id of a user from the access token."""
    return str(jwt.decode(person.token, options={"verify_signature": False})["sub"])


def users(cognito: Any, service: Local) -> list[Any]:
    """Return all users of the pool."""
    pages = cognito.get_paginator("list_users").paginate(UserPoolId=service.setting("USER_POOL_ID"))
    return [user for page in pages for user in page["Users"]]


def call_as_lambda(service: Local) -> None:
    """Do what Lambda itself does with the roles: write logs, and give up an event."""
    for function, ending in (
        ("api", ""),
        ("confirm_upload", "-confirm_upload"),
        ("run_job", "-run_job"),
        ("sweep", "-sweep"),
    ):
        logs, group = assume(service, function, "logs"), f"/aws/lambda/photoshare-local{ending}"
        stream = f"{function}-{time.time_ns()}"
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": time.time_ns() // 1_000_000, "message": "x"}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    dead = f"{service.aws_url}/000000000000/photoshare-local-uploads-dead"
    assume(service, "confirm_upload", "sqs").send_message(QueueUrl=dead, MessageBody="{}")
    jobs = f"{service.aws_url}/000000000000/photoshare-local-jobs"
    assume(service, "run_job", "sqs").get_queue_attributes(QueueUrl=jobs)


STEPS: list[Callable[[Local], None]] = [
    *(confirm_by_event, replace_by_event, erase_before_the_event, confirm_by_request, show_photo, list_photos, search),
    *(change_photo, use_album, propagate_album, settle_by_sweep, cancel_account, call_as_lambda),
]
