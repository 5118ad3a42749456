"""The first look of a run can read S3 inventories and DynamoDB exports. Every finding is read again from the stage."""

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.errors import Busy
from chalicelib.infra.exported_files import ExportedFiles, InvalidExport
from chalicelib.reconcile import snapshot
from chalicelib.reconcile.findings import Finding
from tests.support import damage as seeds
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.damage import Damage
from tests.support.damage_kinds import MANUAL, REPAIRABLE, difference, seed_all
from tests.support.dynamodb_damage import DynamoDamage
from tests.support.exports import write_exports, write_inventories
from tests.support.faults import hooked
from tests.support.invariants import broken, left_over
from tests.support.reconciling import HOUR, exported, reconcile
from tests.support.requests_sent import count_requests

PASSES = ("entry", "accounts", "folders", "search-row", "digest", "ratings", "albums", "uploads")
OWN_REQUESTS = {"GetItem", "TransactWriteItems", "ListMultipartUploads"}
"""The requests of a run for its lease and progress, and for unfinished uploads. No inventory has these uploads."""


def seed_account(damage: Damage) -> list[str]:
    """Seed the kinds of damage that an account can have once. Return their kinds."""
    damage.rows.set_counts(damage.owner.user_id, photo_count=7, album_count=7)
    damage.rows.put_month(damage.owner.user_id)
    DynamoDamage(damage.cloud).change_photo(damage.upload().photo_id, "SET #size = :size", size="many")
    return ["usage", "album-quota", "month-count", "row-unreadable"]


def test_each_kind_is_found_in_exports_too(damage: Damage, tmp_path: Path) -> None:
    expected = seed_all(damage, REPAIRABLE + damage.rows.seeds)
    with exported(damage.cloud, tmp_path) as first:
        assert difference(reconcile(first=first).findings["found"], expected) == []
        assert reconcile(repair=True, min_deletions=len(expected)).findings["not repaired"] == []
        assert reconcile(first=first).findings["found"] == [], "findings of old exports are read again"


def test_damage_without_a_repair_is_found_in_exports_too(damage: Damage, tmp_path: Path) -> None:
    expected = seed_all(damage, MANUAL)
    with exported(damage.cloud, tmp_path) as first:
        assert sorted(reconcile(first=first).findings["found"]) == expected


def test_account_with_damage_is_found_in_exports_too(damage: Damage, tmp_path: Path) -> None:
    kinds = seed_account(damage)
    found = reconcile().findings["found"]
    assert {*kinds} <= {finding.kind for finding in found}
    with exported(damage.cloud, tmp_path) as first:
        assert reconcile(first=first).findings["found"] == found


def test_users_and_their_leftovers_are_found_in_exports_too(damage: Damage, cognito: Cognito, tmp_path: Path) -> None:
    unknown = Damage(damage.cloud, damage.cloud.person("nobody"), damage.rater)
    (prefix, *_) = seeds.rendition_without_a_row(unknown)
    rows = DynamoDamage(damage.cloud)
    rows.put("account_table", {"userId": "cy", "record": "account", "cancelledAt": "2026-01-01T00:00:00.000Z"})
    seeds.rendition_without_a_row(Damage(damage.cloud, damage.cloud.person("cy"), damage.rater))
    cognito.answers["ListUsers"] = {"Users": []}
    cognito.refuse("AdminGetUser", code="UserNotFoundException")
    expected = Counter({"account-without-user": 2, "object-of-unknown-user": 1, "account-leftovers": 1})
    assert reconcile().found == expected
    with exported(damage.cloud, tmp_path) as first:
        assert reconcile(first=first).found == expected
        cognito.answers["AdminGetUser"] = {"Username": "any"}
        found = reconcile(first=first).findings["found"]
    assert ("object-of-unknown-user", prefix) not in found, "the user pool is asked again"
    assert Counter(finding.kind for finding in found) == Counter({"rendition-orphaned": 1, "account-leftovers": 1})


def test_lost_rows_are_rebuilt_after_a_first_look_at_exports(damage: Damage, tmp_path: Path) -> None:
    album_id = damage.create_album()
    photos = [damage.upload(tags=["Boats"], albumId=album_id) for _ in range(3)]
    entries = damage.cloud.dynamodb.scan(TableName=damage.cloud.settings.entry_table)["Items"]
    for photo in photos[1:]:
        assert damage.cloud.store.remove(damage.cloud.photo(photo.photo_id))
    # All counts are right until the photos return to the album.
    for entry in entries:
        damage.cloud.dynamodb.put_item(TableName=damage.cloud.settings.entry_table, Item=entry)
    seeds.later_version(damage)
    with exported(damage.cloud, tmp_path) as first:
        outcome = reconcile(first=first, repair=True)
    assert outcome.findings["not repaired"] == []
    assert outcome.repaired >= Counter({"row-lost": 2, "version-extra": 1, "album-count": 1})
    assert reconcile().findings["found"] == []
    assert broken(damage.cloud, "ann") == left_over(damage.cloud, "ann") == []


def test_clean_account_needs_no_request(damage: Damage, tmp_path: Path) -> None:
    for number in range(3):
        photo = damage.upload(title=f"Sea {number}", tags=["sea"])
        assert damage.rater.call("PUT", f"/photos/{photo.photo_id}/rating", {"rating": 4}).status == 200
    clients = [damage.cloud.s3, damage.cloud.dynamodb, damage.cloud.user_pool()._cognito]
    with exported(damage.cloud, tmp_path) as first:
        with count_requests(*clients) as sent:
            assert reconcile(first=first).findings["found"] == []
        assert {*sent} <= OWN_REQUESTS
        assert sent["TransactWriteItems"] == 2 + len(PASSES), "one for each page, and two for the lease"
        seeds.later_version(damage)
        with count_requests(*clients) as sent:
            assert reconcile().findings["found"]
        assert {*sent} > OWN_REQUESTS, "the other requests are counted too"


def test_changes_after_the_export_are_no_findings(damage: Damage, tmp_path: Path) -> None:
    photos = [damage.upload(albumId=damage.create_album()) for _ in range(3)]
    with exported(damage.cloud, tmp_path) as first:
        assert damage.owner.delete(f"/photos/{photos[0].photo_id}", permanent="true").status == 204
        assert damage.owner.delete(f"/photos/{photos[1].photo_id}").status == 204
        assert damage.owner.call("PATCH", f"/photos/{photos[2].photo_id}", {"visibility": "private"}).status == 200
        damage.upload()
        outcome = reconcile(first=first, repair=True, after=2 * HOUR)
    assert outcome.findings == {"found": [], "repaired": [], "not repaired": []}


def test_photo_that_was_uploaded_between_two_exports_is_ignored_without_a_request(
    damage: Damage, tmp_path: Path
) -> None:
    exports = write_exports(damage.cloud, tmp_path)
    damage.upload()
    inventories = write_inventories(damage.cloud, tmp_path)
    with (
        snapshot.open_snapshot(ExportedFiles(damage.cloud.s3), inventories, exports, tmp_path / "work") as first,
        count_requests(damage.cloud.s3) as sent,
    ):
        assert reconcile(first=first).findings["found"] == []
    assert {*sent} <= OWN_REQUESTS


def test_new_user_who_is_not_in_the_export_is_known(damage: Damage, cognito: Cognito, tmp_path: Path) -> None:
    exports = write_exports(damage.cloud, tmp_path)
    user = Damage(damage.cloud, damage.cloud.person("user-0"), damage.rater)
    user.create_album()
    seeds.rendition_without_a_row(user)
    inventories = write_inventories(damage.cloud, tmp_path)
    assert user.owner.delete("/account").status == 202
    cognito.refuse("AdminGetUser", code="UserNotFoundException")
    with snapshot.open_snapshot(ExportedFiles(damage.cloud.s3), inventories, exports, tmp_path / "work") as first:
        found = reconcile(first=first).found
    assert "object-of-unknown-user" not in found


def test_object_at_the_top_that_was_deleted_is_no_finding(damage: Damage, tmp_path: Path) -> None:
    (key,) = seeds.object_at_the_top(damage)
    with exported(damage.cloud, tmp_path) as first:
        assert reconcile(first=first).findings["found"] == [Finding("object-unexpected", key)]
        for version in damage.cloud.bucket.listings.list_versions(key):
            where = {"Bucket": damage.cloud.settings.originals_bucket, "Key": key}
            damage.cloud.s3.delete_object(**where, VersionId=version.version_id)
        assert reconcile(first=first).findings["found"] == []


def test_rendition_that_was_deleted_after_the_inventory_is_read_as_missing(damage: Damage, tmp_path: Path) -> None:
    photo = damage.upload()
    with exported(damage.cloud, tmp_path) as first:
        damage.delete_rendition(photo.renditions["256"])
        found = reconcile(first=first, read_content=True).findings["found"]
    assert found == []
    assert reconcile().found == Counter({"rendition-missing": 1})


def test_interrupted_run_finds_its_database_again_and_a_complete_run_deletes_it(damage: Damage, tmp_path: Path) -> None:
    seeds.later_version(damage)
    files, work = ExportedFiles(damage.cloud.s3), tmp_path / "work"
    manifests = write_inventories(damage.cloud, tmp_path), write_exports(damage.cloud, tmp_path)

    def fail(**_: Any) -> None:
        raise Busy

    with (
        hooked("before-call.s3.ListObjectVersions", lambda _: fail, damage.cloud.s3),
        pytest.raises(Busy),
        snapshot.open_snapshot(files, *manifests, work) as first,
    ):
        reconcile(first=first, after=timedelta(minutes=40), min_age_seconds=0)
    for folder in tmp_path.rglob("data"):
        shutil.rmtree(folder)
    with snapshot.open_snapshot(files, *manifests, work) as first:
        outcome = reconcile(first=first, after=timedelta(minutes=40), min_age_seconds=0)
    assert outcome.found == Counter({"version-extra": 1})
    assert [*work.iterdir()] == []


def rewrite(pattern: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a function that replaces a text in one of the files with this name."""

    def change(folder: Path) -> None:
        path = next(path for path in sorted(folder.rglob(pattern)) if old in path.read_text())
        path.write_text(path.read_text().replace(old, new))

    return change


def damage_data(pattern: str) -> Callable[[Path], None]:
    """Return a function that damages one of the files of this kind."""

    def change(folder: Path) -> None:
        path = max(folder.rglob(pattern), key=lambda path: path.stat().st_size)
        path.write_bytes(path.read_bytes()[:-9])

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rewrite("manifest.json", "originals", "elsewhere"), "is an inventory of the bucket"),
        (rewrite("manifest.json", '"CSV"', '"Parquet"'), "needs the format CSV"),
        (rewrite("manifest.json", "IsDeleteMarker", "ETag"), "needs the format CSV"),
        (rewrite("manifest.json", '"CSV"', '"CSV'), "invalid format"),
        (rewrite("manifest-summary.json", '"itemCount": ', '"itemCount": x'), "invalid format"),
        (rewrite("manifest-summary.json", "DYNAMODB_JSON", "ION"), "in the format ION"),
        (rewrite("manifest-summary.json", "table/photoshare", "table/other"), "is an export of the table"),
        (rewrite("manifest-summary.json", '"itemCount": ', '"itemCount": 1'), "rows"),
        (damage_data("*.csv.gz"), "The MD5 of"),
        (damage_data("*.json.gz"), "The MD5 of"),
    ],
)
def test_damaged_files_and_files_of_another_stage_are_refused(
    cloud: Cloud, tmp_path: Path, change: Callable[[Path], None], message: str
) -> None:
    manifests = write_inventories(cloud, tmp_path), write_exports(cloud, tmp_path)
    change(tmp_path)
    with (
        pytest.raises(InvalidExport, match=message),
        snapshot.open_snapshot(ExportedFiles(cloud.s3), *manifests, tmp_path / "work"),
    ):
        raise AssertionError


@pytest.mark.parametrize("missing", ["buckets", "tables"])
def test_missing_files_are_named(cloud: Cloud, tmp_path: Path, missing: str) -> None:
    inventories, exports = write_inventories(cloud, tmp_path), write_exports(cloud, tmp_path)
    (inventories if missing == "buckets" else exports).pop()
    with (
        pytest.raises(InvalidExport, match=f"These {missing} have no"),
        snapshot.open_snapshot(ExportedFiles(cloud.s3), inventories, exports, tmp_path / "work"),
    ):
        raise AssertionError
