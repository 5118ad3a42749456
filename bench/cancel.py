"""Cancel an account on the local cloud, and kill the worker that purges it again and again.

`python -m bench.cancel --photos 5000 --kills 10` says how long it took, and fails where anything is left of the
account or anything of somebody else is touched.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from chalicelib import wiring
from chalicelib.domain.accounts import Caller, IdempotencyRecord, Limits
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, new_photo_id, timestamp
from chalicelib.domain.photos import Photo, Placement, Visibility
from chalicelib.domain.requests import NewAlbum, NewLink
from chalicelib.stores.dynamodb import items
from local import cloud, functions

PASSWORD = "Correct-horse-7"
RENDITIONS = ("256", "1024", "2048", "full")
ALBUM_EVERY, RATED_EVERY, PRIVATE_EVERY, TRASHED_EVERY, REPLACED_EVERY = 10, 7, 9, 31, 13
LINKS = 20
NO_LIMITS = Limits(photos=1_000_000, bytes=10**15)


class Report(msgspec.Struct):
    """How it went. Seconds; `left`: what should not be there, `touched`: what should not have changed."""

    photos: int
    kills: int
    seeding: float
    purging: float
    left: list[str]
    touched: list[str]


def run(data: Path, photos: int, kills: int) -> Report:
    """Seed two people, cancel one, kill the worker `kills` times on the way, and look at what is left."""
    with cloud.running(data, 0) as running:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(running.env)
        retry_soon_and_often(running)
        ann, bob = sign_up(running, "ann@example.com"), sign_up(running, "bob@example.com")
        begun = time.monotonic()
        theirs = seed(bob.user_id, 20)
        before = of(running, bob.user_id)
        seed(ann.user_id, photos, rated_by=bob.user_id, rates=theirs)
        seeded = time.monotonic()
        wiring.accounts().cancel(by=ann)
        purge(running, ann.user_id, photos, kills)
        ended = time.monotonic()
        after = of(running, bob.user_id)
        touched = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        return Report(photos, kills, seeded - begun, ended - seeded, left(running, ann.user_id), touched)


def retry_soon_and_often(running: cloud.Cloud) -> None:
    """Let the message of a killed worker come back after 2 seconds, as often as workers are killed."""
    sqs, queue = running.client("sqs"), running.env["JOB_QUEUE_URL"]
    redrive = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    patient = json.dumps(json.loads(redrive) | {"maxReceiveCount": 1000})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "2", "RedrivePolicy": patient})


def sign_up(running: cloud.Cloud, email: str) -> Caller:
    """Somebody who is signed in."""
    cognito, pool = running.client("cognito-idp"), running.env["USER_POOL_ID"]
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
    return wiring.identity().caller(f"Bearer {wiring.identity().log_in(email, PASSWORD).access_token}")


def seed(owner: UserId, count: int, rated_by: UserId | None = None, rates: list[Photo] | None = None) -> list[Photo]:
    """Ready photos with objects and tags, some private, in the trash, in an album or rated; an album with links,
    keys of uploads, and ratings of `rates` by `owner`."""
    now = datetime.now(UTC)
    album_id = wiring.albums().create(NewAlbum(name="Sea"), by=Caller(owner)).album_id
    for number in range(LINKS):
        wiring.share_links().create(album_id, NewLink(), by=Caller(owner))
        record = IdempotencyRecord(
            user_id=owner, key=f"{number}", request="", photo_id=PhotoId(""), expires_at=int(now.timestamp()) + 86400
        )
        assert wiring.idempotency_store().add(record)

    def one(number: int) -> Photo:
        placed = {album_id: Placement(name="Sea", public=True, position=number)} if number % ALBUM_EVERY == 0 else {}
        photo = upload(owner, placed, "private" if number % PRIVATE_EVERY == 0 else "public")
        if rated_by and number % RATED_EVERY == 0:
            rate(photo, rated_by)
        return trashed(photo) if number % TRASHED_EVERY == 0 else photo

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(one, range(count)))
    for photo in rates or []:
        if photo.listed:
            rate(photo, owner)
    return made


def upload(owner: UserId, placed: dict[AlbumId, Placement], visibility: Visibility) -> Photo:
    """A ready photo with an original, in one version or two, and renditions of a few bytes."""
    photo_id = new_photo_id(datetime.now(UTC), secrets.randbits(128))
    photo = Photo(
        photo_id=photo_id,
        user_id=owner,
        s3_key=f"{owner}/{photo_id}/x.jpg",
        filename="x.jpg",
        content_type="image/jpeg",
        status="pending",
        tags=("sea", "hills"),
        visibility=visibility,
        charged=1000,
    )
    renditions = {name: f"{photo.prefix}v/{name}.webp" for name in RENDITIONS}
    s3: Any = wiring.bucket()._s3
    for _ in range(2 if secrets.randbelow(REPLACED_EVERY) == 0 else 1):
        s3.put_object(Bucket=wiring.settings().originals_bucket, Key=photo.s3_key, Body=b"x")
    for key in renditions.values():
        s3.put_object(Bucket=wiring.settings().renditions_bucket, Key=key, Body=b"x")
    assert wiring.photo_store().grant(photo, NO_LIMITS)
    ready = photo.with_(status="ready", sha256=secrets.token_hex(32), renditions=renditions, albums=placed)
    return replaced(photo, ready)


def trashed(photo: Photo) -> Photo:
    """The photo in the trash, with the ratings that it has by now."""
    found = wiring.photo_store().photo(photo.photo_id)
    assert found
    return replaced(found, found.with_(trashed_at=timestamp(datetime.now(UTC))))


def replaced(before: Photo, after: Photo) -> Photo:
    """`after`, as it is kept."""
    assert wiring.photo_store().replace(before, after)
    found = wiring.photo_store().photo(before.photo_id)
    assert found
    return found


def rate(photo: Photo, by: UserId, stars: int = 4) -> None:
    """A first rating."""
    assert wiring.rating_store().rate(photo, by, None, stars)


def purge(running: cloud.Cloud, user_id: UserId, photos: int, kills: int) -> None:
    """Run workers until the purge has ended, each but the last killed when a further part of the photos has gone."""
    for number in range(1, kills + 1):
        worker = start_worker(running)
        try:
            while remaining(running, user_id) > photos * (kills - number) // kills:
                assert worker.poll() is None, "the worker ended too soon"
                time.sleep(0.02)
        finally:
            worker.kill()
            worker.wait()
    worker = start_worker(running)
    try:
        while "photoCount" in account(running, user_id):
            assert worker.poll() is None, "the worker ended too soon"
            time.sleep(0.1)
    finally:
        worker.kill()
        worker.wait()


def start_worker(running: cloud.Cloud) -> subprocess.Popen[bytes]:
    """Start a process of `run_job`, with its own role."""
    return functions.Function(running, "run_job", 0).process


def remaining(running: cloud.Cloud, user_id: UserId) -> int:
    """Photos of the person that still have a row."""
    asked = {
        "TableName": running.env["PHOTO_TABLE"],
        "IndexName": "owner",
        "KeyConditionExpression": "userId = :user",
        "ExpressionAttributeValues": {":user": {"S": user_id}},
        "Select": "COUNT",
    }
    return sum(page["Count"] for page in running.client("dynamodb").get_paginator("query").paginate(**asked))


def account(running: cloud.Cloud, user_id: UserId) -> dict[str, Any]:
    key = items.account_key(user_id)
    found = running.client("dynamodb").get_item(TableName=running.env["ACCOUNT_TABLE"], Key=key, ConsistentRead=True)
    return items.decode(found["Item"])


def everything(running: cloud.Cloud) -> dict[str, str]:
    """Every row and every object version, by what it is."""
    found: dict[str, str] = {}
    for name in ("PHOTO_TABLE", "ACCOUNT_TABLE", "TERM_TABLE", "ALBUM_TABLE", "ENTRY_TABLE", "RATING_TABLE"):
        pages = running.client("dynamodb").get_paginator("scan").paginate(TableName=running.env[name])
        for row in (items.decode(item) for page in pages for item in page["Items"]):
            keys = [row[key] for key in ("userId", "photoId", "albumId", "record", "ownerTerm") if key in row]
            found[f"{name} {' '.join(keys)}"] = str(sorted(row.items()))
    for name in ("ORIGINALS_BUCKET", "RENDITIONS_BUCKET"):
        pages = running.client("s3").get_paginator("list_object_versions").paginate(Bucket=running.env[name])
        for page in pages:
            for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                found[f"{name} {each['Key']} {each['VersionId']}"] = ""
    return found


def of(running: cloud.Cloud, user_id: UserId) -> dict[str, str]:
    """What names this person."""
    return {name: row for name, row in everything(running).items() if user_id in name + row}


def left(running: cloud.Cloud, user_id: UserId) -> list[str]:
    """What there is of a cancelled person beyond the account's tombstone."""
    found = everything(running)
    there = {name.split()[-1] for name in found if name.startswith("PHOTO_TABLE")}
    named = [name for name, row in found.items() if user_id in name + row]
    of_photos = [name for name in found if name.startswith(("ENTRY_TABLE", "RATING_TABLE"))]
    named += [name for name in of_photos if not {*name.split()} & there]
    kept = {name.split()[-2] for name in found if name.startswith("ALBUM_TABLE") and name.endswith(" album")}
    named += [name for name in found if name.startswith("ALBUM_TABLE") and not {*name.split()} & kept]
    rest = [name for name in named if name != f"ACCOUNT_TABLE {user_id} account"]
    cognito, pool = running.client("cognito-idp"), running.env["USER_POOL_ID"]
    people = [str(each["Attributes"]) for each in cognito.list_users(UserPoolId=pool)["Users"]]
    return rest + [person for person in people if user_id in person]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cancel")
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        report = run(Path(data), options.photos, options.kills)
    print(f"{timestamp(datetime.now(UTC))} {report}")
    return len(report.left + report.touched) and 1


if __name__ == "__main__":
    sys.exit(main())
