"""Check single photos, and repair them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from chalicelib.domain.ids import PhotoId, format_timestamp
from chalicelib.photos.rotation import ROTATION_LEASE, Rotations
from chalicelib.reconcile.content import ContentChecks
from chalicelib.reconcile.findings import Finding, Fix, Look, Suspicion
from chalicelib.reconcile.object_checks import check_objects, name_version
from chalicelib.reconcile.photo_loader import Owner, PhotoLoader
from chalicelib.reconcile.photo_state import PhotoState
from chalicelib.reconcile.row_checks import check_rows, correct_photo, name_rating, restore_albums_and_tags
from chalicelib.storage.bucket import PhotoBuckets, StoredObject
from chalicelib.storage.listings import Version
from chalicelib.stores.protocols import PhotoStore
from chalicelib.stores.row_audit import RowAudit, RowId
from chalicelib.uploads.confirmation import UploadConfirmation
from chalicelib.uploads.lost_rows import is_possibly_erased


class PhotoRepairs:
    """Check the photos of accounts, and repair single findings."""

    def __init__(
        self,
        loader: PhotoLoader,
        audit: RowAudit,
        store: PhotoStore,
        bucket: PhotoBuckets,
        confirmation: UploadConfirmation,
        rotations: Rotations,
    ) -> None:
        self._loader, self._audit, self._store, self._bucket = loader, audit, store, bucket
        self._confirmation, self._rotations = confirmation, rotations

    def suspect(self, owner: Owner, states: Iterable[PhotoState], content: ContentChecks | None) -> list[Suspicion]:
        """Return a suspicion for each photo with findings. If `content` is given, read the bytes of the objects too."""
        suspicions = []
        for state in states:
            # The pass of the ratings finds orphaned ratings, including those of photos without a row.
            findings = [finding for finding in _check(state, content) if finding.kind != "rating-orphaned"]
            if findings:
                look = self.build_look(owner, state.photo_id, content=content)
                suspicions.append(Suspicion(findings, look))
        return suspicions

    def build_look(
        self,
        owner: Owner,
        photo_id: PhotoId,
        others: Iterable[RowId] = (),
        content: ContentChecks | None = None,
    ) -> Look:
        """Return a function that looks at one photo and at the rows with the ids `others`."""
        other_ids = tuple(others)

        def look() -> Mapping[Finding, Fix | None]:
            state = self._loader.load_one(owner, photo_id, other_ids)
            return {finding: self._find_fix(state, finding) for finding in _check(state, content)}

        return look

    def _find_fix(self, state: PhotoState, finding: Finding) -> Fix | None:
        fixes: dict[str, Callable[[PhotoState, Finding], bool]] = {
            "delete-marker": self._delete_version,
            "version-extra": self._delete_version,
            "object-of-erased-photo": self._erase_objects,
            "rating-orphaned": self._delete_rating,
            "rendition-corrupt": self._render_again,
            "rendition-missing": self._render_again,
            "rendition-orphaned": self._delete_rendition,
            "row-lost": self._rebuild,
        }
        if finding.kind in ("object-unexpected", "object-differs", "object-of-unknown-user", "row-unreadable"):
            return None
        if finding.kind == "object-missing":
            return partial(self._confirm_copy, state) if _list_copies(state) else None
        return partial(fixes.get(finding.kind, self._rewrite), state, finding)

    def _rewrite(self, state: PhotoState, _finding: Finding) -> bool:
        """Write the row of a photo as it should be, and all rows that follow from it."""
        photo = state.photo
        if photo:
            photo = correct_photo(state, photo)
            if photo.rebuilt:
                photo = restore_albums_and_tags(state, photo, {*self._audit.list_row_ids(photo)})
            photo = photo.with_(revision=photo.revision + 1)
        return self._audit.rewrite_photo(state.photo_id, state.stored, photo, state.derived)

    def _delete_rating(self, state: PhotoState, finding: Finding) -> bool:
        (rating,) = (rating for rating in state.ratings if finding.name == name_rating(rating))
        return self._audit.delete_rating(rating, state.stored)

    def _delete_version(self, state: PhotoState, finding: Finding) -> bool:
        """Delete a version or a delete marker of a photo. If the photo keeps no version, delete all of them."""
        if state.photo is None:
            return False
        if state.photo.version_id is None:
            return self._erase_objects(state, finding)
        (version,) = (version for version in state.versions if name_version(version) == finding.name)
        self._bucket.delete_version(state.photo, version.key, version.version_id)
        return True

    def _erase_objects(self, state: PhotoState, _finding: Finding) -> bool:
        self._bucket.erase(state.prefix)
        # A key without a file name is not under the prefix.
        name = state.prefix.removesuffix("/")
        for version in state.versions:
            if version.key == name:
                self._bucket.delete_one_version(name, version.version_id)
        self._bucket.delete_rendition(name)
        return True

    def _delete_rendition(self, _state: PhotoState, finding: Finding) -> bool:
        self._bucket.delete_rendition(finding.name)
        return True

    def _render_again(self, state: PhotoState, _finding: Finding) -> bool:
        """Make all renditions again, by the job that rotates photos."""
        photo = state.photo
        if photo is None:
            return False
        # The owner may have requested a rotation, or an earlier repair may have failed.
        if photo.wanted_rotation is None:
            due_at = format_timestamp(state.now + ROTATION_LEASE)
            if not self._store.replace(photo, photo.with_(wanted_rotation=photo.rotation, rotation_due_at=due_at)):
                return False
        marked = self._store.get_photo(photo.photo_id)
        if marked:
            self._rotations.rotate(marked)
        current = self._store.get_photo(photo.photo_id)
        return current is not None and current.renditions != photo.renditions

    def _rebuild(self, state: PhotoState, finding: Finding) -> bool:
        """Rebuild the row of a photo from its original, and return the photo to its albums."""
        original = self._find_lost_original(state)
        if original is None or self._confirmation.rebuild(*original) is None:
            return False
        survivors = self._audit.list_surviving_ids(state.user_id, state.photo_id)
        return self._rewrite(self._loader.load_one(Owner(state.user_id), state.photo_id, survivors), finding)

    def _find_lost_original(self, state: PhotoState) -> tuple[str, StoredObject] | None:
        """Return the key and the version to rebuild a row from, or None if the owner may have erased the photo.

        The digest names the bytes of the photo, and is deleted if the photo is erased. Without a digest, the photo must
        be younger than a tombstone, and have only one version.
        """
        versions = [item for item in state.versions if not item.is_marker]
        is_certain = len(versions) == 1 and not is_possibly_erased(state.photo_id, state.now)
        for version in versions:
            stored = self._bucket.read(version.key, version.version_id)
            if stored and (is_certain or self._audit.has_digest(state.user_id, stored.sha256, state.photo_id)):
                return version.key, stored
        return None

    def _confirm_copy(self, state: PhotoState) -> bool:
        """Confirm another version of the original, if it has the same bytes."""
        for version in _list_copies(state):
            stored = self._bucket.read(version.key, version.version_id)
            if state.photo and stored and stored.sha256 == state.photo.sha256:
                photo = self._confirmation.confirm(version.key, version.version_id)
                return photo is not None
        return False


def _check(state: PhotoState, content: ContentChecks | None) -> list[Finding]:
    findings = [*check_objects(state), *check_rows(state)]
    if content:
        findings += [finding for finding in content.check(state) if finding not in findings]
    return findings


def _list_copies(state: PhotoState) -> list[Version]:
    photo = state.photo
    wanted = (photo.s3_key, photo.size, False) if photo else None
    return [item for item in state.versions if (item.key, item.size, item.is_marker) == wanted]
