"""Storage accepts only granted uploads, and confirmation accepts only photos."""

import hashlib
import secrets
import time
from datetime import UTC, datetime

import jwt

from chalicelib.domain.ids import create_photo_id
from tests.support.images import photo as make_photo
from tests.support.rest import abort_put, post_form, put, send
from tests.support.service import Service

SMALL = make_photo(320, 240)


def test_storage_accepts_only_what_the_grant_allows(service: Service) -> None:
    token = service.sign_up(service.address("bob"))
    facts = {"size": len(SMALL), "sha256": hashlib.sha256(SMALL).hexdigest()}
    other = bytes(len(SMALL))

    grant = service.grant(token, **facts)
    assert put(grant, SMALL + b"x", **{"Content-Length": str(len(SMALL) + 1)}) == 403
    assert put(grant, SMALL, **{"Content-Type": "text/html"}) == 403
    assert put(grant, other) == 400
    moved = grant | {"uploadUrl": grant["uploadUrl"].replace(grant["photoId"], "01900000-0000-7000-8000-000000000000")}
    assert put(moved, SMALL) == 403
    without = {name: value for name, value in grant["headers"].items() if name != "If-None-Match"}
    assert put(grant | {"headers": without}, SMALL) == 403
    assert put(grant, SMALL, **{"x-amz-storage-class": "STANDARD"}) == 403
    assert service.call("GET", f"/photos/{grant['photoId']}", token=token).json["status"] == "pending"
    assert put(grant, SMALL) == 200
    assert put(grant, SMALL) == 412

    form = service.grant(token, method="POST", size=len(SMALL))
    assert post_form(form, SMALL + b"x") == 400
    assert post_form(form, SMALL, **{"Content-Type": "text/html"}) == 403
    assert post_form(form, SMALL, **{"x-amz-storage-class": "STANDARD"}) == 403
    assert post_form(form, SMALL) == 201
    assert service.wait_ready(form["photoId"], token)["sha256"] == facts["sha256"]
    assert post_form(form, other) == 201, "a form can be replayed"
    time.sleep(2)
    link = service.call("GET", f"/photos/{form['photoId']}/download", token=token).json
    assert send("GET", link["url"]).content == SMALL


def test_originals_and_renditions_start_in_intelligent_tiering(service: Service) -> None:
    token = service.sign_up(service.address("ivy"))
    put_grant, form = service.grant(token), service.grant(token, method="POST")
    assert (put(put_grant, SMALL), post_form(form, SMALL)) == (200, 201)
    for grant in (put_grant, form):
        service.wait_ready(grant["photoId"], token)
        for bucket in ("ORIGINALS_BUCKET", "RENDITIONS_BUCKET"):
            stored = service.client("s3").list_objects_v2(
                Bucket=service.setting(bucket), Prefix=grant["s3Key"].rpartition("/")[0]
            )
            assert {item["StorageClass"] for item in stored["Contents"]} == {"INTELLIGENT_TIERING"}


def test_invalid_photo_is_rejected_with_a_reason(service: Service) -> None:
    token = service.sign_up(service.address("carol"))
    grant = service.grant(token)
    assert put(grant, b"<svg onload=alert(1)>") == 200
    rejected = service.call("POST", f"/photos/{grant['photoId']}/complete", token=token)
    assert (rejected.status, rejected.json["error"]) == (422, "NotAnImage")
    shown = service.call("GET", f"/photos/{grant['photoId']}", token=token).json
    assert (shown["status"], shown["rejection"]) == ("rejected", "NotAnImage")
    unused = service.grant(token)
    absent = service.call("POST", f"/photos/{unused['photoId']}/complete", token=token)
    assert (absent.status, absent.json["error"]) == (409, "NotUploaded")


def test_aborted_upload_stores_nothing(service: Service) -> None:
    token = service.sign_up(service.address("jan"))
    grant = service.grant(token, size=len(SMALL), sha256=hashlib.sha256(SMALL).hexdigest())
    abort_put(grant, SMALL)
    time.sleep(1)
    answer = service.call("POST", f"/photos/{grant['photoId']}/complete", token=token)
    assert (answer.status, answer.json["error"]) == (409, "NotUploaded")
    assert put(grant, SMALL) == 200
    assert service.wait_ready(grant["photoId"], token)["size"] == len(SMALL)


def test_event_with_special_characters_in_its_key_restores_a_lost_photo(service: Service) -> None:
    token = service.sign_up(service.address("kim"))
    owner = jwt.decode(token, options={"verify_signature": False})["sub"]
    photo_id = create_photo_id(datetime.now(UTC), secrets.randbits(128))
    service.client("s3").put_object(
        Bucket=service.setting("ORIGINALS_BUCKET"), Key=f"{owner}/{photo_id}/Ærø & (1)+ 50%2B=é.jpg", Body=SMALL
    )
    service.wait(lambda: service.call("GET", f"/photos/{photo_id}", token=token).status == 200)
    assert service.wait_ready(photo_id, token)["size"] == len(SMALL)


def test_requests_without_a_signature_are_denied(service: Service) -> None:
    token = service.sign_up(service.address("lou"))
    grant = service.grant(token)
    original = grant["uploadUrl"].partition("?")[0]
    assert send("PUT", original, SMALL, grant["headers"]).status == 403
    assert put(grant, SMALL) == 200
    rendition = service.wait_ready(grant["photoId"], token)["renditions"]["256"].partition("?")[0]
    for url in (original, rendition, original.partition(grant["s3Key"])[0]):
        assert send("GET", url).status == 403
    assert send("DELETE", original).status == 403
