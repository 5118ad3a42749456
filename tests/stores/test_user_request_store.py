"""`UserRequestStore`: one request per user, which is due until it is removed."""

from datetime import timedelta

from chalicelib.domain.ids import Timestamp, UserId, format_timestamp
from tests.support.rows import START, Backend

ANN, BOB = UserId("ann"), UserId("bob")


def timestamp_after(minutes: int) -> Timestamp:
    return format_timestamp(START + timedelta(minutes=minutes))


def request(backend: Backend, user_id: UserId, minute: int, due: int) -> None:
    backend.trash_requests.add(user_id, timestamp_after(minute), timestamp_after(due))


def list_due(backend: Backend, minutes: int, limit: int = 9) -> list[UserId]:
    return backend.trash_requests.list_due(timestamp_after(minutes), limit)


def test_only_a_later_request_replaces_a_request(backend: Backend) -> None:
    assert backend.trash_requests.get_time(ANN) is None
    for minute, expected in ((5, 5), (3, 5), (7, 7)):
        request(backend, ANN, minute, due=60 + minute)
        assert backend.trash_requests.get_time(ANN) == timestamp_after(expected)
    request(backend, ANN, 7, due=61)
    assert list_due(backend, 66) == []
    assert list_due(backend, 67) == [ANN]
    assert backend.trash_requests.get_time(BOB) is None


def test_requests_that_are_due_longest_come_first(backend: Backend) -> None:
    request(backend, ANN, 0, due=60)
    request(backend, BOB, 0, due=30)
    assert list_due(backend, 99) == [BOB, ANN]
    assert list_due(backend, 99, 1) == [BOB]
    backend.trash_requests.postpone(BOB, timestamp_after(0), timestamp_after(90))
    assert list_due(backend, 99) == [ANN, BOB]


def test_replaced_request_can_be_neither_postponed_nor_removed(backend: Backend) -> None:
    request(backend, ANN, 0, due=60)
    request(backend, ANN, 1, due=61)
    for minute in (0, 2):
        backend.trash_requests.postpone(ANN, timestamp_after(minute), timestamp_after(999))
        backend.trash_requests.remove(ANN, timestamp_after(minute))
    assert list_due(backend, 61) == [ANN]
    backend.trash_requests.remove(ANN, timestamp_after(1))
    assert list_due(backend, 9999) == []
    backend.trash_requests.postpone(ANN, timestamp_after(1), timestamp_after(0))
    assert backend.trash_requests.get_time(ANN) is None


def test_deleting_the_account_removes_the_request_and_a_cancelled_account_is_no_request(backend: Backend) -> None:
    request(backend, ANN, 0, due=30)
    backend.cancel(ANN)
    assert backend.deletions.list_due(timestamp_after(60), 9) == list_due(backend, 60) == [ANN]
    assert backend.deletions.purge_records(ANN) == 1
    assert list_due(backend, 60) == []
    assert backend.deletions.list_due(timestamp_after(60), 9) == [ANN]
