"""The reconciliation finds exactly the damage that was seeded, and a second run finds nothing after a repair."""

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.domain.ids import PhotoId
from tests.support import damage as seeds
from tests.support.cloud import Cloud
from tests.support.cognito import Cognito
from tests.support.damage import Damage, Seed
from tests.support.invariants import broken, left_over
from tests.support.reconciling import reconcile

REPAIRABLE: list[tuple[Seed, str]] = [
    (seeds.later_version, "version-extra"),
    (seeds.earlier_version, "version-extra"),
    (seeds.version_of_a_rejected_photo, "version-extra"),
    (seeds.object_beside_the_original, "version-extra"),
    (seeds.delete_marker, "delete-marker"),
    (seeds.replaced_original, "object-missing"),
    (seeds.missing_rendition, "rendition-missing"),
    (seeds.empty_rendition, "rendition-corrupt"),
    (seeds.broken_rendition, "rendition-corrupt"),
    (seeds.orphaned_rendition, "rendition-orphaned"),
    (seeds.rendition_without_a_row, "rendition-orphaned"),
    (seeds.object_of_an_erased_photo, "object-of-erased-photo"),
    (seeds.rating_of_an_erased_photo, "rating-orphaned"),
    (seeds.rating_without_a_photo, "rating-orphaned"),
    (seeds.wrong_rating_sum, "rating-sum"),
    (seeds.missing_search_row, "search-row-missing"),
    (seeds.search_row_with_public_keys, "search-row-missing"),
    (seeds.orphaned_search_row, "search-row-orphaned"),
    (seeds.search_row_without_a_photo, "search-row-orphaned"),
    (seeds.missing_digest, "digest-missing"),
    (seeds.orphaned_digest, "digest-orphaned"),
    (seeds.missing_entry, "entry-missing"),
    (seeds.orphaned_entry, "entry-orphaned"),
    (seeds.membership_without_an_album, "membership-orphaned"),
    (seeds.stale_copy, "copy-stale"),
    (seeds.stale_copy_of_the_visibility, "copy-stale"),
    (seeds.wrong_album_count, "album-count"),
    (seeds.wrong_link_count, "link-count"),
    (seeds.orphaned_link, "link-orphaned"),
    (seeds.deleted_album_that_is_not_due, "album-not-due"),
    (seeds.private_album_with_a_public_key, "album-keys"),
    (seeds.private_photo_with_public_keys, "photo-keys"),
    (seeds.pending_photo_that_is_not_due, "photo-not-due"),
    (seeds.uploaded_photo_that_is_not_due, "photo-not-due"),
    (seeds.pending_photo_outside_the_index_of_the_sweep, "photo-keys"),
]
MANUAL: list[tuple[Seed, str]] = [
    (seeds.foreign_key, "object-foreign"),
    (seeds.key_with_the_id_of_another_user, "object-foreign"),
    (seeds.object_at_the_top, "object-foreign"),
    (seeds.lost_original, "object-missing"),
    (seeds.other_size, "object-differs"),
    (seeds.other_hash, "object-differs"),
]
TIMES = 2
CONTENT = {seeds.broken_rendition, seeds.other_hash}
DAY = timedelta(days=1, hours=1)


@pytest.fixture
def damage(cloud: Cloud) -> Damage:
    """A deployment with an account that has photos and an album, and a user who rates photos."""
    Cognito(cloud).answers["GetUser"] = {"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}
    damage = Damage(cloud, cloud.person("ann"), cloud.person("bob"))
    for user in (damage.owner, damage.rater):
        assert user.get("/account").status == 200
    damage.upload(title="Sound", tags=["sea"], albumId=damage.create_album())
    return damage


@pytest.mark.parametrize(("seed", "kind"), REPAIRABLE, ids=lambda value: getattr(value, "__name__", None))
def test_damage_is_found_and_repaired(seed: Seed, kind: str, damage: Damage) -> None:
    names = [name for _ in range(TIMES) for name in seed(damage)]
    read_content = seed in CONTENT

    reported = reconcile(read_content=read_content)
    found = [finding.name for finding in reported.findings["found"] if finding.kind == kind]
    assert sorted(found) == sorted(names)
    assert reported.repaired == Counter()

    repaired = reconcile(read_content=read_content, repair=True)
    assert repaired.found == reported.found, "a report changes nothing"
    assert repaired.findings["not repaired"] == []
    assert repaired.repaired[kind] == len(names)
    again = reconcile(read_content=read_content)
    assert again.findings["found"] == []
    assert broken(damage.cloud, "ann") == []
