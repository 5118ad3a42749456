"""Hide and rename an album of 5,000 photos: `python -m bench.large_album [PHOTOS]`, on the emulated cloud.

Lambda stops a chain of messages after about 16 rounds. This bench does the same, and then lets one sweep resume.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.cancel import sign_up
from chalicelib import wiring
from chalicelib.domain.accounts import Caller
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId
from chalicelib.domain.photos import Membership
from chalicelib.domain.requests import AlbumChanges, NewAlbum, SearchQuery
from local import cloud
from tests.support.rows import pending

MAX_ROUNDS = 16
OLD, NEW = "Seaside", "Mountains"


def main(photos: int = 5_000) -> None:
    """Print how many photos visitors find by the old name before and after the change, and the duration."""
    with tempfile.TemporaryDirectory() as data, cloud.run_cloud(Path(data), 0) as running:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(running.env)
        owner = sign_up(running, "ann@example.com")
        album_id = seed(owner, photos)
        print(f"{photos} photos. Visitors find {count_found(OLD)} by the old name")
        started = time.monotonic()
        changes = AlbumChanges(name=NEW, visibility="private")
        wiring.albums().change(album_id, changes, by=owner)
        rounds = run_jobs(running)
        if is_due(album_id):
            wiring.jobs().sweep()
            rounds += run_jobs(running)
        seconds = time.monotonic() - started
        print(f"{rounds} messages, {seconds:.0f} s, {photos / seconds:.0f} photos a second")
        print(
            f"due: {is_due(album_id)}. Visitors find {count_found(OLD)} by the old name, {count_found(NEW)} by the new."
        )


def seed(owner: Caller, photos: int) -> AlbumId:
    """Create a public album with ready photos, without their files."""
    album_id = wiring.albums().create(NewAlbum(name=OLD), by=owner).album_id
    store = wiring.stores().photos
    for number in range(photos):
        photo = pending(owner.user_id, minute=number)
        membership = Membership(name=OLD, public=True, position=number)
        assert store.rebuild(photo)
        assert store.replace(photo, photo.with_(status="ready", memberships={album_id: membership}))
    return album_id


def run_jobs(running: cloud.Cloud) -> int:
    """Run the queued jobs, and at most 16 rounds of the jobs that they enqueue. Return the number of messages."""
    sqs, url = running.client("sqs"), wiring.settings().job_queue_url
    handled = 0
    for _ in range(MAX_ROUNDS):
        messages = list(_receive(sqs, url))
        for message in messages:
            wiring.jobs().handle(message)
        handled += len(messages)
        if not messages:
            break
    return handled


def _receive(sqs: Any, url: str) -> Iterator[str]:
    while messages := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield message["Body"]


def is_due(album_id: AlbumId) -> bool:
    """Return True if photos of the album may still have a copy of its old name or visibility."""
    album: Album | None = wiring.stores().albums.get_album(album_id)
    return album is not None and album.due_at is not None


def count_found(word: str) -> int:
    """Return the number of photos that a visitor finds by a word."""
    count, last_key = 0, None
    while True:
        page = wiring.search().list_page(SearchQuery(q=word, limit=100, last_key=last_key), by=None)
        count, last_key = count + len(page.items), page.last_key
        if last_key is None:
            return count


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
