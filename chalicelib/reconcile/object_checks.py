"""Compare the objects of one photo with its row. This module does no I/O."""

from collections.abc import Iterator

from chalicelib.domain.ids import is_photo_id
from chalicelib.domain.photos import Photo
from chalicelib.reconcile.findings import Finding
from chalicelib.reconcile.photo_state import PhotoState
from chalicelib.storage.listings import Version

RENDITIONS = ("256", "1024", "2048", "full")


def check_objects(state: PhotoState) -> Iterator[Finding]:
    """Yield the findings of the objects of a photo."""
    if not state.is_settled:
        return
    if not is_photo_id(state.photo_id) or (state.photo and state.photo.user_id != state.user_id):
        yield from (Finding("object-unexpected", key) for key in _list_keys(state))
    elif state.photo is None:
        yield from _check_without_row(state) if state.stored is None else ()
    elif state.photo.status == "erased":
        # While the tombstone is due, the sweep still has to delete the objects.
        if state.photo.due_at is None and (_has_versions(state) or state.renditions):
            yield Finding("object-of-erased-photo", state.prefix)
    elif state.photo.status == "rejected":
        # If the service failed to process the upload, the photo keeps its original for another try.
        kept = find_confirmed_version(state)
        extra = (item for item in _list_settled_versions(state) if item != kept and (kept or not item.is_marker))
        yield from (Finding("version-extra", name_version(version)) for version in extra)
        yield from _check_unused_renditions(state, state.photo)
    elif state.photo.status == "ready":
        yield from _check_original(state, state.photo)
        yield from _check_renditions(state, state.photo)
        yield from _check_unused_renditions(state, state.photo)


def name_version(version: Version) -> str:
    """Return the name of a version in a report."""
    return f"{version.key}?versionId={version.version_id}"


def is_row_lost(state: PhotoState) -> bool:
    """Return whether the row of a photo is missing, but can be rebuilt from the original."""
    return state.stored is None and state.is_user_known and _has_versions(state)


def _has_versions(state: PhotoState) -> bool:
    """Return whether a version exists. S3 removes delete markers without a version. AWS contract S3-21."""
    return any(not version.is_marker for version in state.versions)


def find_confirmed_version(state: PhotoState) -> Version | None:
    """Return the version of the original that the photo uses or keeps, or None if it is missing."""
    photo = state.photo
    confirmed = (photo.s3_key, photo.version_id, False) if photo else None
    return next((item for item in state.versions if (item.key, item.version_id, item.is_marker) == confirmed), None)


def _check_without_row(state: PhotoState) -> Iterator[Finding]:
    written = [version.modified for version in state.versions] + [item.modified for item in state.renditions]
    if not (_has_versions(state) or state.renditions) or max(written) > state.settled_before:
        return
    if not state.is_user_known:
        yield Finding("object-of-unknown-user", state.prefix)
    elif is_row_lost(state):
        yield Finding("row-lost", state.prefix)
    else:
        yield from (Finding("rendition-orphaned", rendition.key) for rendition in state.renditions)


def _check_original(state: PhotoState, photo: Photo) -> Iterator[Finding]:
    confirmed = find_confirmed_version(state)
    if confirmed is None:
        # Keep the other versions, because one of them may have the same bytes.
        yield Finding("object-missing", photo.photo_id)
        return
    if confirmed.size != photo.size:
        yield Finding("object-differs", photo.photo_id)
    for version in _list_settled_versions(state):
        if version.is_marker and version.key == photo.s3_key:
            yield Finding("delete-marker", name_version(version))
        elif version != confirmed:
            yield Finding("version-extra", name_version(version))


def _check_renditions(state: PhotoState, photo: Photo) -> Iterator[Finding]:
    sizes = {rendition.key: rendition.size for rendition in state.renditions}
    yield from (
        Finding("rendition-missing", f"{state.prefix}{name}") for name in RENDITIONS if name not in photo.renditions
    )
    for name, key in photo.renditions.items():
        if key not in sizes:
            yield Finding("rendition-missing", key)
        elif sizes[key] == 0 or (name == "full" and photo.copy_size not in (0, sizes[key])):
            yield Finding("rendition-corrupt", key)


def _check_unused_renditions(state: PhotoState, photo: Photo) -> Iterator[Finding]:
    if photo.rotation_due_at is not None:
        # The sweep deletes the renditions from before a rotation.
        return
    in_use = {*photo.renditions.values()}
    for rendition in state.renditions:
        if rendition.key not in in_use and rendition.modified <= state.settled_before:
            yield Finding("rendition-orphaned", rendition.key)


def _list_settled_versions(state: PhotoState) -> list[Version]:
    return [version for version in state.versions if version.modified <= state.settled_before]


def _list_keys(state: PhotoState) -> list[str]:
    keys = [version.key for version in _list_settled_versions(state)]
    keys += [rendition.key for rendition in state.renditions if rendition.modified <= state.settled_before]
    return list(dict.fromkeys(keys))
