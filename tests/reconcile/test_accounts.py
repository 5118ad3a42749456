"""The reconciliation compares accounts with their photos, albums and Cognito users."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import UserId, create_album_id, create_photo_id, format_timestamp
from chalicelib.reconcile.findings import Finding
from tests.support.account_deletion import is_deleted, run_queued_jobs, sweep_accounts
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.damage import PAST, Damage
from tests.support.invariants import broken, rows
from tests.support.reconciling import reconcile, snapshot

pytestmark = pytest.mark.every_store


def people(cloud: Cloud, count: int = 3) -> list[Damage]:
    """Return accounts that have a photo each."""
    found = [Damage(cloud, cloud.person(f"user-{number}"), cloud.person("bob")) for number in range(count)]
    for damage in found:
        damage.upload(albumId=damage.create_album())
    return found


@pytest.mark.parametrize(
    ("count", "kind"), [("photo_count", "usage"), ("bytes", "usage"), ("album_count", "album-quota")]
)
def test_count_of_an_account_follows_its_rows_again(cloud: Cloud, cognito: Cognito, count: str, kind: str) -> None:
    for damage in people(cloud):
        damage.rows.set_counts(damage.owner.user_id, **{count: -7})
    found = {kind: 3}
    outcome = reconcile(repair=True)
    assert outcome.found == outcome.repaired == Counter(found)
    assert reconcile().findings["found"] == []
    assert [line for number in range(3) for line in broken(cloud, f"user-{number}")] == []
    assert cognito.asked


def test_lost_account_row_of_an_owner_is_written_again(cloud: Cloud, cognito: Cognito) -> None:
    assert cognito.answers
    for damage in people(cloud):
        damage.rows.delete_account(damage.owner.user_id)
    outcome = reconcile(repair=True)
    assert outcome.found == outcome.repaired == Counter({"usage": 3, "album-quota": 3})
    assert reconcile().findings["found"] == []


def test_counts_by_month_follow_the_photos_again(damage: Damage) -> None:
    (photo,) = rows(damage.cloud, "ann")
    damage.rows.set_month(photo, -3)
    damage.rows.put_month("ann")
    outcome = reconcile(repair=True)
    assert outcome.found == outcome.repaired == Counter({"month-count": 2})
    assert reconcile().findings["found"] == []
    assert broken(damage.cloud, "ann") == []


def leave_original(damage: Damage) -> None:
    damage.put_original(f"{damage.owner.user_id}/{create_photo_id(PAST, 1)}/photo.jpg")


def leave_rendition(damage: Damage) -> None:
    damage.put_rendition(f"{damage.owner.user_id}/{create_photo_id(PAST, 1)}/v/256.webp")


def leave_rating(damage: Damage) -> None:
    photo = Damage(damage.cloud, damage.rater, damage.rater).upload()
    assert wiring.stores().ratings.rate(photo, UserId(damage.owner.user_id), None, 3)


def leave_album(damage: Damage) -> None:
    album_id, time = create_album_id(PAST, 2), format_timestamp(PAST)
    album = Album(album_id=album_id, user_id=UserId(damage.owner.user_id), name="Sea", created_at=time, updated_at=time)
    damage.rows.put_album(album)


def leave_record(damage: Damage) -> None:
    damage.rows.put_month(damage.owner.user_id)


def leave_nothing_due(damage: Damage) -> None:
    damage.rows.forget_expiry(damage.owner.user_id)


LEFTOVERS = (leave_original, leave_rendition, leave_rating, leave_album, leave_record, leave_nothing_due)


def test_leftovers_of_a_cancelled_account_are_purged(cloud: Cloud, cognito: Cognito) -> None:
    cognito.refuse("AdminGetUser", code="UserNotFoundException")
    owners = [Damage(cloud, cloud.person(f"user-{number}"), cloud.person("bob")) for number in range(7)]
    for damage in owners:
        assert damage.owner.delete("/account").status == 202
    run_queued_jobs(cloud)
    sweep_accounts(cloud, timedelta(hours=2))
    for leave, damage in zip(LEFTOVERS, owners, strict=False):
        leave(damage)
    cognito.answers["AdminGetUser"] = {}
    expected = [f"user-{number}" for number in range(7)]
    assert [item.name for item in reconcile().findings["found"] if item.kind == "account-leftovers"] == expected
    cognito.refuse("AdminGetUser", code="UserNotFoundException")

    outcome = reconcile(repair=True)
    assert sorted(item.name for item in outcome.findings["repaired"]) == expected[: len(LEFTOVERS)]
    assert reconcile().found["account-leftovers"] == 0, "the accounts are due for their purge"
    sweep_accounts(cloud, timedelta(hours=2))
    assert all(is_deleted(cloud, user_id) for user_id in expected)
    assert reconcile().found["account-leftovers"] == 0


def test_objects_of_an_unknown_user_are_reported_and_stay_as_they_are(cloud: Cloud, cognito: Cognito) -> None:
    cognito.refuse("AdminGetUser", code="UserNotFoundException")
    prefixes = [f"user-{number}/{create_photo_id(PAST, number)}/" for number in range(3)]
    for prefix in prefixes:
        Damage(cloud, cloud.visitor, cloud.visitor).put_original(f"{prefix}photo.jpg")
    before = snapshot(cloud)
    outcome = reconcile(repair=True)
    assert outcome.findings["not repaired"] == [Finding("object-of-unknown-user", prefix) for prefix in prefixes]
    assert snapshot(cloud) == before


def test_account_without_a_user_is_reported_and_stays_as_it_is(cloud: Cloud, cognito: Cognito) -> None:
    people(cloud)
    cognito.refuse("AdminGetUser", code="UserNotFoundException")
    before = snapshot(cloud)
    outcome = reconcile(repair=True)
    assert outcome.found == Counter({"account-without-user": 3})
    assert [finding.name for finding in outcome.findings["not repaired"]] == ["user-0", "user-1", "user-2"]
    assert snapshot(cloud) == before
