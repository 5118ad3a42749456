"""A selection of the tests of the service also passes on PostgreSQL. `STORE=postgres` runs any other tests so."""

from tests.support.on_postgres import run_on_postgres, skip_on_postgres

SELECTION = (
    "tests/test_races.py",
    "tests/test_crash_matrix.py",
    "tests/uploads/test_event_orders.py",
    "tests/accounts/test_large_deletion.py",
    "tests/accounts/test_deletion_request.py",
)


@skip_on_postgres
def test_selection_of_tests_passes_on_postgres() -> None:
    run_on_postgres(*SELECTION)
