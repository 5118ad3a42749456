"""Cancel an account on the local cloud, and kill the worker that purges the account several times.

`python -m bench.cancel --photos 5000 --kills 10` prints the duration. It fails if data of the account remains, or if
data of another user has changed.
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
from chalicelib.domain.ids import AlbumId, UserId, create_photo_id, format_timestamp
from chalicelib.domain.photos import Membership, Photo, Visibility
from chalicelib.domain.requests import NewAlbum, NewLink
from chalicelib.stores.dynamodb import items
from local import cloud, functions

PASSWORD = "Correct-horse-7"
RENDITIONS = ("256", "1024", "2048", "full")
ALBUM_EVERY, RATED_EVERY, PRIVATE_EVERY, TRASHED_EVERY, REPLACED_EVERY = 10, 7, 9, 31, 13
LINKS = 20
NO_LIMITS = Limits(photos=1_000_000, bytes=10**15)


class Report(msgspec.Struct):
    """The results, in seconds. `leftovers` is data that remains. `touched` is changed data of another user."""

    photos: int
    kills: int
    seeding: float
    purging: float
    leftovers: list[str]
    touched: list[str]


def run(data: Path, photos: int, kills: int) -> Report:
    """Seed two users, cancel one, kill the worker `kills` times during the purge, and check the remaining data."""
    with cloud.run_cloud(data, 0) as running:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(running.env)
        shorten_retries(running)
        ann, bob = sign_up(running, "ann@example.com"), sign_up(running, "bob@example.com")
        started = time.monotonic()
        bobs_photos = seed(bob.user_id, 20)
        before = data_of(running, bob.user_id)
        seed(ann.user_id, photos, rated_by=bob.user_id, photos_to_rate=bobs_photos)
        seeded = time.monotonic()
        wiring.accounts().cancel(by=ann)
        purge(running, ann.user_id, photos, kills)
        ended = time.monotonic()
        after = data_of(running, bob.user_id)
        touched = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        leftovers = find_leftovers(running, ann.user_id)
        return Report(photos, kills, seeded - started, ended - seeded, leftovers, touched)


def shorten_retries(running: cloud.Cloud) -> None:
    """Deliver the message of a killed worker again after 2 seconds, up to 1000 times."""
    sqs, queue = running.client("sqs"), running.env["JOB_QUEUE_URL"]
    redrive = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    policy = json.dumps(json.loads(redrive) | {"maxReceiveCount": 1000})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "2", "RedrivePolicy": policy})


def sign_up(running: cloud.Cloud, email: str) -> Caller:
    """Create a user and sign in as the user."""
    cognito, pool = running.client("cognito-idp"), running.env["USER_POOL_ID"]
    cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
    return wiring.user_pool().authenticate(f"Bearer {wiring.user_pool().log_in(email, PASSWORD).access_token}")


def seed(
    owner: UserId, count: int, rated_by: UserId | None = None, photos_to_rate: list[Photo] | None = None
) -> list[Photo]:
    """Create photos with objects and tags, of which some are private, in the trash, in an album, or rated.

    Also create an album with links, idempotency records, and ratings of `photos_to_rate` by `owner`.
    """
    now = datetime.now(UTC)
    album_id = wiring.albums().create(NewAlbum(name="Sea"), by=Caller(owner)).album_id
    for number in range(LINKS):
        wiring.link_creation().create(album_id, NewLink(), by=Caller(owner))
        record = IdempotencyRecord(
            user_id=owner, key=f"{number}", request="", resource_id="", expires_at=int(now.timestamp()) + 86400
        )
        assert wiring.stores().idempotency.add(record)

    def seed_photo(number: int) -> Photo:
        memberships = (
            {album_id: Membership(name="Sea", public=True, position=number)} if number % ALBUM_EVERY == 0 else {}
        )
        photo = upload(owner, memberships, "private" if number % PRIVATE_EVERY == 0 else "public")
        if rated_by and number % RATED_EVERY == 0:
            rate(photo, rated_by)
        return trash(photo) if number % TRASHED_EVERY == 0 else photo

    with ThreadPoolExecutor(8) as threads:
        photos = list(threads.map(seed_photo, range(count)))
    for photo in photos_to_rate or []:
        if photo.listed:
            rate(photo, owner)
    return photos


def upload(owner: UserId, memberships: dict[AlbumId, Membership], visibility: Visibility) -> Photo:
    """Create a ready photo with one or two versions of its original, and renditions of a few bytes."""
    photo_id = create_photo_id(datetime.now(UTC), secrets.randbits(128))
    photo = Photo(
        photo_id=photo_id,
        user_id=owner,
        s3_key=f"{owner}/{photo_id}/x.jpg",
        filename="x.jpg",
        content_type="image/jpeg",
        status="pending",
        tags=("sea", "hills"),
        visibility=visibility,
        charged_bytes=1000,
    )
    renditions = {name: f"{photo.prefix}v/{name}.webp" for name in RENDITIONS}
    s3: Any = wiring.bucket()._s3
    for _ in range(2 if secrets.randbelow(REPLACED_EVERY) == 0 else 1):
        s3.put_object(Bucket=wiring.settings().originals_bucket, Key=photo.s3_key, Body=b"x")
    for key in renditions.values():
        s3.put_object(Bucket=wiring.settings().renditions_bucket, Key=key, Body=b"x")
    assert wiring.stores().photos.add_pending(photo, NO_LIMITS)
    ready = photo.with_(status="ready", sha256=secrets.token_hex(32), renditions=renditions, memberships=memberships)
    return replace(photo, ready)


def trash(photo: Photo) -> Photo:
    """Move a photo to the trash, with its current ratings."""
    current = wiring.stores().photos.get_photo(photo.photo_id)
    assert current
    return replace(current, current.with_(trashed_at=format_timestamp(datetime.now(UTC))))


def replace(before: Photo, after: Photo) -> Photo:
    """Replace a photo in the store, and return the stored photo."""
    assert wiring.stores().photos.replace(before, after)
    stored = wiring.stores().photos.get_photo(before.photo_id)
    assert stored
    return stored


def rate(photo: Photo, by: UserId, stars: int = 4) -> None:
    """Add a rating."""
    assert wiring.stores().ratings.rate(photo, by, None, stars)


def purge(running: cloud.Cloud, user_id: UserId, photos: int, kills: int) -> None:
    """Run workers until the purge ends. Kill each worker except the last after it has purged a part of the photos."""
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
    """Return how many photos of the user still have a row."""
    request = {
        "TableName": running.env["PHOTO_TABLE"],
        "IndexName": "owner",
        "KeyConditionExpression": "userId = :user",
        "ExpressionAttributeValues": {":user": {"S": user_id}},
        "Select": "COUNT",
    }
    return sum(page["Count"] for page in running.client("dynamodb").get_paginator("query").paginate(**request))


def account(running: cloud.Cloud, user_id: UserId) -> dict[str, Any]:
    key = items.build_account_key(user_id)
    answer = running.client("dynamodb").get_item(TableName=running.env["ACCOUNT_TABLE"], Key=key, ConsistentRead=True)
    return items.decode(answer["Item"])


def everything(running: cloud.Cloud) -> dict[str, str]:
    """Return every row and every object version, by a name that identifies it."""
    data: dict[str, str] = {}
    for name in ("PHOTO_TABLE", "ACCOUNT_TABLE", "TERM_TABLE", "ALBUM_TABLE", "ENTRY_TABLE", "RATING_TABLE"):
        pages = running.client("dynamodb").get_paginator("scan").paginate(TableName=running.env[name])
        for row in (items.decode(item) for page in pages for item in page["Items"]):
            keys = [
                row[key] for key in ("userId", "photoId", "albumId", "record", "ownerPart", "wordPhoto") if key in row
            ]
            data[f"{name} {' '.join(keys)}"] = str(sorted(row.items()))
    for name in ("ORIGINALS_BUCKET", "RENDITIONS_BUCKET"):
        pages = running.client("s3").get_paginator("list_object_versions").paginate(Bucket=running.env[name])
        for page in pages:
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                data[f"{name} {version['Key']} {version['VersionId']}"] = ""
    return data


def data_of(running: cloud.Cloud, user_id: UserId) -> dict[str, str]:
    """Return the data that contains the id of this user."""
    return {name: row for name, row in everything(running).items() if user_id in name + row}


def find_leftovers(running: cloud.Cloud, user_id: UserId) -> list[str]:
    """Return the data of a cancelled user that remains, except the marker of the account."""
    data = everything(running)
    photo_ids = {name.split()[-1] for name in data if name.startswith("PHOTO_TABLE")}
    leftovers = [name for name, row in data.items() if user_id in name + row]
    photo_rows = [name for name in data if name.startswith(("ENTRY_TABLE", "RATING_TABLE"))]
    leftovers += [name for name in photo_rows if not {*name.split()} & photo_ids]
    album_ids = {name.split()[-2] for name in data if name.startswith("ALBUM_TABLE") and name.endswith(" album")}
    leftovers += [name for name in data if name.startswith("ALBUM_TABLE") and not {*name.split()} & album_ids]
    rest = [name for name in leftovers if name != f"ACCOUNT_TABLE {user_id} account"]
    cognito, pool = running.client("cognito-idp"), running.env["USER_POOL_ID"]
    users = [str(user["Attributes"]) for user in cognito.list_users(UserPoolId=pool)["Users"]]
    return rest + [user for user in users if user_id in user]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cancel")
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        report = run(Path(data), options.photos, options.kills)
    print(f"{format_timestamp(datetime.now(UTC))} {report}")
    return len(report.leftovers + report.touched) and 1


if __name__ == "__main__":
    sys.exit(main())
