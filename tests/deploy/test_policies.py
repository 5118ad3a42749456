"""Each function has exactly the permissions that it uses.

In every test on moto, `conftest.py` checks that no function exceeds its policy. The tests here let the functions use
all their permissions. `tests/e2e/test_policies.py` tests each statement and each resource in the emulator.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import time_machine

from chalicelib.albums import propagation
from chalicelib.domain.ids import AlbumId, UserId
from chalicelib.domain.messages import EmptyTrash, PurgeAccount, UpdateAlbumPhotos
from chalicelib.domain.photos import TRASH_LIFETIME
from chalicelib.photos.rotation import OLD_RENDITIONS_LIFETIME
from chalicelib.photos.trash import LIST_LAG
from tests.support import gallery
from tests.support.account_deletion import purge, purge_job
from tests.support.cloud import Cloud, created
from tests.support.cognito import Cognito
from tests.support.faults import hooked
from tests.support.idp import IdentityProvider
from tests.support.images import photo as make_photo
from tests.support.old_release import reindex_photos
from tests.support.policies import CHALICE, FUNCTIONS, Need, granted, platform, statements
from tests.support.policy_searches import search_old_terms, search_photos
from tests.support.reconciling import run_scheduled_twice
from tests.support.rekognition import moderated
from tests.support.rows import empty
from tests.support.services import rebuild_services
from tests.support.sweeps import deliver_clean_up_job, drain_queue, run_job

JPEG = make_photo(64, 48)

pytestmark = pytest.mark.xdist_group("policies")


def handle_photos(cloud: Cloud) -> None:
    ann = cloud.person("ann")
    for content in (JPEG, b"no image"):
        grant = cloud.grant(ann, tags=["sea"], title="A long walk by water")
        assert ann.post(f"/photos/{grant['photoId']}/complete").status == 409
        cloud.put(grant, content)
        ann.post(f"/photos/{grant['photoId']}/complete")
        for order in ("random", "newest", "top"):
            assert ann.get("/photos", order=order).status == 200
            assert ann.get("/photos", order=order, scope="mine").status == 200
        for filters in ({"scope": "mine"}, {"userId": "ann"}, {}):
            assert ann.get("/photos", order="newest", tag="sea", **filters).status == 200
        assert ann.get("/photos", order="newest", userId="ann").status == 200
        for path in ("/photos?order=taken&scope=mine", "/photos/months?scope=mine"):
            assert ann.get(path).status == 200
        if content == JPEG:
            for rating in (5, 3):
                assert ann.call("PUT", f"/photos/{grant['photoId']}/rating", {"rating": rating}).status == 200
            assert ann.delete(f"/photos/{grant['photoId']}/rating").status == 200
            assert ann.call("PUT", f"/photos/{grant['photoId']}/rating", {"rating": 4}).status == 200
            assert ann.delete(f"/photos/{grant['photoId']}").status == 204
            assert ann.get("/trash").json["items"]
            assert ann.post(f"/photos/{grant['photoId']}/restore").status == 200
            for client in (ann, cloud.visitor):
                assert client.get(f"/photos/{grant['photoId']}/download").status == 200
        assert ann.patch(f"/photos/{grant['photoId']}", {"tags": []}).status == 200
        assert ann.delete(f"/photos/{grant['photoId']}", permanent="true").status == 204
    cloud.grant(ann, method="POST")


def handle_albums(cloud: Cloud) -> None:
    ann = cloud.person("ann")
    album = f"/albums/{ann.post('/albums', {'name': 'Sea'}).json['albumId']}"
    grant = cloud.grant(ann, albumId=album[8:])
    cloud.put(grant, JPEG)
    assert ann.post(f"/photos/{grant['photoId']}/complete").status == 200
    assert ann.call("PUT", f"{album}/photos/{grant['photoId']}", {"position": 1}).status == 200
    link = ann.post(f"{album}/links", {"password": "x"}).json
    shared = f"/shared/{link['url'].rpartition('/')[2]}"
    for order in ("position", "random", "taken"):
        for path in (f"{album}/photos", f"{shared}/photos"):
            for password in ("x", "y"):
                ann.call("GET", f"{path}?order={order}", headers={"X-Link-Password": password})
        assert cloud.visitor.get(f"{album}/photos", order=order).status == 200
    assert ann.call("GET", shared, headers={"X-Link-Password": "x"}).status == 200
    for path in ("/albums", "/albums?scope=mine", album, f"{album}/links"):
        assert ann.get(path).status == 200
    assert ann.patch(album, {"coverPhotoId": grant["photoId"], "name": "Hills"}).status == 200
    assert ann.get(album).status == 200
    assert ann.delete(f"{album}/links/{link['linkId']}").status == 204
    assert ann.delete(f"{album}/photos/{grant['photoId']}").status == 204
    assert ann.get(album).status == 200
    assert ann.delete(album).status == 204


def work_on_albums(cloud: Cloud) -> None:
    ann = cloud.person("ann")
    album = f"/albums/{ann.post('/albums', {'name': 'Sea'}).json['albumId']}"
    photo = cloud.upload(ann, JPEG, albumId=album[8:])
    assert ann.post(f"{album}/links").status == 201
    body = msgspec.json.encode(UpdateAlbumPhotos(AlbumId(album[8:]))).decode()
    for method, change in (("PATCH", {"name": "Hills"}), ("DELETE", None)):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(propagation, "MAX_INLINE", -1)
            assert ann.call(method, album, change).status in (200, 204)
        assert cloud.sweep(datetime.now(UTC) + 2 * propagation.PROPAGATION_LEASE) >= 1
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(propagation, "_BATCH_SIZE", 1)
            cloud.work(body, datetime.now(UTC))
        cloud.work(body, datetime.now(UTC))
    assert cloud.photo(photo.photo_id).memberships == {}


def confirm_uploads(cloud: Cloud) -> None:
    ann = cloud.person("ann")
    album = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    for content in (JPEG, b"no image"):
        grant = cloud.grant(ann, method="POST", tags=["sea"], albumId=album)
        for earlier_event in ("nothing", "the same upload", "its deletion"):
            if earlier_event == "its deletion":
                assert ann.delete(f"/photos/{grant['photoId']}", permanent="true").status == 204
            version = cloud.put(grant, content)
            cloud.deliver(created(grant["s3Key"], version))


def confirm_during_erasure(cloud: Cloud) -> None:
    ann = cloud.person("ann")
    grant = cloud.grant(ann)
    version = cloud.put(grant, JPEG)

    def erase(**_: Any) -> None:
        ann.delete(f"/photos/{grant['photoId']}", permanent="true")

    with hooked("before-call.s3.PutObject", lambda _: erase, cloud.s3):
        cloud.deliver(created(grant["s3Key"], version))
    assert cloud.renditions() == []


def confirm_missing_object(cloud: Cloud) -> None:
    grant = cloud.grant(cloud.person("ann"))
    cloud.deliver(created(grant["s3Key"]))


def rebuild_lost_row(cloud: Cloud) -> None:
    grant = cloud.grant(cloud.person("ann"), tags=["sea"])
    version = cloud.put(grant, JPEG)
    cloud.store.remove(cloud.photo(grant["photoId"]))
    cloud.deliver(created(grant["s3Key"], version))


def sweep_and_clean_up(cloud: Cloud) -> None:
    for content in (JPEG, b"no image", None):
        ann = cloud.person("ann")
        album = ann.post("/albums", {"name": "Sea"}).json["albumId"]
        grant = cloud.grant(ann, albumId=album, tags=["sea"])
        if content:
            cloud.put(grant, content)
        due = datetime.now(UTC)
        for _ in range(3):
            due += 2 * TRASH_LIFETIME
            cloud.sweep(due)
            deliver_clean_up_job(cloud, grant["photoId"], due)
            if content == JPEG:
                ann.delete(f"/photos/{grant['photoId']}")


def rotate_photo(cloud: Cloud) -> None:
    ann = cloud.person(f"ann-{uuid4()}")
    photo = cloud.upload(ann, JPEG)
    assert ann.patch(f"/photos/{photo.photo_id}", {"rotation": 90}).status == 200
    for now in (datetime.now(UTC), datetime.now(UTC) + 2 * OLD_RENDITIONS_LIFETIME):
        deliver_clean_up_job(cloud, photo.photo_id, now)
    assert cloud.photo(photo.photo_id).rotation == 90


def empty_trash(cloud: Cloud) -> None:
    ann = cloud.person(f"ann-{uuid4()}")
    photo = cloud.upload(ann, JPEG)
    assert ann.delete(f"/photos/{photo.photo_id}").status == 204
    assert ann.delete("/trash").status == 202
    for now in (datetime.now(UTC), datetime.now(UTC) + 2 * LIST_LAG):
        cloud.work(msgspec.json.encode(EmptyTrash(UserId(ann.user_id))).decode(), now)
    assert cloud.photo(photo.photo_id).status == "erased"


def cancel_account(cloud: Cloud) -> None:
    cognito = Cognito(cloud)
    cloud.recorder.watch(cloud.user_pool()._cognito)
    empty(cloud.settings, cloud.dynamodb)
    ann, bob = (cloud.person(f"{name}-{uuid4()}") for name in ("ann", "bob"))
    gallery.furnish(cloud, ann, bob)
    drain_queue(cloud)
    assert ann.delete("/account").status == 202
    job = PurgeAccount(UserId(ann.user_id))
    with cloud.recorder.during("run-job"):
        purge().run(job.user_id, timedelta())
        run_job(job, datetime.now(UTC))
        cognito.refuse("AdminDeleteUser", code="UserNotFoundException")
        cognito.answers["ListUsersInGroup"] = {"Users": []}
        cloud.user_pool().delete(job.user_id)
    with cloud.recorder.during("sweep"), time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert purge_job().sweep() == 1
    drain_queue(cloud)
    assert "AdminDeleteUser" in [operation for operation, _ in cognito.asked]


def reconcile(cloud: Cloud) -> None:
    Cognito(cloud).refuse("AdminGetUser", code="UserNotFoundException")
    gallery.furnish(cloud, cloud.person(f"ann-{uuid4()}"), cloud.person(f"bob-{uuid4()}"))
    with cloud.recorder.during("reconcile"):
        run_scheduled_twice(cloud)


def moderate_photos(cloud: Cloud) -> None:
    with moderated(cloud) as sent_images:
        ann = cloud.person("ann")
        cloud.upload(ann, JPEG)
        for finished_by in ("complete", "job"):
            grant = cloud.grant(ann)
            cloud.put(grant, JPEG)
            if finished_by == "job":
                deliver_clean_up_job(cloud, grant["photoId"], datetime.now(UTC) + 2 * TRASH_LIFETIME)
            else:
                assert ann.post(f"/photos/{grant['photoId']}/complete").status == 200
    assert len(sent_images) == 3


def show_account(cloud: Cloud) -> None:
    Cognito(cloud).answers["GetUser"] = {"UserAttributes": [{"Name": "email", "Value": "a@example.com"}]}
    assert cloud.person(f"ann-{uuid4()}").get("/account").status == 200


def reset_password(cloud: Cloud) -> None:
    Cognito(cloud)
    cloud.recorder.watch(cloud.user_pool()._cognito)
    reset = {"email": "ann@example.com", "code": "123456", "password": "Correct-horse-8"}
    assert cloud.visitor.post("/password/reset", reset).status == 204


def repeat_upload_requests(cloud: Cloud) -> None:
    ann = cloud.person(f"ann-{uuid4()}")
    photo = cloud.upload(ann, JPEG)
    for fields in ({}, {"sha256": photo.sha256}):
        for _ in range(2):
            assert ann.post("/upload", gallery.WANTED | fields, **{"Idempotency-Key": str(len(fields))}).status < 300


SCENARIOS: list[Callable[[Cloud], None]] = [
    *(confirm_during_erasure, handle_photos, search_photos, search_old_terms, handle_albums, work_on_albums),
    *(confirm_uploads, confirm_missing_object, rebuild_lost_row),
    *(sweep_and_clean_up, rotate_photo, reindex_photos, empty_trash, moderate_photos, cancel_account),
    *(show_account, reset_password, repeat_upload_requests, reconcile),
]


@pytest.fixture(scope="module")
def used_permissions(deployed: Cloud, provider: IdentityProvider) -> dict[str, set[Need]]:
    """The permissions that each function used, and those that Lambda uses on its behalf."""
    deployed.calls.clear()
    for scenario in SCENARIOS:
        provider.reset()
        rebuild_services()
        scenario(deployed)
    return {function: needs | platform(function) for function, needs in deployed.recorder.used.items()}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_is_granted_exactly_what_it_uses(function: str, used_permissions: dict[str, set[Need]]) -> None:
    allowed = granted(statements(function))
    assert sorted(used_permissions[function] - allowed) == [], "used and not granted"
    assert sorted(allowed - used_permissions[function]) == [], "granted and not used"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_statement_is_needed(function: str, used_permissions: dict[str, set[Need]]) -> None:
    all_statements = statements(function)
    for removed in all_statements:
        assert used_permissions[function] - granted(
            [statement for statement in all_statements if statement is not removed]
        ), removed["Sid"]


def test_resources_have_a_wildcard_only_at_the_end() -> None:
    for function in FUNCTIONS:
        for statement in statements(function):
            for resource in statement["Resource"]:
                assert resource == "*" or "*" not in resource["Fn::Sub"].removesuffix("*"), resource


def test_policies_match_the_functions_that_chalice_deploys() -> None:
    config = json.loads((CHALICE / "config.json").read_text())["lambda_functions"]
    assert {function["iam_policy_file"] for function in config.values()} == {
        f"policy-{function}.json" for function in FUNCTIONS
    }
