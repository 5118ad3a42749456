"""Run the model. As a command: run it for some seconds, and resume at the next seed."""

import logging
import sys
import warnings
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.arguments import parse_seconds
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.crash_matrix import running_deployment
from tests.support.model.album_rules import AlbumRules
from tests.support.seeds import iterate_seeds

RUNS_PER_SEED, STEPS = 20, 30


class Pool(Cognito):
    """A user pool that forgets the users that the service deletes."""

    def _answer(self, model: Any, params: dict[str, Any], **more: Any) -> tuple[Any, dict[str, Any]]:
        answer = super()._answer(model, params, **more)
        operation, request = self.asked[-1]
        deleted = {asked["Username"] for name, asked in self.asked if name == "AdminDeleteUser"}
        if operation == "AdminGetUser" and request["Username"] in deleted:
            self.answers["AdminGetUser"] = "UserNotFoundException"
            answer = super()._answer(model, params, **more)
            del self.answers["AdminGetUser"]
        return answer


def furnish(cloud: Cloud) -> None:
    """Prepare the deployment from which every run starts."""
    pool = Pool(cloud)
    pool.answers["GetUser"] = {"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}
    AlbumRules.pool = pool
    AlbumRules.furnish(cloud)


def run_model(cloud: Cloud, runs: int, steps: int, first_seed: int | None = None) -> None:
    """Run the model on a deployment. With a seed, the runs are the same each time."""
    furnish(cloud)
    _run(runs, steps, first_seed)


def _run(runs: int, steps: int, number: int | None) -> None:
    machine = AlbumRules if number is None else seed(number)(type("AlbumRules", (AlbumRules,), {}))
    options = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[*HealthCheck],
        # Shrinking takes minutes, and the steps of a failed run are readable without it.
        phases=[Phase.reuse, Phase.generate],
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(machine, settings=options)


def main(seconds: float) -> None:
    """Run one seed after another."""
    with running_deployment() as cloud:
        furnish(cloud)
        for number in iterate_seeds("model", seconds):
            _run(RUNS_PER_SEED, STEPS, number)
            counts = ", ".join(f"{count:,} {name}" for name, count in AlbumRules.counts.items())
            print(f"{counts}, 0 differences from the model", flush=True)


if __name__ == "__main__":
    logging.disable()
    warnings.simplefilter("ignore")
    main(parse_seconds("make model", sys.argv[1:]))
