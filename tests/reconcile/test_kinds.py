"""The reconciliation finds exactly the damage that was seeded, and a second run finds nothing after a repair."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.reconcile.findings import LIMITED, REMEDIES, Finding
from release.databases import TABLES
from tests.support import damage as seeds
from tests.support.damage import Damage
from tests.support.damage_kinds import CONTENT, MANUAL, OF_ONE_STORE, REPAIRABLE, TIMES, difference, seed_all
from tests.support.faults import hooked
from tests.support.invariants import broken
from tests.support.paths import ROOT
from tests.support.reconciling import reconcile, snapshot

pytestmark = pytest.mark.every_store
SEEDED_ELSEWHERE = {
    *("account-leftovers", "account-too-large", "account-without-user", "album-quota", "month-count"),
    *("object-of-unknown-user", "row-lost", "row-unreadable", "upload-unfinished", "usage"),
}
"""The kinds that other tests seed, because one account can have them only once or because they need a time."""


def test_each_kind_is_found_and_repaired_and_a_second_run_finds_nothing(damage: Damage) -> None:
    expected = seed_all(damage, REPAIRABLE + damage.rows.seeds)
    before = snapshot(damage.cloud)
    reported = reconcile()
    assert difference(reported.findings["found"], expected) == []
    assert reported.found == Counter(finding.kind for finding in expected)
    assert snapshot(damage.cloud) == before, "a report changes nothing"

    repaired = reconcile(repair=True, min_deletions=len(expected))
    assert repaired.findings["not repaired"] == []
    assert repaired.found == reported.found
    assert repaired.repaired >= reported.found
    assert reconcile().findings["found"] == []
    assert broken(damage.cloud, "ann") == []


def test_damage_without_a_repair_is_named_and_stays_as_it_is(damage: Damage) -> None:
    expected = seed_all(damage, MANUAL)
    before = snapshot(damage.cloud)
    for _ in range(2):
        outcome = reconcile(repair=True)
        assert sorted(outcome.findings["found"]) == sorted(outcome.findings["not repaired"]) == expected
        assert snapshot(damage.cloud) == before


def test_bytes_are_compared_only_if_asked(damage: Damage) -> None:
    expected = seed_all(damage, CONTENT)
    assert reconcile().findings["found"] == []
    outcome = reconcile(read_content=True, repair=True)
    assert difference(outcome.findings["found"], expected) == []
    assert outcome.repaired == Counter({"rendition-corrupt": TIMES})
    assert reconcile(read_content=True).found == Counter({"object-differs": TIMES})


def test_clean_stage_has_only_zeros_in_its_report(damage: Damage) -> None:
    assert damage.upload()
    report = reconcile(read_content=True).report
    assert report
    assert set(report.found) == set(report.repaired) == set(REMEDIES)
    assert not any([*report.found.values(), *report.repaired.values()])
    assert report.complete


def test_unfinished_upload_is_aborted_only_after_a_day(damage: Damage) -> None:
    (name,) = seeds.unfinished_upload(damage)
    bucket, begun = damage.cloud.settings.originals_bucket, datetime.now(UTC)

    def date(parsed: dict[str, Any], **_: Any) -> None:
        # moto gives every upload the same time in 2010.
        for upload in parsed.get("Uploads", []):
            upload["Initiated"] = begun

    with hooked("after-call.s3.ListMultipartUploads", lambda _: date, damage.cloud.s3):
        assert reconcile(after=timedelta(hours=23), repair=True).findings["found"] == []
        assert "Uploads" in damage.cloud.s3.list_multipart_uploads(Bucket=bucket)
        outcome = reconcile(after=timedelta(hours=25), repair=True)
    assert outcome.findings["found"] == outcome.findings["repaired"] == [Finding("upload-unfinished", name)]
    assert "Uploads" not in damage.cloud.s3.list_multipart_uploads(Bucket=bucket)


def test_every_kind_is_seeded_by_a_test() -> None:
    seeded = {kind for _, kind in REPAIRABLE + MANUAL + OF_ONE_STORE}
    assert seeded | SEEDED_ELSEWHERE == set(REMEDIES)
    assert set(REMEDIES) >= LIMITED


def test_how_to_describes_every_kind() -> None:
    text = (ROOT / "docs" / "how-to" / "reconcile.md").read_text()
    table = text.partition("## Kinds of findings")[2].partition("\n## ")[0]
    kinds = [kind for line in table.splitlines() if line.startswith("| `") for kind in line.split("|")[1].split(",")]
    assert sorted(kind.strip(" `") for kind in kinds) == sorted(REMEDIES)


def test_how_to_exports_every_table_that_a_comparison_reads() -> None:
    text = (ROOT / "docs" / "how-to" / "reconcile.md").read_text()
    exported_tables = text.partition("for TABLE in ")[2].partition(";")[0].split()
    assert sorted(exported_tables) == sorted(TABLES.values())
