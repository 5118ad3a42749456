"""An operator restores a lost or damaged original from the replica."""

from collections.abc import Callable

import pytest

from chalicelib.domain.photos import Photo
from chalicelib.reconcile.findings import Finding
from tests.support.cloud import created
from tests.support.damage import JPEG, Damage
from tests.support.reconciling import reconcile

pytestmark = pytest.mark.every_store


def delete_version(damage: Damage, photo: Photo) -> None:
    damage.delete_original(photo, VersionId=str(photo.version_id))


def replace_content(damage: Damage, photo: Photo) -> None:
    """Replace the bytes of the confirmed version."""
    replaced = damage.put_original(photo.s3_key, JPEG)
    assert damage.cloud.store.replace(photo, photo.with_(version_id=replaced))
    delete_version(damage, photo)


@pytest.mark.parametrize(("harm", "kind"), [(delete_version, "object-missing"), (replace_content, "object-differs")])
def test_original_restored_from_a_copy_is_confirmed(
    damage: Damage, harm: Callable[[Damage, Photo], None], kind: str
) -> None:
    photo = damage.upload(title="Old quay")
    stored = damage.cloud.s3.get_object(Bucket=damage.cloud.settings.originals_bucket, Key=photo.s3_key)
    content = stored["Body"].read()
    harm(damage, photo)
    assert reconcile(repair=True).findings["not repaired"] == [Finding(kind, photo.photo_id)]
    for version in damage.cloud.bucket.list_versions(photo):
        damage.delete_original(photo, VersionId=version.version_id)
    restored = damage.put_original(photo.s3_key, content)
    damage.cloud.deliver(created(photo.s3_key, restored, "ObjectCreated:Copy"))
    confirmed = damage.cloud.photo(photo.photo_id)
    assert (confirmed.version_id, confirmed.title, confirmed.sha256) == (restored, "Old quay", photo.sha256)
    assert reconcile(read_content=True).findings["found"] == []
