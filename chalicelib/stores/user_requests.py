"""Storage contract of requests for jobs on all photos of a user. The rules in `protocols` apply."""

from typing import Literal, Protocol

from chalicelib.domain.ids import Timestamp, UserId

RequestKind = Literal["trash", "reindex"]
"""The kind of job: empty the trash of a user, or reindex the photos of a user."""


class UserRequestStore(Protocol):
    """Requests for one kind of job, at most one per user."""

    def add(self, user_id: UserId, requested_at: Timestamp, due_at: Timestamp) -> None:
        """Add a request that becomes due at `due_at`. Replace an earlier request. Keep a later one."""

    def get_time(self, user_id: UserId) -> Timestamp | None:
        """Return the time of the user's request, or None if there is none."""

    def postpone(self, user_id: UserId, requested_at: Timestamp, due_at: Timestamp) -> None:
        """Let this request become due at `due_at`. Change nothing if another request has replaced it."""

    def remove(self, user_id: UserId, requested_at: Timestamp) -> None:
        """Remove this request. Change nothing if another request has replaced it."""

    def list_due(self, now: Timestamp, limit: int) -> list[UserId]:
        """Return up to `limit` users whose request is due, the longest overdue first."""
