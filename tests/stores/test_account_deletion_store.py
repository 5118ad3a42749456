"""`AccountDeletionStore`: cancel an account, and purge its data in parts."""

from datetime import timedelta

from chalicelib.domain.ids import Timestamp, UserId, format_timestamp
from chalicelib.domain.listing import Listing
from tests.support.rows import START, Backend

ANN, BOB = UserId("ann"), UserId("bob")


def timestamp_after(minutes: int) -> Timestamp:
    return format_timestamp(START + timedelta(minutes=minutes))


def cancel(backend: Backend, user_id: UserId, now: int = 0, due: int = 60) -> None:
    backend.deletions.cancel_account(user_id, timestamp_after(now), timestamp_after(due))


def list_due(backend: Backend, minutes: int, limit: int = 9) -> list[UserId]:
    return backend.deletions.list_due(timestamp_after(minutes), limit)


def test_account_is_cancelled_once_and_keeps_its_usage_until_the_purge(backend: Backend) -> None:
    backend.granted()
    assert backend.deletions.get_cancellation_time(ANN) is None
    cancel(backend, ANN)
    cancel(backend, ANN, now=5, due=90)
    assert backend.deletions.get_cancellation_time(ANN) == timestamp_after(0)
    assert backend.accounts.get_account(ANN).cancelled
    assert backend.usage() == (1, 1000)
    assert list_due(backend, 59) == []
    assert list_due(backend, 60) == [ANN]


def test_account_without_a_row_can_be_cancelled(backend: Backend) -> None:
    cancel(backend, ANN)
    assert backend.accounts.get_account(ANN).cancelled
    assert not backend.accounts.get_account(BOB).cancelled


def test_accounts_that_are_due_longest_come_first(backend: Backend) -> None:
    cancel(backend, ANN, due=60)
    cancel(backend, BOB, due=30)
    assert list_due(backend, 99) == [BOB, ANN]
    assert list_due(backend, 99, 1) == [BOB]
    backend.deletions.postpone(BOB, timestamp_after(90))
    assert list_due(backend, 99) == [ANN, BOB]


def test_account_is_not_due_after_its_purge_and_its_marker_expires(backend: Backend) -> None:
    cancel(backend, ANN)
    backend.deletions.finish_purge_run(ANN, None)
    backend.deletions.postpone(ANN, format_timestamp(START))
    backend.deletions.finish_purge_run(ANN, format_timestamp(START))
    assert list_due(backend, 9999) == []
    assert backend.deletions.get_cancellation_time(ANN) is None
    assert backend.accounts.get_account(ANN).cancelled
    backend.later(timedelta(days=90, seconds=1))
    assert not backend.accounts.get_account(ANN).cancelled


def test_account_with_a_further_run_stays_due_at_its_time(backend: Backend) -> None:
    cancel(backend, ANN)
    backend.deletions.finish_purge_run(ANN, timestamp_after(200))
    assert list_due(backend, 199) == []
    assert list_due(backend, 200) == [ANN]
    assert backend.deletions.get_cancellation_time(ANN) == timestamp_after(0)
    backend.later(timedelta(days=365))
    assert backend.accounts.get_account(ANN).cancelled


def test_account_that_is_not_cancelled_cannot_be_postponed_or_ended(backend: Backend) -> None:
    backend.granted()
    before = backend.accounts.get_account(ANN)
    backend.deletions.postpone(ANN, format_timestamp(START))
    backend.deletions.finish_purge_run(ANN, None)
    backend.deletions.finish_purge_run(BOB, None)
    assert backend.accounts.get_account(ANN) == before
    assert backend.accounts.get_account(BOB).created_at is None
    assert list_due(backend, 9999) == []


def test_purge_removes_all_data_of_one_user_and_then_finds_nothing(backend: Backend) -> None:
    for minute in range(103):
        backend.ready(minute=minute, tags=("sea",))
    bobs_photos = [
        backend.ready("bob", entropy=1, sha256="00" * 32, tags=("sea",)),
        backend.ready("bob", entropy=1, minute=1, rating_sum=5, rating_count=1),
    ]
    backend.erase(backend.ready())
    counts = []
    while count := backend.deletions.purge_photos(ANN):
        counts.append(count)
    assert sum(counts) == 104
    assert max(counts) == 100
    assert [backend.now(photo) for photo in bobs_photos] == bobs_photos
    assert backend.deletions.purge_photos(ANN) == 0
    purges = (backend.deletions.purge_albums, backend.deletions.purge_ratings)
    assert [purge(ANN) for purge in purges] == [0, 0]
    assert backend.deletions.purge_records(BOB) == 2, "a digest and the counts of a year"


def test_purge_removes_the_ratings_of_a_photo_with_it(backend: Backend) -> None:
    photo, erased = backend.ready(), backend.ready()
    for rated in (photo, erased):
        assert backend.ratings.rate(rated, BOB, None, 4)
    backend.erase(backend.now(erased))
    while backend.deletions.purge_photos(ANN):
        pass
    for rated in (photo, erased):
        assert backend.store.get_photo(rated.photo_id) is None
        assert backend.ratings.get_rating(rated.photo_id, BOB) is None


def test_purge_subtracts_a_rating_from_the_sums_of_a_rebuilt_photo(backend: Backend) -> None:
    photo = backend.ready("bob", sha256="00" * 32)
    assert backend.ratings.rate(photo, ANN, None, 4)
    backend.lose(photo)
    assert (backend.now(photo).rating_sum, backend.now(photo).rating_count) == (4, 1)
    assert backend.deletions.purge_ratings(ANN) == 1
    assert backend.deletions.purge_ratings(ANN) == 0
    assert (backend.now(photo).rating_sum, backend.now(photo).rating_count) == (0, 0)


def test_purge_removes_a_rating_whose_photo_is_lost(backend: Backend) -> None:
    photo = backend.ready("bob")
    assert backend.ratings.rate(photo, ANN, None, 4)
    assert backend.store.remove(backend.now(photo))
    assert [backend.deletions.purge_ratings(ANN) for _ in range(2)] == [1, 0]
    assert backend.ratings.get_rating(photo.photo_id, ANN) is None


def test_photo_restored_while_a_rating_is_purged_does_not_keep_the_old_score(backend: Backend) -> None:
    photo = backend.ready("bob", sha256="00" * 32)
    assert backend.ratings.rate(photo, ANN, None, 5)
    trashed = backend.put(backend.now(photo), trashed_at=format_timestamp(START))
    assert backend.deletions.purge_ratings(ANN) == 1
    assert not backend.store.replace(trashed, trashed.with_(trashed_at=None))
    restored = backend.put(backend.now(photo), trashed_at=None)
    assert (restored.rating_sum, restored.rating_count) == (0, 0)
    assert backend.store.list_by_score(Listing(scope="public"), 9, after=(3.01, photo.photo_id)) == [restored]
