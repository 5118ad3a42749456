"""The journeys of clients and of a browser, and a short run of schemathesis, also pass on PostgreSQL."""

from tests.support.on_postgres import run_on_postgres, skip_on_postgres

SELECTION = (
    "tests/e2e/test_journey.py",
    "tests/e2e/page/test_whole_journey.py",
    "tests/e2e/test_openapi.py",
)


@skip_on_postgres
def test_selection_of_end_to_end_tests_passes_on_postgres() -> None:
    run_on_postgres(*SELECTION, SCHEMATHESIS_EXAMPLES="1")
