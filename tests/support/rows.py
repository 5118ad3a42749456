"""Photos without their files, and the stores that contain them."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from moto import mock_aws

from chalicelib.domain.accounts import Account, Limits
from chalicelib.domain.ids import PhotoId, UserId, create_photo_id, format_timestamp
from chalicelib.domain.photos import Photo
from chalicelib.infra import aws
from chalicelib.infra.settings import Settings, load_settings
from chalicelib.stores.backend import Stores
from chalicelib.stores.dynamodb.stores import build_stores
from tests.support.fast_moto import shortcuts
from tests.support.moto_data import delete_rows

START = datetime(2026, 1, 1, tzinfo=UTC)
NO_LIMITS = Limits(photos=1_000_000, bytes=10**15)

Call = Callable[..., Any]


def pending(owner: str = "ann", *, minute: int = 0, entropy: int | None = None, **facts: Any) -> Photo:
    """Return a pending photo whose grant was issued `minute` minutes after START. Do not store it."""
    photo_id = create_photo_id(START + timedelta(minutes=minute), secrets.randbits(128) if entropy is None else entropy)
    photo = Photo(
        photo_id=photo_id,
        user_id=UserId(owner),
        s3_key=f"{owner}/{photo_id}/x.jpg",
        filename="x.jpg",
        content_type="image/jpeg",
        status="pending",
        charged_bytes=1000,
    )
    return photo.with_(**facts)


class Backend:
    """Stores, with shortcuts that write and read their data."""

    def __init__(self, stores: Stores, now: list[float], client: Any = None) -> None:
        self.store, self.accounts = stores.photos, stores.accounts
        self.albums, self.links = stores.albums, stores.links
        self.idempotency, self.deletions = stores.idempotency, stores.deletions
        self.ratings, self.search, self.trash_requests = stores.ratings, stores.search, stores.trash_requests
        self.timeline = stores.timeline
        self.audit, self.runs = stores.audit, stores.runs
        self._now, self.client = now, client

    def later(self, by: timedelta) -> None:
        """Advance the clock of the stores."""
        self._now[0] += by.total_seconds()

    def granted(self, owner: str = "ann", **facts: Any) -> Photo:
        """Store a pending photo, and return it."""
        photo = pending(owner, **facts)
        self.store.add_pending(photo, NO_LIMITS)
        return photo

    def ready(self, owner: str = "ann", *, minute: int = 0, entropy: int | None = None, **facts: Any) -> Photo:
        """Store a ready photo, and return it."""
        return self.put(self.granted(owner, minute=minute, entropy=entropy), status="ready", **facts)

    def add_ready(self, photo: Photo) -> Photo:
        """Store this ready photo with its sums of ratings, but without the ratings. Return the stored photo."""
        before = photo.with_(status="pending", rating_sum=0, rating_count=0)
        assert self.store.rebuild(before)
        return self.put(before, **{name: getattr(photo, name) for name in ("status", "rating_sum", "rating_count")})

    def put(self, before: Photo, **changes: Any) -> Photo:
        """Change a photo. Return the stored photo."""
        assert self.store.replace(before, before.with_(**changes))
        return self.now(before)

    def erase(self, before: Photo) -> Photo:
        """Replace a photo with its tombstone, and return the tombstone."""
        assert self.store.replace(before, before.to_tombstone(format_timestamp(START)))
        return self.now(before)

    def lose(self, photo: Photo) -> None:
        """Remove a photo but not its ratings, and rebuild it."""
        assert self.store.remove(self.now(photo))
        assert self.store.rebuild(photo.with_(rating_sum=0, rating_count=0))

    def cancel(self, user_id: UserId) -> None:
        """Cancel an account."""
        self.deletions.cancel_account(user_id, format_timestamp(START), format_timestamp(START + timedelta(hours=1)))

    def now(self, photo: Photo) -> Photo:
        """Return the stored photo."""
        stored = self.store.get_photo(photo.photo_id)
        assert stored is not None
        return stored

    def usage(self, owner: str = "ann") -> tuple[int, int]:
        """Return the number of photos and bytes in the quota of an account."""
        account: Account = self.accounts.get_account(UserId(owner))
        return account.photo_count, account.bytes


class OneAtATime:
    """A client that makes one call at a time. DynamoDB isolates transactions, but moto does not."""

    def __init__(self, client: Any) -> None:
        self._client, self._lock = client, threading.RLock()

    def __getattr__(self, name: str) -> Call:
        def call(**params: Any) -> Any:
            with self._lock:
                return getattr(self._client, name)(**params)

        return call


@contextmanager
def on_dynamodb(deploy: Callable[[], dict[str, str]]) -> Iterator[Callable[[], Backend]]:
    """Yield a function that empties the tables on moto and returns stores for them."""
    with mock_aws(), shortcuts():
        aws._get_session.cache_clear()
        settings, client = load_settings(build_environment(deploy())), aws.create_client("dynamodb")

        def empty_backend() -> Backend:
            empty(settings, client)
            return _backend(settings, client)

        yield empty_backend
    aws._get_session.cache_clear()


def build_environment(outputs: dict[str, str]) -> dict[str, str]:
    """Return the environment of the API of a stage, from the outputs of its stack."""
    sign_in = dict.fromkeys(("USER_POOL_ID", "USER_POOL_CLIENT_ID", "COGNITO_DOMAIN"), "none")
    others = {"BASE_URL": "http://localhost", "SIGNING_KEYS": "key", "AWS_REGION": "eu-central-1"}
    return sign_in | others | outputs


def _backend(settings: Settings, client: Any) -> Backend:
    now = [START.timestamp()]
    one_at_a_time: Any = OneAtATime(client)
    return Backend(build_stores(settings, one_at_a_time, lambda: now[0]), now, client)


def empty(settings: Settings, client: Any) -> None:
    """Delete all rows."""
    of_photos = (settings.photo_table, settings.account_table, settings.term_table)
    for table in (*of_photos, settings.album_table, settings.entry_table, settings.rating_table):
        delete_rows(client, table)


def ids(photos: list[Photo]) -> list[PhotoId]:
    """Return the ids, in order."""
    return [photo.photo_id for photo in photos]
