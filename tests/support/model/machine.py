"""Random operations of three users, with faults, on the service and on the model."""

import itertools
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from chalicelib import wiring
from tests.support.albums import create_album
from tests.support.cloud import SERVER_ERRORS, Answer, Client, Cloud, created
from tests.support.cognito import Cognito
from tests.support.fault_runs import aws_clients, ended_by_fault, require_success
from tests.support.faults import Fault, Mode, striking
from tests.support.images import photo as make_photo
from tests.support.model import viewer
from tests.support.model.world import VISITOR, Album, Photo, World
from tests.support.reconciling import reconcile
from tests.support.snapshots import Snapshot
from tests.support.sweeps import drain_queue

START = datetime(2030, 1, 31, 12, tzinfo=UTC)
PEOPLE, WORDS = ("ann", "bob", "cy"), ("alps", "lake")
GOOD = (make_photo(16, 12, exif=False), make_photo(12, 16, exif=False))
CONTENTS = (*GOOD, b"<html>")
QUIET = timedelta(hours=8)
"""Longer than the lease of every job."""
LEASES = timedelta(minutes=16)


class Trouble:
    """A fault in one call of an operation, and whether the client retries."""

    def __init__(self, at: int, mode: Mode, no_retry: bool) -> None:
        self.at, self.mode, self.no_retry = at, mode, no_retry

    def __repr__(self) -> str:
        return f"{self.mode!r} at call {self.at}{', no retry' if self.no_retry else ''}"


MODES: list[Mode] = ["not sent", "answer lost", "throttled", "500", "killed"]
picks = st.integers(0, 1000)
troubles = st.none() | st.builds(Trouble, st.integers(0, 12), st.sampled_from(MODES), st.booleans())
visibilities = st.sampled_from(["public", "unlisted", "private"])
words = st.sampled_from(WORDS)


def choose[Item](items: list[Item], pick: int) -> Item:
    """Return one of the items."""
    return items[pick % len(items)]


class Machine(RuleBasedStateMachine):
    """The deployment beside the model. `counts` counts the runs, steps and faults so far."""

    cloud: Cloud
    start: Snapshot
    furnished: tuple[World, dict[str, dict[str, Any]]]
    pool: Cognito
    counts = Counter({"runs": 0, "steps": 0, "faults": 0})

    def __init__(self) -> None:
        super().__init__()
        self.counts["runs"] += 1
        self.pool.asked.clear()
        self.start.restore()
        wiring.limiter()._buckets.clear()
        self.clock = time_machine.travel(START, tick=False)
        self.frozen = self.clock.start()
        self.world, self.grants = deepcopy(self.furnished)
        self.people, self.names = list(PEOPLE), itertools.count()
        self.keys, self.turns = itertools.count(), itertools.count()
        self.events: list[tuple[str, str]] = []

    @classmethod
    def furnish(cls, cloud: Cloud) -> None:
        """Give each person a photo, and one of them an album with a share link, as the start of all runs."""
        cls.cloud, cls.furnished = cloud, (World(is_good=GOOD.__contains__), {})
        world, grants = cls.furnished
        with time_machine.travel(START - timedelta(hours=1), tick=False) as clock:
            for name in PEOPLE:
                clock.shift(timedelta(seconds=1))
                grant = cloud.grant(cloud.person(name), tags=[WORDS[0]])
                version = cloud.put(grant, GOOD[0])
                cloud.deliver(created(grant["s3Key"], version))
                photo = Photo(name, "public", WORDS[0], datetime.now(UTC), versions={version: GOOD[0]})
                world.photos[grant["photoId"]], grants[grant["photoId"]] = photo, grant
                world.confirm(grant["photoId"], version, START)
            path = create_album(cloud.person(PEOPLE[0]), name=WORDS[1])
            world.albums[path.removeprefix("/albums/")] = Album(PEOPLE[0], WORDS[1], "public")
        cls.start = Snapshot(cloud)

    @property
    def now(self) -> datetime:
        """The time of the frozen clock."""
        return datetime.now(UTC)

    def client(self, name: str) -> Client:
        """Return the client of a person, or of a visitor without a name."""
        return self.cloud.person(name) if name != VISITOR else self.cloud.visitor

    def key(self) -> str:
        """Return a new `Idempotency-Key`."""
        return f"key-{next(self.keys)}"

    def act(self, step: Callable[[], Any], trouble: Trouble | None, *, must_retry: bool = False) -> Any:
        """Run a step, with a fault if `trouble` is given. Return the result of the step.

        Repeat the step after a fault, or return None if the client does not retry. Always repeat it if `must_retry`.
        """
        self.counts["steps"] += 1
        if trouble:
            results: list[Any] = []
            with striking(Fault(trouble.at, trouble.mode), *aws_clients(self.cloud)) as fault:
                failed = ended_by_fault(lambda: results.append(step()))
            self.counts["faults"] += bool(fault.struck)
            if not failed:
                return results[0]
            if trouble.no_retry and not must_retry:
                return None
        return step()

    def change(
        self,
        person: str,
        send: Callable[[Client], Answer],
        apply: Callable[[World], None],
        trouble: Trouble | None,
        *repeated: int,
    ) -> None:
        """Send a request and apply its change to the model. A repeated request may get one of the statuses `repeated`.

        If the client does not retry, accept the state before or after.
        """
        answer = self.act(lambda: require_success(send(self.client(person)), *(repeated if trouble else ())), trouble)
        before = deepcopy(self.world)
        apply(self.world)
        if answer is None and self.differences(person):
            self.world = before
        if trouble:
            self.look(person)

    def run_jobs(self, trouble: Trouble | None = None) -> None:
        """Run the queued jobs until none is left. If a fault ends a job, the queue delivers it again."""
        while bodies := drain_queue(self.cloud):
            for body in bodies:
                self.act(partial(self.cloud.work, body, self.now), trouble, must_retry=True)

    def run_sweep(self, trouble: Trouble | None = None) -> int:
        """Run the sweep and its jobs, here and in the model."""
        count = self.act(lambda: self.cloud.sweep(self.now), trouble, must_retry=True)
        self.run_jobs(trouble)
        self.world.sweep(self.now)
        return int(count)

    def settle(self) -> None:
        """Sweep when interrupted work on albums and on the trash is due."""
        self.frozen.shift(LEASES)
        self.run_sweep()

    def differences(self, person: str) -> list[str]:
        """Return what a person sees that differs from the model."""
        client, now = self.client(person), self.now
        word = choose([*WORDS], next(self.turns) // 2)
        seen = dict(viewer.read_lists(client, self.world, word))
        expected = dict(self.world.show_lists(person, word, now))
        found = [
            f"{name}: {seen[name]} instead of {expected[name]}" for name in expected if seen[name] != expected[name]
        ]
        assert set(seen) == set(expected)
        for photo_id in self.world.photos:
            photo, wanted = viewer.read_photo(client, photo_id), self.world.show_photo(photo_id, person)
            if photo != wanted:
                found.append(f"{photo_id}: {photo} instead of {wanted}")
        for album_id, album in self.world.albums.items():
            shown = viewer.read_album(client, album_id)
            wanted_ids = self.world.list_album(album_id, person) if album.seen_by(person) else None
            if shown != wanted_ids:
                found.append(f"album {album_id}: {shown} instead of {wanted_ids}")
        return found

    def look(self, person: str) -> None:
        """Compare all that a person sees with the model."""
        found = self.differences(person)
        assert not found, (person, found)
        assert SERVER_ERRORS == []

    def look_by_turns(self) -> None:
        """Compare what the next person or the visitor sees."""
        self.look(choose([*self.people, VISITOR], next(self.turns)))

    def teardown(self) -> None:
        """Lose all events that are left, sweep until all is quiet, and compare everything."""
        try:
            for wait in (timedelta(), LEASES, QUIET, timedelta(days=31), QUIET, QUIET):
                self.frozen.shift(wait)
                self.run_sweep()
            assert self.run_sweep() == 0
            for person in (*self.people, VISITOR):
                self.look(person)
            # Exception: a version beside a confirmed one stays if its event is lost.
            extra = sum(len(photo.versions) - 1 for photo in self.world.photos.values() if photo.status == "ready")
            outcome = reconcile()
            expected = {"version-extra": extra} if extra else {}
            assert outcome.found == expected, outcome.findings["found"]
        finally:
            self.clock.stop()
