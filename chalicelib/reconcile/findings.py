"""The kinds of damage that the reconciliation finds."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

REMEDIES = {
    "account-leftovers": "Repair: the account becomes due for its purge.",
    "account-too-large": "The monthly function has not examined all photos. Run `make reconcile` with the `ACCOUNT`.",
    "account-without-user": "Check that the user pool is intact. Then run `make orphans`.",
    "album-count": "Repair: the counts follow the rows.",
    "album-keys": "Repair: the index keys follow the album.",
    "album-not-due": "Repair: the album becomes due for the sweep.",
    "album-quota": "Repair: the count follows the albums.",
    "copy-stale": "Repair: the photo gets the current name and visibility of the album.",
    "delete-marker": "Repair: the marker is deleted, so that the confirmed version is the newest again.",
    "digest-missing": "Repair: the row is written.",
    "digest-orphaned": "Repair: the row is deleted.",
    "entry-missing": "Repair: the row is written.",
    "entry-orphaned": "Repair: the row is deleted, or the rebuilt photo returns to the album.",
    "link-count": "Repair: the count follows the links.",
    "link-orphaned": "Repair: the link is deleted.",
    "list-row-missing": "Repair: the row is written.",
    "list-row-orphaned": "Repair: the row is deleted, or the rebuilt photo gets its tag back.",
    "membership-orphaned": "Repair: the photo leaves the album, which does not exist.",
    "month-count": "Repair: the counts follow the photos.",
    "object-differs": "Restore the original from the replica, or erase the photo and ask its owner to upload it again. "
    "See docs/how-to/reconcile.md.",
    "object-unexpected": "No upload grant names this key. Look at the object, and delete all its versions by hand. See "
    "docs/how-to/reconcile.md.",
    "object-missing": "Restore the original from the replica, or erase the photo. See docs/how-to/reconcile.md. If "
    "another version has the same bytes, the repair confirms that version.",
    "object-of-erased-photo": "Repair: the objects are deleted.",
    "object-of-unknown-user": "The user has no account and no Cognito user. Look at the objects, and delete all their "
    "versions by hand, or restore the user pool. See docs/how-to/reconcile.md.",
    "photo-keys": "Repair: the index keys follow the photo.",
    "photo-not-due": "Repair: the photo becomes due for the sweep.",
    "rating-orphaned": "Repair: the rating is deleted.",
    "rating-sum": "Repair: the sums follow the ratings.",
    "rendition-corrupt": "Repair: the renditions are made again from the original.",
    "rendition-missing": "Repair: the renditions are made again from the original.",
    "rendition-orphaned": "Repair: the rendition is deleted.",
    "row-lost": "Repair: the row is rebuilt from the original, as a private photo. If the owner may have erased the "
    "photo, look at the original, and delete it by hand or restore the row from a backup.",
    "row-unreadable": "Restore the row from a backup, or delete it and rebuild it. See docs/how-to/reconcile.md.",
    "search-row-missing": "Repair: the row is written.",
    "search-row-orphaned": "Repair: the row is deleted, or the rebuilt photo gets its tag back.",
    "upload-unfinished": "Repair: the upload is aborted.",
    "usage": "Repair: the usage follows the photos.",
    "version-extra": "Repair: the version is deleted.",
}
"""Remedies by kind."""

KINDS = tuple(REMEDIES)

LIMITED = frozenset(
    {
        "digest-orphaned",
        "entry-orphaned",
        "link-orphaned",
        "list-row-orphaned",
        "membership-orphaned",
        "object-of-erased-photo",
        "rating-orphaned",
        "rendition-orphaned",
        "row-lost",
        "search-row-orphaned",
        "version-extra",
    }
)
"""The kinds whose repair deletes something or rebuilds a row. Many such findings can mean that a list is incomplete."""

Fix = Callable[[], bool]
"""Repair a finding. Return False if a row has changed since it was read, or if the repair fails."""


class Finding(NamedTuple):
    """The damage of one row or object."""

    kind: str
    name: str
    """The id or key of the damaged row or object."""


Look = Callable[[], Mapping[Finding, Fix | None]]
"""Look again with consistent reads. Return each finding with its repair, or None if only the operator can repair it."""


class Suspicion(NamedTuple):
    """Findings of a first look. Concurrent writes can cause false findings, so only those of a second look count."""

    findings: Sequence[Finding]
    look: Look
