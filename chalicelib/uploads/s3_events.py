"""S3's event notifications: what they say was created, whatever else they hold."""

import logging
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

log = logging.getLogger(__name__)


class Created(NamedTuple):
    """An object, and its version where the bucket has versions."""

    key: str
    version_id: str | None


def created(event: dict[str, Any], bucket_name: str) -> list[Created]:
    """What an event says was created in this bucket; anything else in it is no work."""
    found = []
    records = event.get("Records")
    for record in records if isinstance(records, list) else []:
        try:
            stored = record["s3"]["object"]
            ours = record["s3"]["bucket"]["name"] == bucket_name
            if ours and record["eventName"].removeprefix("s3:").startswith("ObjectCreated:"):
                # S3 writes keys in events as forms do: once encoded, with `+` for a space.
                found.append(Created(unquote_plus(stored["key"]), stored.get("versionId")))
            else:
                log.warning("ignored a record of another bucket or kind")
        except (KeyError, TypeError, AttributeError):
            log.warning("ignored a record that is not S3's")
    return found
