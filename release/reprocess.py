"""Process again the uploads that the service failed to process: `python -m release.reprocess STAGE`.

Run the command after the cause is fixed. The photos are pending again, and jobs process them.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from chalicelib import wiring
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.messages import CleanUpPhoto, Queue
from chalicelib.domain.photos import MAX_UPLOAD_BYTES
from chalicelib.infra.settings import MissingSetting
from chalicelib.stores.backend import Stores
from chalicelib.stores.row_audit import iterate_rows
from release.environment import load_environment
from release.failures import exit_on_failure


def main(stage: str, data: str = ".data") -> None:
    """Process the failed uploads of a stage again."""
    load_environment(stage, Path(data))
    count = reprocess_uploads(wiring.stores(), wiring.queue(), datetime.now(UTC))
    print(f"Processing {count} uploads again.")


def reprocess_uploads(stores: Stores, queue: Queue, now: datetime) -> int:
    """Make each upload whose processing failed pending again, and enqueue its job. Return the number of uploads."""
    count = 0
    for stored in iterate_rows(stores.audit.scan_photos):
        photo = stored.photo
        if photo is None or photo.rejection != "ProcessingFailed":
            continue
        changes = {"rejection": None, "rejection_details": None, "version_id": None, "due_at": format_timestamp(now)}
        # The owner's quota may be used up by now. The owner did not cause the failure, so charge the photo anyway.
        size = photo.size or MAX_UPLOAD_BYTES
        if stores.photos.replace(photo, photo.with_(status="pending", charged_bytes=size, **changes)):
            queue.try_send([CleanUpPhoto(photo.photo_id)])
            count += 1
    return count


if __name__ == "__main__":
    with exit_on_failure("Not all uploads will be processed again. Run the command again", MissingSetting, TypeError):
        main(*sys.argv[1:])
