"""Seed every kind of damage that can occur several times in an account."""

from collections import Counter

from chalicelib.reconcile.findings import Finding
from tests.support import damage as seeds
from tests.support import dynamodb_damage, postgres_damage, row_damage
from tests.support.damage import Damage, Seed

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
    (seeds.rendition_without_a_file_name, "rendition-orphaned"),
    (seeds.rendition_without_a_row, "rendition-orphaned"),
    (seeds.object_of_an_erased_photo, "object-of-erased-photo"),
    (seeds.objects_without_a_file_name_of_an_erased_photo, "object-of-erased-photo"),
    (row_damage.rating_of_an_erased_photo, "rating-orphaned"),
    (row_damage.rating_without_a_photo, "rating-orphaned"),
    (row_damage.wrong_rating_sum, "rating-sum"),
    (row_damage.missing_search_row, "search-row-missing"),
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
    (row_damage.pending_photo_that_is_not_due, "photo-not-due"),
    (row_damage.uploaded_photo_that_is_not_due, "photo-not-due"),
    (row_damage.pending_photo_outside_the_index_of_the_sweep, "photo-keys"),
]
MANUAL: list[tuple[Seed, str]] = [
    (seeds.unexpected_key, "object-unexpected"),
    (seeds.key_with_the_id_of_another_user, "object-unexpected"),
    (seeds.object_at_the_top, "object-unexpected"),
    (seeds.lost_original, "object-missing"),
    (seeds.other_size, "object-differs"),
]
CONTENT: list[tuple[Seed, str]] = [
    (seeds.broken_rendition, "rendition-corrupt"),
    (seeds.other_hash, "object-differs"),
]
OF_ONE_STORE: list[tuple[Seed, str]] = [*dynamodb_damage.SEEDS, *postgres_damage.SEEDS]
"""Damage that only one database can have. The repair must correct it too."""
TIMES = 2


def seed_all(damage: Damage, seeds: list[tuple[Seed, str]]) -> list[Finding]:
    """Seed each damage several times. Return the findings that it must cause."""
    return sorted(Finding(kind, name) for seed, kind in seeds for _ in range(TIMES) for name in seed(damage))


def difference(found: list[Finding], expected: list[Finding]) -> list[tuple[str, Finding]]:
    """Return the findings whose number differs from the expected one, each with `missing` or `additional`."""
    counts = Counter(found)
    counts.subtract(expected)
    return [("missing" if count < 0 else "additional", finding) for finding, count in counts.items() if count]
