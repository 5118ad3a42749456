"""The service behaves as the model says, after random operations, faults and events in any order."""

from tests.support.cloud import Cloud
from tests.support.model.runs import run_model

RUNS, STEPS = 30, 30


def test_service_shows_what_the_model_predicts(cloud: Cloud) -> None:
    run_model(cloud, RUNS, STEPS)
