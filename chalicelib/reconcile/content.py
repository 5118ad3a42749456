"""Read the bytes of originals and renditions, and compare them with the row. The reads of a large stage take hours."""

from collections.abc import Iterator

from chalicelib.reconcile.findings import Finding
from chalicelib.reconcile.object_checks import find_confirmed_version
from chalicelib.reconcile.photo_state import PhotoState
from chalicelib.renditions.integrity import is_intact
from chalicelib.storage.bucket import PhotoBuckets
from chalicelib.storage.listings import ObjectListings


class ContentChecks:
    """Check the bytes of the objects of ready photos."""

    def __init__(self, bucket: PhotoBuckets, listings: ObjectListings) -> None:
        self._bucket, self._listings = bucket, listings

    def check(self, state: PhotoState) -> Iterator[Finding]:
        """Yield a finding for each object whose bytes are not those of the photo."""
        photo = state.photo
        if photo is None or photo.status != "ready" or not state.is_settled or photo.user_id != state.user_id:
            return
        if find_confirmed_version(state):
            stored = self._bucket.read(photo.s3_key, photo.version_id)
            if stored and stored.sha256 != photo.sha256:
                yield Finding("object-differs", photo.photo_id)
        stored_keys = {rendition.key for rendition in state.renditions}
        for key in photo.renditions.values():
            if key in stored_keys and not is_intact(self._listings.read_rendition(key)):
                yield Finding("rendition-corrupt", key)
