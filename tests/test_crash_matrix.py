"""A sample of the crash matrix, and the findings of its auditor. `make crash-matrix` runs all cases."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.ids import format_timestamp
from tests.support import damage, row_damage
from tests.support.auditor import Audit
from tests.support.cloud import Cloud
from tests.support.crash_matrix import MODES, Case, Matrix, format_report
from tests.support.crash_operations import OPERATIONS
from tests.support.damage import Damage, Seed
from tests.support.postgres_auditor import open_source

SAMPLE = [
    *("grant into an album", "complete", "change a photo", "erase", "rate", "create an album", "delete an album"),
    *("cancel the account", "confirm one of two versions", "rotation", "purge"),
]
CASES_EACH = 3


@pytest.fixture(scope="module")
def matrix(deployed: Cloud) -> Matrix:
    """The matrix in an empty deployment."""
    return Matrix(deployed)


def choose_cases(matrix: Matrix, name: str) -> Iterator[Case]:
    """Yield cases that are spread over the calls and the modes of an operation."""
    calls = matrix.count_calls(name)
    first = list(OPERATIONS).index(name)
    for number in range(CASES_EACH):
        mode = MODES[(first + number) % len(MODES)]
        yield Case(name, (first + number * calls // CASES_EACH) % calls, mode, number % 2 == 0)


@pytest.mark.parametrize("operation", SAMPLE)
def test_nothing_is_lost_after_a_fault(matrix: Matrix, operation: str) -> None:
    results = [matrix.run(case) for case in choose_cases(matrix, operation)]
    assert all(result.struck for result in results)
    assert not any(result.findings for result in results), format_report(results)


def forgotten_upload(deployment: Damage) -> list[str]:
    deployment.cloud.put(deployment.cloud.grant(deployment.owner), damage.JPEG)
    return []


FOUND: dict[str, tuple[Seed, ...]] = {
    "lost": (damage.lost_original, damage.other_size, damage.missing_rendition, damage.empty_rendition),
    "orphan": (
        *(damage.unexpected_key, damage.later_version, damage.delete_marker, damage.orphaned_rendition),
        *(row_damage.rating_without_a_photo, row_damage.search_row_without_a_photo),
    ),
    "drift": (
        *(row_damage.wrong_rating_sum, row_damage.missing_digest),
        *(row_damage.missing_search_row, row_damage.orphaned_search_row),
    ),
    "stuck": (forgotten_upload,),
}


@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind, seeds in FOUND.items() for seed in seeds])
def test_auditor_finds_damage(matrix: Matrix, kind: str, seed: Callable[[Damage], list[str]]) -> None:
    matrix.restore()
    now = format_timestamp(datetime.now(UTC) + timedelta(hours=1))
    source = open_source()
    before = Counter(violation.kind for violation in Audit(source).violations(now))
    seed(Damage(matrix.world.cloud, matrix.world.ann, matrix.world.bob))
    assert kind in Counter(violation.kind for violation in Audit(source).violations(now)) - before
