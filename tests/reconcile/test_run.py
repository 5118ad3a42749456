"""A run has a lease, resumes, stops at a failed list, and never deletes too much."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from chalicelib.reconcile import passes
from chalicelib.reconcile.findings import Finding
from tests.support import damage as seeds
from tests.support import row_damage
from tests.support.damage import Damage
from tests.support.faults import hooked
from tests.support.reconciling import HOUR, reconcile, snapshot

pytestmark = pytest.mark.every_store


def seed_some(damage: Damage) -> list[Finding]:
    """Seed damage that different passes find."""
    kinds = [
        (seeds.later_version, "version-extra"),
        (row_damage.orphaned_entry, "entry-orphaned"),
        (row_damage.orphaned_search_row, "search-row-orphaned"),
        (row_damage.rating_without_a_photo, "rating-orphaned"),
        (row_damage.wrong_link_count, "link-count"),
    ]
    return [Finding(kind, name) for seed, kind in kinds for name in seed(damage)]


def test_two_runs_never_work_at_the_same_time(damage: Damage) -> None:
    seed_some(damage)
    before = snapshot(damage.cloud)
    until = int((datetime.now(UTC) + timedelta(hours=2)).timestamp())
    assert wiring.stores().runs.acquire("another process", until)
    with pytest.raises(Busy):
        reconcile(repair=True)
    assert snapshot(damage.cloud) == before
    assert reconcile(after=timedelta(hours=3)).found, "the lease of a dead process ends"


def test_process_that_lost_its_lease_stops(damage: Damage) -> None:
    seed_some(damage)
    before = snapshot(damage.cloud)

    def take_lease(**_: Any) -> None:
        damage.rows.take_lease()

    with hooked("before-call.s3.ListObjectsV2", lambda _: take_lease, damage.cloud.s3), pytest.raises(Busy):
        reconcile(repair=True)
    assert snapshot(damage.cloud) == before


def test_lease_is_checked_before_each_repair(damage: Damage) -> None:
    for _ in range(2):
        seeds.later_version(damage)
    stolen: list[bool] = []

    def take_lease(**_: Any) -> None:
        if not stolen:
            stolen.append(True)
            damage.rows.take_lease()

    with hooked("before-call.s3.DeleteObject", lambda _: take_lease, damage.cloud.s3), pytest.raises(Busy):
        reconcile(repair=True)
    assert reconcile(after=timedelta(hours=2)).found == Counter({"version-extra": 1})


def test_repair_stops_if_more_looks_damaged_than_the_report_has_found(damage: Damage) -> None:
    row_damage.rating_without_a_photo(damage)
    while not (latest := wiring.stores().runs.get_run()) or not latest.repairs:
        reconcile(repair=True, min_deletions=2, budget=timedelta(microseconds=1))
    for _ in range(2):
        row_damage.rating_without_a_photo(damage)
    outcome = reconcile(repair=True, min_deletions=2)
    assert outcome.report
    assert (outcome.report.stopped or "").startswith("The pass ratings would delete or rebuild 3 of ")
    assert outcome.repaired == Counter({"rating-orphaned": 2})
    assert reconcile(repair=True, min_deletions=3).repaired == Counter({"rating-orphaned": 1})


def test_run_resumes_after_each_page_and_counts_each_finding_once(
    damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Counter(finding.kind for finding in seed_some(damage))
    monkeypatch.setattr(passes, "_ROWS", 3)
    monkeypatch.setattr(passes, "_FOLDERS", 1)
    runs = 0
    while not (report := reconcile(repair=True, budget=timedelta(microseconds=1)).report) or not report.complete:
        runs += 1
        assert runs < 200
    assert runs > 10
    assert +Counter(report.found) == expected
    assert +Counter(report.repaired) == expected
    assert reconcile().findings["found"] == []


@pytest.mark.parametrize("operation", ["page", "rows", "s3.ListObjectVersions", "s3.ListObjectsV2"])
def test_failed_list_stops_the_run_and_nothing_is_deleted(damage: Damage, operation: Any) -> None:
    expected = Counter(finding.kind for finding in seed_some(damage))
    before = snapshot(damage.cloud)

    def fail(**_: Any) -> None:
        raise Busy

    objects = hooked(f"before-call.{operation}", lambda _: fail, damage.cloud.s3)
    failing = objects if operation.startswith("s3") else damage.rows.before_reads(operation, fail)
    with failing, pytest.raises(Busy):
        reconcile(repair=True)
    assert snapshot(damage.cloud) == before
    assert reconcile(repair=True).repaired == expected, "the next run resumes"


def test_run_that_would_delete_too_much_repairs_nothing(damage: Damage) -> None:
    for _ in range(3):
        row_damage.rating_without_a_photo(damage)
    row_damage.wrong_link_count(damage)
    before = snapshot(damage.cloud)
    outcome = reconcile(repair=True, min_deletions=2)
    assert outcome.report
    assert outcome.report.stopped == "The pass ratings would delete or rebuild 3 of 3."
    assert not outcome.report.complete
    assert outcome.repaired == Counter()
    assert snapshot(damage.cloud) == before
    assert reconcile(repair=True, min_deletions=2, max_share=1.0).repaired == outcome.found


def test_repair_of_a_photo_that_changes_meanwhile_is_not_written(damage: Damage) -> None:
    (name,) = row_damage.wrong_rating_sum(damage)
    with damage.rows.before_repair(name, lambda: damage.rows.raise_revision(name)):
        outcome = reconcile(repair=True)
    assert outcome.findings["not repaired"] == [Finding("rating-sum", name)]
    assert reconcile(repair=True).repaired == Counter({"rating-sum": 1})


def test_renditions_are_made_by_the_next_run_if_a_repair_fails(damage: Damage) -> None:
    (name,) = seeds.missing_rendition(damage)

    def fail(**_: Any) -> None:
        raise Busy

    with hooked("before-call.s3.PutObject", lambda _: fail, damage.cloud.s3):
        outcome = reconcile(repair=True)
    assert outcome.findings["not repaired"] == [Finding("rendition-missing", name)]
    assert reconcile(after=2 * HOUR, repair=True).repaired == Counter({"rendition-missing": 1})
    assert reconcile(after=3 * HOUR).found == Counter()
