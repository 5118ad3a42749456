"""Steps on a local cloud. Together they use every permission of every function."""

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from chalicelib.domain.ids import create_photo_id
from local.cloud import STAGE
from tests.support.images import photo as make_photo
from tests.support.person import Person
from tests.support.policy_tools import (
    add_cancelled_account,
    add_common_prefix,
    assume_role,
    count_versions,
    forget_order,
    forget_run,
    forget_words,
    key_of,
    make_due,
    put_object,
    rename_unfinished,
    request_reindexing,
    run_scheduled,
    run_sweep,
    without_events,
)
from tests.support.policy_users import cancel_restored_account
from tests.support.rest import post_form, put, send
from tests.support.service import Local

JPEG = make_photo(64, 48)
NO_IMAGE = b"no image"
TITLED = {"tags": ["sea"], "title": "A long walk"}


def confirm_by_event(service: Local) -> None:
    ann = Person(service)
    album = ann.create_album()
    ann.upload(JPEG, albumId=album, **TITLED)
    ann.await_status(ann.send(NO_IMAGE, method="POST", albumId=album, **TITLED), "rejected")


def replace_by_event(service: Local) -> None:
    ann = Person(service)
    grant = service.grant(ann.token, method="POST")
    assert post_form(grant, JPEG) == 201
    ann.await_status(grant["photoId"], "ready")
    assert post_form(grant, NO_IMAGE) == 201
    service.wait(lambda: count_versions(service, grant["s3Key"]) == 1)


def erase_before_the_event(service: Local) -> None:
    ann = Person(service)
    grant = service.grant(ann.token)
    ann.ask("DELETE", f"/photos/{grant['photoId']}", status=204, permanent="true")
    put_object(service, "RENDITIONS_BUCKET", f"{ann.user_id}/{grant['photoId']}/v/256.webp")
    assert put(grant, JPEG) == 200
    service.wait(lambda: count_versions(service, grant["s3Key"]) == 0)


def rebuild_by_event(service: Local) -> None:
    ann, photo = Person(service), create_photo_id(datetime.now(UTC), secrets.randbits(128))
    put_object(service, "ORIGINALS_BUCKET", f"{ann.user_id}/{photo}/x.jpg")
    ann.await_status(photo, "rejected")


def confirm_by_request(service: Local) -> None:
    ann = Person(service)
    album = ann.create_album()
    with without_events(service):
        unused = service.grant(ann.token)["photoId"]
        ann.ask("POST", f"/photos/{unused}/complete", status=409)
        photo = ann.send(JPEG, albumId=album, **TITLED)
        ann.ask("POST", f"/photos/{photo}/complete")
        rejected = ann.send(NO_IMAGE, method="POST", albumId=album)
        ann.ask("POST", f"/photos/{rejected}/complete", status=422)
        # The emulator checks the permission to delete a version only if an object has at least two versions.
        put_object(service, "ORIGINALS_BUCKET", key_of(service, ann, photo))
        ann.ask("DELETE", f"/photos/{photo}", status=204, permanent="true")


def upload_again(service: Local) -> None:
    ann = Person(service)
    sha256 = ann.ask("GET", f"/photos/{ann.upload(JPEG)}")["sha256"]
    body = {"filename": "x.jpg", "contentType": "image/jpeg"}
    assert ann.ask("POST", "/upload", body | {"sha256": sha256})["duplicate"]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {ann.token}", "Idempotency-Key": "once"}
    for _ in range(2):
        assert send("POST", f"{service.url}/upload", json.dumps(body).encode(), headers).status == 201


def show_photo(service: Local) -> None:
    ann = Person(service)
    photo = f"/photos/{ann.upload(JPEG)}"
    links = [ann.ask("GET", photo)["renditions"]["256"], ann.ask("GET", f"{photo}/download")["url"]]
    for url in (*links, service.call("GET", f"{photo}/download").json["url"]):
        assert send("GET", url).status == 200
    preview = send("GET", f"{service.url}/p/{photo.rpartition('/')[2]}/preview")
    assert preview.status == 302, preview
    assert send("GET", preview.headers["Location"]).status == 200
    ann.ask("GET", "/account")


def list_photos(service: Local) -> None:
    ann = Person(service)
    owner = ann.ask("GET", f"/photos/{ann.upload(JPEG, **TITLED)}")["userId"]
    for order in ("random", "newest", "top"):
        for scope in ("public", "mine"):
            ann.ask("GET", "/photos", order=order, scope=scope)
    for filters in ({"scope": "mine"}, {"userId": owner}, {}):
        ann.ask("GET", "/photos", order="newest", tag="sea", **filters)
    ann.ask("GET", "/photos", order="newest", userId=owner)
    assert ann.ask("GET", "/photos", order="taken", scope="mine")["items"]
    assert ann.ask("GET", "/photos/months", scope="mine")["items"]


def search(service: Local) -> None:
    ann = Person(service)
    ann.upload(JPEG, title="Abcdefghijk", tags=["sea"])
    for words in ("abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abcdefghijk", "#sea", "abc sea"):
        for scope in ("public", "mine"):
            ann.ask("GET", "/search", q=words, scope=scope)
    with add_common_prefix(service, ann, "zz"):
        for scope in ("public", "mine"):
            ann.ask("GET", "/search", q="zz", scope=scope)


def change_photo(service: Local) -> None:
    ann, ben = Person(service), Person(service)
    photo = f"/photos/{ann.upload(JPEG, **TITLED)}"
    ann.ask("PATCH", photo, {"tags": [], "title": "Short"})
    for person, rating in ((ben, 5), (ben, 3), (ann, 4)):
        person.ask("PUT", f"{photo}/rating", {"rating": rating})
    ann.ask("DELETE", f"{photo}/rating")
    ann.ask("DELETE", photo, status=204)
    assert ann.ask("GET", "/trash")["items"]
    ann.ask("POST", f"{photo}/restore")
    ann.ask("DELETE", photo, status=204, permanent="true")


def use_album(service: Local) -> None:
    ann = Person(service)
    album_id = ann.create_album()
    album, photo = f"/albums/{album_id}", ann.upload(JPEG, albumId=album_id)
    ann.ask("PUT", f"{album}/photos/{photo}", {"position": 1})
    link = ann.ask("POST", f"{album}/links", {"password": "x"}, 201)
    share_url = f"{service.url}/shared/{link['url'].rpartition('/')[2]}"
    for order in ("position", "random", "taken"):
        ann.ask("GET", f"{album}/photos", order=order)
        assert service.call("GET", f"{album}/photos", order=order).status == 200
        answer = send("GET", f"{share_url}/photos?order={order}", headers={"X-Link-Password": "x"})
        assert answer.status == 200, answer
    for path in ("/albums", "/albums?scope=mine", album, f"{album}/links"):
        ann.ask("GET", path)
    ann.ask("PATCH", album, {"coverPhotoId": photo, "name": "Hills"})
    ann.ask("DELETE", f"{album}/links/{link['linkId']}", status=204)
    ann.ask("DELETE", f"{album}/photos/{photo}", status=204)
    ann.ask("DELETE", album, status=204)


def delete_album_with_photos(service: Local) -> None:
    ann = Person(service)
    album = ann.create_album()
    for _ in range(2):
        ann.upload(JPEG, albumId=album)
    ann.ask("POST", f"/albums/{album}/links", {}, 201)
    ann.ask("DELETE", f"/albums/{album}", status=204, photos="delete")


def update_album_photos(service: Local) -> None:
    ann, name = Person(service), f"hills{uuid4().hex[:8]}"
    album = ann.create_album()
    ann.upload(JPEG, albumId=album)
    rename_unfinished(service, album, name)
    message = json.dumps({"job": "tidy", "albumId": album})
    service.client("sqs").send_message(QueueUrl=service.setting("JOB_QUEUE_URL"), MessageBody=message)
    service.wait(lambda: bool(ann.ask("GET", "/search", q=name, scope="mine")["items"]))


def clean_up_by_sweep(service: Local) -> None:
    ann = Person(service)
    album = ann.create_album()
    with without_events(service):
        late = ann.send(JPEG, albumId=album, **TITLED)
        rejected = ann.send(NO_IMAGE, albumId=album)
    unused = service.grant(ann.token, albumId=album)["photoId"]
    trashed, erased = ann.upload(JPEG, albumId=album, **TITLED), ann.upload(JPEG)
    with without_events(service):
        put_object(service, "ORIGINALS_BUCKET", key_of(service, ann, trashed))
    ann.ask("PUT", f"/photos/{erased}/rating", {"rating": 5})
    ann.ask("DELETE", f"/photos/{trashed}", status=204)
    ann.ask("DELETE", f"/photos/{erased}", status=204, permanent="true")
    for photo in (late, rejected, unused, trashed, erased):
        make_due(service, photo)
    run_sweep(service)
    ann.await_status(late, "ready")
    ann.await_status(rejected, "rejected")
    for photo in (unused, trashed):
        ann.await_status(photo, "gone")


def rotate_photo(service: Local) -> None:
    ann = Person(service)
    photo = f"/photos/{ann.upload(JPEG)}"
    assert ann.ask("PATCH", photo, {"rotation": 90})["wantedRotation"] == 90
    service.wait(lambda: ann.ask("GET", photo)["rotation"] == 90)
    rotated = ann.ask("GET", photo)
    assert (rotated["width"], rotated["height"], rotated["wantedRotation"]) == (48, 64, None)
    assert send("GET", rotated["renditions"]["256"]).status == 200


def reindex_photos(service: Local) -> None:
    ann = Person(service)
    album = ann.create_album()
    photo = ann.upload(JPEG, albumId=album, title="Harbour")
    forget_order(service, photo)
    forget_words(service, photo)
    assert ann.ask("GET", "/photos", order="taken", scope="mine")["items"] == []
    request_reindexing(service, ann.user_id)
    service.wait(lambda: bool(ann.ask("GET", "/photos", order="taken", scope="mine")["items"]))
    assert ann.ask("GET", "/search", q="harbour", scope="mine")["items"]


def empty_trash(service: Local) -> None:
    ann = Person(service)
    photo = ann.upload(JPEG)
    ann.ask("DELETE", f"/photos/{photo}", status=204)
    ann.ask("DELETE", "/trash", status=202)
    ann.await_status(photo, "gone")


def reset_password(service: Local) -> None:
    email = service.address("ann")
    service.sign_up(email)
    assert service.call("POST", "/password/forgot", {"email": email}).status == 202
    reset = {"email": email, "code": service.mailed_code(email, mails=2), "password": "Correct-horse-8"}
    assert service.call("POST", "/password/reset", reset).status == 204


def cancel_account(service: Local) -> None:
    ann, ben = Person(service), Person(service)
    album = ann.create_album()
    ann.ask("POST", f"/albums/{album}/links", {}, 201)
    ann_photo, ben_photo = ann.upload(JPEG, albumId=album, **TITLED), ben.upload(JPEG)
    for person, rated in ((ann, ben_photo), (ben, ann_photo)):
        person.ask("PUT", f"/photos/{rated}/rating", {"rating": 5})
    time.sleep(1)  # The emulator revokes only tokens of earlier seconds.
    ann.ask("DELETE", "/account", status=202)
    service.wait(lambda: ben.ask("GET", f"/photos/{ben_photo}")["rating"]["count"] == 0)
    ben.await_status(ann_photo, "gone")
    query = {"UserPoolId": service.setting("USER_POOL_ID"), "Filter": f'sub = "{ann.user_id}"'}
    service.wait(lambda: service.client("cognito-idp").list_users(**query)["Users"] == [])


def reconcile(service: Local) -> None:
    ann, ben = Person(service), Person(service)
    album = ann.create_album()
    ann.ask("POST", f"/albums/{album}/links", {}, 201)
    ben.ask("PUT", f"/photos/{ann.upload(JPEG, albumId=album, **TITLED)}/rating", {"rating": 5})
    add_cancelled_account(service)
    forget_run(service)
    run_scheduled(service, "reconcile")


def call_as_lambda(service: Local) -> None:
    """Make the calls that Lambda itself makes with the roles."""
    for function in ("api", "confirm_upload", "reconcile", "run_job", "sweep"):
        ending = "" if function == "api" else f"-{function}"
        logs, group = assume_role(service, function, "logs"), f"/aws/lambda/photoshare-{STAGE}{ending}"
        stream = f"{function}-{time.time_ns()}"
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        event = {"timestamp": time.time_ns() // 1_000_000, "message": "x"}
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    jobs = service.setting("JOB_QUEUE_URL")
    dead = f"{jobs.removesuffix('-jobs')}-uploads-dead"
    assume_role(service, "confirm_upload", "sqs").send_message(QueueUrl=dead, MessageBody="{}")
    assume_role(service, "run_job", "sqs").get_queue_attributes(QueueUrl=jobs)


STEPS: list[Callable[[Local], None]] = [
    *(
        confirm_by_event,
        replace_by_event,
        erase_before_the_event,
        rebuild_by_event,
        confirm_by_request,
        upload_again,
        show_photo,
    ),
    *(list_photos, search, change_photo, use_album, delete_album_with_photos, update_album_photos, clean_up_by_sweep),
    *(rotate_photo, reindex_photos, empty_trash, reset_password, cancel_account, cancel_restored_account),
    *(reconcile, call_as_lambda),
]
