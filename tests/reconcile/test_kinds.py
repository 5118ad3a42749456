"""The reconciliation finds exactly the damage that was seeded, and a second run finds nothing after a repair."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.reconcile.findings import LIMITED, REMEDIES, Finding
from tests.support import damage as seeds
from tests.support import row_damage
from tests.support.damage import Damage, Seed
from tests.support.faults import hooked
from tests.support.invariants import broken
from tests.support.paths import ROOT
from tests.support.reconciling import reconcile, snapshot

REPAIRABLE: list[tuple[Seed, str]] = [
    (seeds.later_version, "version-extra"),
    (seeds.earlier_version, "version-extra"),
    (seeds.version_of_a_rejected_photo, "version-extra"),
    (seeds.object_beside_the_original, "version-extra"),
    (seeds.delete_marker, "delete-marker"),
    (seeds.replaced_original, "object-missing"),
    (seeds.missing_rendition, "rendition-missing"),
    (seeds.empty_rendition, "rendition-corrupt"),
    (seeds.orphaned_rendition, "rendition-orphaned"),
    (seeds.rendition_without_a_row, "rendition-orphaned"),
    (seeds.object_of_an_erased_photo, "object-of-erased-photo"),
    (row_damage.rating_of_an_erased_photo, "rating-orphaned"),
    (row_damage.rating_without_a_photo, "rating-orphaned"),
    (row_damage.wrong_rating_sum, "rating-sum"),
    (row_damage.missing_search_row, "search-row-missing"),
    (row_damage.search_row_with_public_keys, "search-row-missing"),
    (row_damage.orphaned_search_row, "search-row-orphaned"),
    (row_damage.search_row_without_a_photo, "search-row-orphaned"),
    (row_damage.missing_digest, "digest-missing"),
    (row_damage.orphaned_digest, "digest-orphaned"),
    (row_damage.missing_entry, "entry-missing"),
    (row_damage.orphaned_entry, "entry-orphaned"),
    (row_damage.membership_without_an_album, "membership-orphaned"),
    (row_damage.stale_copy, "copy-stale"),
    (row_damage.stale_copy_of_the_visibility, "copy-stale"),
    (row_damage.wrong_album_count, "album-count"),
    (row_damage.wrong_link_count, "link-count"),
    (row_damage.orphaned_link, "link-orphaned"),
    (row_damage.deleted_album_that_is_not_due, "album-not-due"),
    (row_damage.private_album_with_a_public_key, "album-keys"),
    (row_damage.private_photo_with_public_keys, "photo-keys"),
    (row_damage.pending_photo_that_is_not_due, "photo-not-due"),
    (row_damage.uploaded_photo_that_is_not_due, "photo-not-due"),
    (row_damage.pending_photo_outside_the_index_of_the_sweep, "photo-keys"),
]
MANUAL: list[tuple[Seed, str]] = [
    (seeds.foreign_key, "object-unexpected"),
    (seeds.key_with_the_id_of_another_user, "object-unexpected"),
    (seeds.object_at_the_top, "object-unexpected"),
    (seeds.lost_original, "object-missing"),
    (seeds.other_size, "object-differs"),
]
CONTENT: list[tuple[Seed, str]] = [
    (seeds.broken_rendition, "rendition-corrupt"),
    (seeds.other_hash, "object-differs"),
]
SEEDED_ELSEWHERE = {
    *("account-leftovers", "account-without-user", "album-quota", "month-count", "object-of-unknown-user"),
    *("row-lost", "row-unreadable", "upload-unfinished", "usage"),
}
"""The kinds that other tests seed, because one account can have them only once or because they need a time."""
TIMES = 2


def seed_all(damage: Damage, seeds: list[tuple[Seed, str]]) -> list[Finding]:
    """Seed each damage several times. Return the findings that it must cause."""
    return sorted(Finding(kind, name) for seed, kind in seeds for _ in range(TIMES) for name in seed(damage))


def difference(found: list[Finding], expected: list[Finding]) -> list[tuple[str, Finding]]:
    """Return the findings that are missing, additional or repeated."""
    counts = Counter(found)
    counts.subtract(expected)
    return [("missing" if count < 0 else "additional", finding) for finding, count in counts.items() if count]


def test_each_kind_is_found_and_repaired_and_a_second_run_finds_nothing(damage: Damage) -> None:
    expected = seed_all(damage, REPAIRABLE)
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
    seeded = {kind for _, kind in REPAIRABLE + MANUAL}
    assert seeded | SEEDED_ELSEWHERE == set(REMEDIES)
    assert set(REMEDIES) >= LIMITED


def test_how_to_describes_every_kind() -> None:
    text = (ROOT / "docs" / "how-to" / "reconcile.md").read_text()
    table = text.partition("## Kinds of findings")[2].partition("\n## ")[0]
    kinds = [kind for line in table.splitlines() if line.startswith("| `") for kind in line.split("|")[1].split(",")]
    assert sorted(kind.strip(" `") for kind in kinds) == sorted(REMEDIES)
