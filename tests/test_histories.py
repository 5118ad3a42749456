"""The same history has the same results on both databases. `make histories` runs as many as time allows."""

import pytest

from tests.support.cloud import Cloud
from tests.support.histories.runs import open_histories, run_histories
from tests.support.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres")

RUNS, STEPS, VIEWS = 20, 30, 4


def test_both_databases_show_the_same_after_each_step(cloud: Cloud, postgres_server: PostgresServer) -> None:
    with open_histories(cloud, postgres_server) as histories:
        run_histories(histories, RUNS, STEPS, VIEWS)
