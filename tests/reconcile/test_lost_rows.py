"""A lost row of a photo is rebuilt from what survives, and the photo is charged once."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.domain.ids import UserId
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.damage import JPEG, Damage
from tests.support.invariants import broken, left_over
from tests.support.reconciling import reconcile

pytestmark = pytest.mark.every_store
TIMES = 3


def test_lost_row_gets_back_what_survives_and_is_charged_once(damage: Damage) -> None:
    album_id = damage.create_album()
    photos = [damage.upload(title="Harbour", tags=["Boats"], albumId=album_id) for _ in range(TIMES)]
    for photo in photos:
        assert damage.rater.call("PUT", f"/photos/{photo.photo_id}/rating", {"rating": 4}).status == 200
    usage = damage.cloud.accounts.get_account(UserId(damage.owner.user_id))
    for photo in photos:
        damage.rows.lose(photo)

    reported = reconcile()
    assert [item.name for item in reported.findings["found"] if item.kind == "row-lost"] == [
        photo.prefix for photo in photos
    ]
    assert {*reported.found} == {"row-lost", "rating-orphaned"}
    outcome = reconcile(repair=True)
    assert outcome.repaired["row-lost"] == TIMES
    assert outcome.findings["not repaired"] == []
    assert reconcile().findings["found"] == []
    for photo in photos:
        rebuilt = damage.cloud.photo(photo.photo_id)
        assert (rebuilt.status, rebuilt.visibility, rebuilt.tags) == ("ready", "private", ("boats",))
        assert (rebuilt.sha256, rebuilt.version_id, rebuilt.renditions) == (
            photo.sha256,
            photo.version_id,
            photo.renditions,
        )
        assert rebuilt.memberships == photo.memberships
        assert (rebuilt.rating_sum, rebuilt.rating_count) == (4, 1)
    assert damage.cloud.accounts.get_account(UserId(damage.owner.user_id)) == usage
    assert broken(damage.cloud, "ann") == left_over(damage.cloud, "ann") == []
    assert damage.rater.delete(f"/photos/{photos[0].photo_id}/rating").status in (200, 404)


def test_rebuild_mode_rebuilds_any_share_of_the_rows_and_nothing_else(damage: Damage) -> None:
    photos = [damage.upload() for _ in range(TIMES)]
    extra = damage.put_original(photos[0].s3_key)
    for photo in photos[1:]:
        damage.rows.lose(photo)
    refused = reconcile(repair=True, min_deletions=1)
    assert refused.report
    assert (refused.report.stopped or "").startswith("The pass accounts would delete or rebuild 3 of ")
    assert refused.repaired == Counter()
    outcome = reconcile(only_rebuild=True, repair=True, min_deletions=0)
    assert outcome.repaired == Counter({"row-lost": TIMES - 1})
    assert {damage.cloud.photo(photo.photo_id).status for photo in photos} == {"ready"}
    assert extra in [item.name.rpartition("=")[2] for item in reconcile().findings["found"]]


def test_lost_row_behind_a_delete_marker_is_rebuilt(damage: Damage) -> None:
    photo = damage.upload()
    damage.rows.lose(photo)
    damage.delete_original(photo)
    assert reconcile(repair=True).repaired["row-lost"] == 1
    assert reconcile().findings["found"] == []
    assert damage.cloud.photo(photo.photo_id).version_id == photo.version_id


def test_unreadable_row_is_reported_and_nothing_of_its_photo_is_deleted(damage: Damage) -> None:
    photos = [damage.upload(tags=["sea"]) for _ in range(TIMES)]
    for photo in photos:
        damage.rows.make_unreadable(photo)
    outcome = reconcile(repair=True)
    assert [item.name for item in outcome.findings["not repaired"] if item.kind == "row-unreadable"] == [
        photo.photo_id for photo in photos
    ]
    assert outcome.found["search-row-orphaned"] == outcome.found["rendition-orphaned"] == 0


def test_young_objects_and_grants_are_not_touched(damage: Damage) -> None:
    photo = damage.upload()
    damage.put_original(photo.s3_key)
    grant = damage.cloud.grant(damage.owner)
    damage.cloud.put(grant, JPEG)
    damage.rows.forget_due(grant["photoId"])
    lost = damage.upload()
    damage.rows.lose(lost)
    young = reconcile(after=timedelta(minutes=29), repair=True)
    assert {finding.kind for finding in young.findings["found"]} <= {"usage", "month-count"}
    assert reconcile().found["row-lost"] == 1


def test_only_the_given_account_is_repaired(cloud: Cloud, cognito: Cognito) -> None:
    assert cognito.answers
    owners = [Damage(cloud, cloud.person(name), cloud.person("bob")) for name in ("ann", "cy")]
    for damage in owners:
        damage.put_original(damage.upload(tags=["sea"]).s3_key)
    assert reconcile(account="cy").found == Counter({"version-extra": 1})
    outcome = reconcile(account="cy", repair=True)
    assert outcome.repaired == Counter({"version-extra": 1})
    assert outcome.findings["repaired"][0].name.startswith("cy/")
    assert reconcile().found == Counter({"version-extra": 1})
