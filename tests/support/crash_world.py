"""Two users of the crash matrix with data of every kind, and the actions of clients, Lambda and the queue."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import Timestamp, format_timestamp
from tests.support.batches import list_errors
from tests.support.cloud import Answer, Client, Cloud, created
from tests.support.cognito import Cognito
from tests.support.fault_runs import aws_clients, require_success
from tests.support.images import photo as make_photo
from tests.support.reconciling import HOUR, Outcome, reconcile
from tests.support.snapshots import Snapshot
from tests.support.sweeps import drain_queue

LEASES_END = timedelta(hours=9)
"""The time after which a sweep enqueues the work of an earlier sweep again. The longest lease is eight hours."""
OLD_RENDITIONS_END = timedelta(hours=27)
"""The age after which a sweep deletes the renditions from before a rotation."""
MAX_SWEEPS = 6


class Refused(Exception):
    """The service refused a request, or its retry, although the request had to succeed."""


class World:
    """Two users and their data. `values` has the ids, keys, events and jobs that the actions use, by name."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        Cognito(cloud)
        self.clients = [*aws_clients(cloud), cloud.user_pool()._cognito]
        self.values: dict[str, Any] = {}
        self.attempt = 0
        self._furnish()

    @property
    def ann(self) -> Client:
        """Return the client of the owner. Its token is new, because the matrix can run for hours."""
        return self.cloud.person("ann-crash")

    @property
    def bob(self) -> Client:
        """Return the client of the other user."""
        return self.cloud.person("bob-crash")

    def _furnish(self) -> None:
        first, second = (self.request("POST", "/albums", {"name": name})["albumId"] for name in ("Coast", "Hills"))
        link = self.request("POST", f"/albums/{first}/links", {"password": "harbour"})
        names = ("sea", "cove", "dune", "gone")
        sizes = {name: 40 + 4 * number for number, name in enumerate(names)}
        photos = {
            name: self.cloud.upload(self.ann, make_photo(64, size), title=name, tags=[name, "all"]).photo_id
            for name, size in sizes.items()
        }
        self.values |= photos | {
            "first": first,
            "second": second,
            "link": link["linkId"],
            "token": link["url"].rpartition("/")[2],
        }
        for name in ("sea", "cove", "dune"):
            self.request("PUT", f"/albums/{first}/photos/{photos[name]}", {})
        self.request("PUT", f"/albums/{second}/photos/{photos['cove']}", {})
        self.request("PATCH", "/photos/{cove}", {"visibility": "private"})
        self.request("PUT", "/photos/{sea}/rating", {"rating": 4}, by=self.bob)
        self.request("PUT", "/photos/{sea}/rating", {"rating": 2})
        self.request("DELETE", "/photos/{dune}")
        self.request("DELETE", "/photos/{gone}", permanent="true")
        self.values["pier"] = self.cloud.upload(self.bob, make_photo(48, 48), title="pier").photo_id
        self.request("PUT", "/photos/{pier}/rating", {"rating": 3})
        drain_queue(self.cloud)

    def save(self) -> Callable[[], None]:
        """Return a function that restores the present state."""
        snapshot, values = Snapshot(self.cloud), dict(self.values)

        def restore() -> None:
            snapshot.restore()
            self.values, self.attempt = dict(values), 0
            wiring.limiter()._buckets.clear()

        return restore

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *accepted: int,
        by: Client | None = None,
        key: str = "",
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Any:
        """Send a request as a client does, and return the body. Replace `{name}` in `path` and `body` by its value.

        Raises:
            Busy: the client has to repeat the request, or a part of a batch.
            Refused: the response is another error below 500, and its status is not in `accepted`.
        """
        body = self._fill(body)
        headers = {"Idempotency-Key": key} if key else headers
        answer: Answer = (by or self.ann).call(method, self._fill(path), body, headers, **query)
        if 400 <= answer.status < 500 and answer.status not in accepted:
            raise Refused(f"{method} {path}: {answer.status} {answer.body}")
        require_success(answer, *accepted)
        parsed = answer.json if answer.body else {}
        if "items" in parsed and "Busy" in list_errors(parsed["items"]):
            raise Busy
        return parsed

    def _fill(self, value: Any) -> Any:
        if isinstance(value, str):
            return value.format(**self.values) if "{" in value else value
        if isinstance(value, dict):
            return {name: self._fill(part) for name, part in value.items()}
        return [self._fill(part) for part in value] if isinstance(value, list) else value

    def grant_and_put(self, name: str, content: bytes) -> None:
        """Upload bytes under a new grant, without an event. Keep the id and the event as values."""
        grant = self.cloud.grant(self.ann, title=name, tags=["all"])
        version = self.cloud.put(grant, content)
        self.values |= {name: grant["photoId"], f"{name} key": grant["s3Key"]}
        self.values[f"{name} event"] = created(grant["s3Key"], version)

    def deliver(self, name: str) -> None:
        """Deliver the event of an upload, as S3 and Lambda do."""
        self.cloud.deliver(self.values[f"{name} event"])

    def keep_jobs(self, after: timedelta = timedelta()) -> None:
        """Take the queued jobs out of the queue, so that `work` can run them at `after` from now."""
        self.values |= {"jobs": drain_queue(self.cloud), "after": after}
        assert self.values["jobs"]

    def sweep_for_jobs(self, after: timedelta) -> None:
        """Sweep at `after` from now, and keep the jobs."""
        self.cloud.sweep(datetime.now(UTC) + after)
        self.keep_jobs(after)

    def work(self) -> None:
        """Run the kept jobs, as SQS delivers them: a job that fails is delivered again."""
        jobs = self.values["jobs"] = list(self.values["jobs"])
        while jobs:
            self.cloud.work(jobs[0], datetime.now(UTC) + self.values["after"])
            jobs.pop(0)

    def sweep(self) -> None:
        """Run the sweep as the schedule does. A repetition happens within the same hour."""
        self.cloud.sweep(datetime.now(UTC) + HOUR)

    def reconcile(self) -> Outcome:
        """Compare and repair. A repetition begins after the lease has ended."""
        outcome = reconcile(after=HOUR * (1 + self.attempt), repair=True, max_share=1)
        assert outcome.report
        if outcome.report.stopped:
            raise Refused(outcome.report.stopped)
        return outcome

    def settle(self) -> Timestamp:
        """Sweep and run all jobs until nothing is due. Return the time of the last sweep, in the form of the rows."""
        at = datetime.now(UTC) + self.values.get("after", timedelta())
        quiet_from = at + OLD_RENDITIONS_END
        self._run_queue(at)
        for after in (LEASES_END, OLD_RENDITIONS_END, *[LEASES_END] * MAX_SWEEPS):
            at += after
            count = self.cloud.sweep(at)
            self._run_queue(at)
            if not count and at >= quiet_from:
                break
        return format_timestamp(at)

    def _run_queue(self, at: datetime) -> None:
        for _ in range(16):
            bodies = drain_queue(self.cloud)
            if not bodies:
                return
            for body in bodies:
                self.cloud.work(body, at)

    def enqueue_for(self, message: Any) -> None:
        """Keep one job of this message."""
        self.values |= {"jobs": [msgspec.json.encode(message).decode()], "after": timedelta()}
