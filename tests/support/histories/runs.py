"""Run histories. As a command: run them for some seconds, and resume at the next seed."""

import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import time_machine
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from chalicelib.stores.postgres.migrations import migrate
from tests.conftest import deployment
from tests.support import idp
from tests.support.arguments import parse_seconds
from tests.support.cloud import SERVER_ERRORS, Cloud
from tests.support.cognito import Cognito
from tests.support.histories.history import START, furnish
from tests.support.histories.operations import OPERATIONS
from tests.support.histories.twins import Twins, running_twins
from tests.support.postgres_rows import new_database
from tests.support.postgres_server import PostgresServer, running_server
from tests.support.seeds import iterate_seeds

RUNS_PER_SEED, STEPS, VIEWS = 20, 30, 10

Step = tuple[str, int]
_STEP = st.tuples(st.sampled_from([*OPERATIONS]), st.integers(0, 10**9))


class Histories:
    """Run histories from one start."""

    def __init__(self, twins: Twins) -> None:
        self._twins, self._start = twins, furnish(twins)
        self._restore = twins.save()
        self.histories = self.steps = 0

    @property
    def report(self) -> str:
        """The counts so far. There are no differences, because the first one ends the run."""
        counts = f"{self.histories:,} histories, {self.steps:,} steps, {self._twins.comparisons:,} comparisons"
        return f"{counts}, 0 differences"

    def run(self, steps: list[Step], views: int, *, is_complete: bool) -> None:
        """Run one history, and compare all facts and some views after each step.

        If `is_complete`, compare all views at the end of the history.
        """
        self._restore()
        history = self._start.copy()
        self.histories += 1
        with time_machine.travel(START, tick=False) as clock:
            history.clock = clock
            for count, (name, number) in enumerate(steps, 1):
                self.steps += 1
                try:
                    OPERATIONS[name](history, number)
                    history.wait(seconds=1)
                    history.compare(views)
                except BaseException as error:
                    error.add_note(f"The steps so far: {steps[:count]}")
                    raise
            if is_complete:
                history.compare()
        assert SERVER_ERRORS == []


def run_histories(histories: Histories, runs: int, steps: int, views: int, number: int | None = None) -> None:
    """Let Hypothesis choose histories of `steps` steps. With a seed, compare all views at the end of each history."""

    def check(chosen: list[Step]) -> None:
        histories.run(chosen, views, is_complete=number is not None)

    test: Callable[[], None] = given(st.lists(_STEP, min_size=steps, max_size=steps))(check)
    options = settings(
        max_examples=runs,
        deadline=None,
        derandomize=number is None,
        database=None,
        suppress_health_check=[*HealthCheck],
        # A failure names its step. Shrinking takes minutes.
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    options(test if number is None else seed(number)(test))()


@contextmanager
def open_histories(cloud: Cloud, server: PostgresServer) -> Iterator[Histories]:
    """Open histories on a deployment on DynamoDB and on a new database of a server."""
    with new_database(server) as database:
        migrate(database)
        with running_twins(cloud, database) as twins:
            pool = Cognito(cloud)
            pool.answers["GetUser"] = {"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}
            yield Histories(twins)


def main(seconds: float) -> None:
    """Run one seed after another."""
    with (
        running_server() as server,
        idp.running() as provider,
        deployment(provider) as cloud,
        open_histories(cloud, server) as histories,
    ):
        for number in iterate_seeds("history", seconds):
            run_histories(histories, RUNS_PER_SEED, STEPS, VIEWS, number)
            print(histories.report, flush=True)


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    main(parse_seconds("make histories", sys.argv[1:]))
