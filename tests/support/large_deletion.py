"""Cancel an account with many photos, and kill the worker that purges it several times.

`STORE=postgres python -m tests.support.large_deletion 5000 10` does so with 5,000 photos and ten kills.
"""

import logging
import sys
import time
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.domain.ids import AlbumId
from tests.support import gallery
from tests.support.account_deletion import FINAL_PASS_DUE
from tests.support.albums import create_album
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.crash_matrix import running_deployment
from tests.support.faults import Fault, Killed, Mode, striking
from tests.support.invariants import originals_of, renditions_of
from tests.support.rows import NO_LIMITS, pending
from tests.support.snapshots import Snapshot
from tests.support.sweeps import drain_queue, run_job

MODES: tuple[Mode, ...] = ("killed", "killed after")


class Report(NamedTuple):
    """The results of a deletion. `leftovers` is data that remains, and `touched` is changed data of other users."""

    photos: int
    kills: int
    leftovers: list[str]
    touched: list[str]


def seed_photos(cloud: Cloud, owner: str, count: int) -> None:
    """Add ready photos with an object. Some are private, in an album, or rated by another user."""
    album_id = AlbumId(create_album(cloud.person(owner)).removeprefix("/albums/"))
    for number in range(count):
        visibility = "private" if number % 9 == 0 else "public"
        photo = pending(owner, tags=("sea", "hills"), sha256=f"{number:064x}")
        assert cloud.store.add_pending(photo, NO_LIMITS)
        assert cloud.store.replace(photo, photo.with_(status="ready", visibility=visibility))
        cloud.s3.put_object(Bucket=cloud.settings.originals_bucket, Key=photo.s3_key, Body=b"x")
        if number % 10 == 0:
            gallery.put_into_album(cloud, cloud.photo(photo.photo_id), album_id)
        if number % 7 == 0:
            gallery.rate(cloud, photo, "bob", 4)


def read_others(cloud: Cloud, user_id: str) -> dict[str, Any]:
    """Return the rows of all other users, and the objects of one of them. S3 lists at most 1,000 objects at once."""
    objects = {"originals": originals_of(cloud, "bob"), "renditions": renditions_of(cloud, "bob")}
    return gallery.without(cloud, user_id) | objects


def count_calls(cloud: Cloud, body: str) -> int:
    """Return the number of calls of a job, and undo the job."""
    before = Snapshot(cloud)
    with striking(Fault(-1, "killed"), *cloud.clients) as counter:
        run_job(body, datetime.now(UTC))
    before.restore()
    return counter.calls


def cancel_with_kills(cloud: Cloud, photos: int, kills: int) -> Report:
    """Cancel an account with this number of photos, and kill its job `kills` times at calls that spread over it."""
    ann, bob = cloud.person("ann"), cloud.person("bob")
    Cognito(cloud)
    cloud.upload(bob, gallery.JPEG)
    seed_photos(cloud, ann.user_id, photos)
    before = read_others(cloud, ann.user_id)
    assert ann.delete("/account").status == 202
    (body,) = drain_queue(cloud)
    done = 0
    # The killed runs together make half of the calls of a whole run, so no run ends before its kill.
    calls = count_calls(cloud, body) // (2 * kills)
    for number in range(kills):
        with striking(Fault(calls, MODES[number % 2]), *cloud.clients) as fault, suppress(Killed):
            run_job(body, datetime.now(UTC))
        done += bool(fault.struck)
    run_job(body, datetime.now(UTC))
    run_job(body, datetime.now(UTC) + FINAL_PASS_DUE)
    after, rest = read_others(cloud, ann.user_id), gallery.data_about(cloud, ann.user_id)
    leftovers = [f"{table} {row}" for table, rows in rest.items() for row in rows if table != cloud.stored.accounts]
    leftovers += [str(row) for row in rest.get(cloud.stored.accounts, [])[1:]]
    return Report(photos, done, leftovers, [table for table in before if before[table] != after[table]])


def main(photos: int, kills: int) -> int:
    """Delete an account, and print the report."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with running_deployment() as cloud:
        started = time.process_time()
        report = cancel_with_kills(cloud, photos, kills)
    print(f"{report}, {time.process_time() - started:.0f} CPU seconds")
    return int(bool(report.leftovers or report.touched or report.kills < kills))


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2])))
