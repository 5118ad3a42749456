"""S3 event notifications: find the created objects, and ignore everything else."""

import logging
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

log = logging.getLogger(__name__)


class Created(NamedTuple):
    """A created object. `version_id` is None if the bucket has no versions."""

    key: str
    version_id: str | None


def created_objects(event: dict[str, Any], bucket_name: str) -> list[Created]:
    """Return the objects that were created in this bucket. Log and ignore all other records."""
    found = []
    records = event.get("Records")
    for record in records if isinstance(records, list) else []:
        try:
            stored = record["s3"]["object"]
            is_ours = record["s3"]["bucket"]["name"] == bucket_name
            if is_ours and record["eventName"].removeprefix("s3:").startswith("ObjectCreated:"):
                # S3 encodes the keys in events as HTML forms do, with `+` for a space. AWS contract S3-10.
                found.append(Created(unquote_plus(stored["key"]), stored.get("versionId")))
            else:
                log.warning("ignored a record of another bucket or kind")
        except (KeyError, TypeError, AttributeError):
            log.warning("ignored a record that is not from S3")
    return found
