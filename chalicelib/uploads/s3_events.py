"""S3 event notifications: find the created objects, and ignore other records."""

import logging
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

log = logging.getLogger(__name__)


class CreatedObject(NamedTuple):
    """A created object. `version_id` is None if the bucket has no versioning."""

    key: str
    version_id: str | None


def find_created_objects(event: dict[str, Any], bucket_name: str) -> list[CreatedObject]:
    """Return the objects of this bucket that an event reports as created. Log and ignore all other records."""
    objects = []
    records = event.get("Records")
    for record in records if isinstance(records, list) else []:
        try:
            s3_object = record["s3"]["object"]
            is_expected_bucket = record["s3"]["bucket"]["name"] == bucket_name
            if is_expected_bucket and record["eventName"].removeprefix("s3:").startswith("ObjectCreated:"):
                # S3 encodes the keys in events like HTML forms, with `+` for a space. AWS contract S3-10.
                objects.append(CreatedObject(unquote_plus(s3_object["key"]), s3_object.get("versionId")))
            else:
                log.warning("ignored a record of another bucket or kind")
        except (KeyError, TypeError, AttributeError):
            log.warning("ignored a record that is not from S3")
    return objects
