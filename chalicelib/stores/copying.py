"""Copy everything from one database to another, and verify the copy.

A run has four phases: copy the users of the source, remove the users that only the target has, verify the users of the
source, and verify the users that only the target has. The target stores the progress, so an interrupted run resumes.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import msgspec

from chalicelib.domain.clock import Clock
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.domain.listing import LIST_LAG_SECONDS
from chalicelib.stores.checksums import Side, find_mismatches
from chalicelib.stores.copies import KINDS, CopyStore, Kind, Mismatch, Progress, Record, get_key

_USERS = 1000
"""The largest number of rows that one page of users reads."""
_BATCH = 100
_MAX_MISMATCHES = 100
_ATTEMPTS = 10
_LONGEST_PAUSE_SECONDS = 30.0

Emit = Callable[[Mismatch], None]
"""Report a difference that was found."""


class NeedsReplace(Exception):
    """The copy needs `Options.replace`, because the target may be in use. The message has the reason."""


class EmptySource(Exception):
    """A copy would remove everything from the target, because the source has no accounts."""


class UnknownAccount(Exception):
    """Neither database has a record of the account. The message is its id."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a run."""

    account: str = ""
    """The only account to copy. Empty for all."""
    replace: bool = False
    """True to overwrite a target that may be in use."""
    only_verify: bool = False
    """True to write nothing."""


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The result of a run. `written` and `removed` have the number of changed records of the target by kind."""

    verified: bool
    """True if the target equals the source."""
    accounts: int
    records: dict[str, int]
    """The number of records of the source by kind."""
    written: dict[str, int]
    removed: dict[str, int]
    mismatch_count: int
    mismatches: tuple[Mismatch, ...]
    """The first differences, up to 100."""


class _Phase(NamedTuple):
    """A walk over the users of one database."""

    verifies: bool
    walks_target: bool
    """True to walk the users that only the target has."""


_PHASES = tuple(_Phase(verifies, walks_target) for verifies in (False, True) for walks_target in (False, True))
_FIRST_VERIFICATION = 2


class Copying:
    """Copy the source to the target. An interrupted `run` resumes at the account at which it stopped."""

    def __init__(
        self,
        source: Side,
        target: Side,
        task: str,
        clock: Clock,
        emit: Emit,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Name the source and the target by `task`. A run resumes only if both are the same."""
        self._source, self._target, self._task = source, target, task
        self._clock, self._emit, self._pause = clock, emit, pause

    def run(self, options: Options) -> Report:
        """Continue the interrupted run, or start one, and return its report.

        Raises:
            NeedsReplace: the target may be in use.
            EmptySource: the source has no accounts, but the target has some.
            UnknownAccount: the only account to copy does not exist.
            Busy: a database is busy for several minutes. The next run resumes.
        """
        account, sides = UserId(options.account), (self._source, self._target)
        if account and not any(_has_records(side.copies, account) for side in sides):
            raise UnknownAccount(account)
        progress = Progress(task=self._task, started_at=format_timestamp(self._clock()))
        progress = progress.with_(phase=_FIRST_VERIFICATION) if options.only_verify else self._resume(progress, options)
        if not (account or options.only_verify or _has_users(self._source.copies)) and _has_users(self._target.copies):
            raise EmptySource
        if account:
            return _build_report(self._run_one(account, progress, options))
        if not options.only_verify:
            # Store the progress first, because the next run must know that the copy may overwrite the target.
            self._store(progress)
        while progress.phase < len(_PHASES):
            for step in self._work_on_page(progress):
                progress = step
                if not options.only_verify:
                    self._store(progress)
        if not options.only_verify:
            is_verified = progress.mismatch_count == 0
            self._store(progress.with_(finished_at=format_timestamp(self._clock()), is_verified=is_verified))
        return _build_report(progress)

    def _store(self, progress: Progress) -> None:
        self._persist(lambda: self._target.copies.store_progress(progress))

    def _persist[Result](self, work: Callable[[], Result]) -> Result:
        """Do idempotent work, and retry it while a database is busy."""
        for number in range(_ATTEMPTS - 1):
            with suppress(Busy):
                return work()
            self._pause(min(2.0**number, _LONGEST_PAUSE_SECONDS))
        return work()

    def _resume(self, new: Progress, options: Options) -> Progress:
        stored = self._target.copies.get_progress()
        is_same = stored is not None and stored.task == new.task
        if stored and is_same and stored.finished_at is None and not options.account:
            return stored
        if options.replace or (stored and is_same and not stored.is_verified):
            return new
        if stored and is_same:
            raise NeedsReplace("The last copy to the target was verified, so the target may be in use since.")
        if _has_users(self._target.copies):
            raise NeedsReplace("The target has accounts, and no copy from this source was begun there.")
        return new

    def _run_one(self, user_id: UserId, progress: Progress, options: Options) -> Progress:
        if not options.only_verify:
            progress = self._persist(partial(self._copy, user_id, progress))
        return self._persist(partial(self._verify, user_id, progress))

    def _work_on_page(self, progress: Progress) -> Iterator[Progress]:
        """Work on one page of users. Yield the progress after each user and at the end."""
        phase = _PHASES[progress.phase]
        walked = (self._target if phase.walks_target else self._source).copies
        users, end = self._persist(lambda: walked.list_users(_USERS, progress.page))
        if progress.done in users:
            users = users[users.index(progress.done) + 1 :]
        for user_id in users:
            if not (phase.walks_target and self._persist(partial(_has_records, self._source.copies, user_id))):
                work = self._verify if phase.verifies else self._copy
                progress = self._persist(partial(work, user_id, progress))
            progress = progress.with_(done=user_id)
            yield progress
        yield progress.with_(page=end, done=None, phase=progress.phase + (end is None))

    def _copy(self, user_id: UserId, progress: Progress) -> Progress:
        """Make the records of a user in the target equal to those in the source."""
        written, removed = Counter(progress.written), Counter(progress.removed)
        for kind in KINDS:
            for new, old in _iterate_changes(self._source.copies, self._target.copies, kind, user_id):
                if new:
                    self._target.copies.write(kind, new)
                if old:
                    self._target.copies.remove(kind, old)
                written[kind] += len(new)
                removed[kind] += len(old)
        return progress.with_(written=dict(+written), removed=dict(+removed))

    def _verify(self, user_id: UserId, progress: Progress) -> Progress:
        mismatches, counts = find_mismatches(self._source, self._target, user_id)
        if mismatches:
            self._pause(LIST_LAG_SECONDS)
            kinds = {mismatch.kind for mismatch in mismatches}
            again, counts = find_mismatches(self._source, self._target, user_id)
            mismatches = [mismatch for mismatch in again if mismatch.kind in kinds]
        for mismatch in mismatches:
            self._emit(mismatch)
        return progress.with_(
            accounts=progress.accounts + 1,
            verified=dict(Counter(progress.verified) + Counter(counts)),
            mismatch_count=progress.mismatch_count + len(mismatches),
            mismatches=(*progress.mismatches, *mismatches)[:_MAX_MISMATCHES],
        )


def _iterate_changes(
    source: CopyStore, target: CopyStore, kind: Kind, user_id: UserId
) -> Iterator[tuple[list[Record], list[Record]]]:
    """Yield the records to write and those to remove, in batches."""
    new, old = list[Record](), list[Record]()
    for before, after in _merge(target.read(kind, user_id), source.read(kind, user_id)):
        if after is None and before is not None:
            old.append(before)
        elif after is not None and before != after:
            new.append(after)
        if max(len(new), len(old)) == _BATCH:
            yield new, old
            new, old = [], []
    yield new, old


def _merge(befores: Iterator[Record], afters: Iterator[Record]) -> Iterator[tuple[Record | None, Record | None]]:
    """Pair the records of two sorted streams that have the same key. None stands for a missing record."""
    before, after = next(befores, None), next(afters, None)
    while before is not None or after is not None:
        if after is None or (before is not None and get_key(before) < get_key(after)):
            yield before, None
            before = next(befores, None)
        elif before is None or get_key(after) < get_key(before):
            yield None, after
            after = next(afters, None)
        else:
            yield before, after
            before, after = next(befores, None), next(afters, None)


def _has_users(copies: CopyStore) -> bool:
    users, page = copies.list_users(_USERS)
    while not users and page is not None:
        users, page = copies.list_users(_USERS, page)
    return bool(users)


def _has_records(copies: CopyStore, user_id: UserId) -> bool:
    # Nearly every user has an account, so look for it first.
    return any(next(copies.read(kind, user_id), None) is not None for kind in reversed(KINDS))


def _build_report(progress: Progress) -> Report:
    return Report(
        verified=progress.mismatch_count == 0,
        accounts=progress.accounts,
        records=progress.verified,
        written=progress.written,
        removed=progress.removed,
        mismatch_count=progress.mismatch_count,
        mismatches=progress.mismatches,
    )
