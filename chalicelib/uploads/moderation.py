"""Whether a picture may be shown at all: off unless a deployment asks for it."""

import logging
from typing import Any, Protocol

from chalicelib.renditions import Refused, Rendered, jpeg_of

log = logging.getLogger(__name__)


class Moderated(Refused):
    """The picture shows what this deployment does not take."""


class Moderator(Protocol):
    """Judges pictures."""

    def check(self, rendered: Rendered) -> None:
        """Return where the picture may be shown.

        Raises:
            Moderated: it may not.
            Busy: nobody can say at the moment; the upload stays pending, and is confirmed later.
        """


class Rekognition:
    """Amazon Rekognition's content moderation."""

    def __init__(self, client: Any, confidence: float) -> None:
        """`confidence`: per cent, above 0; any label found with as much refuses the picture."""
        self._client, self._confidence = client, confidence

    def check(self, rendered: Rendered) -> None:
        """As `Moderator`."""
        found = self._client.detect_moderation_labels(
            Image={"Bytes": jpeg_of(rendered)}, MinConfidence=self._confidence
        )
        if labels := sorted({label["Name"] for label in found["ModerationLabels"]}):
            log.info("moderated", extra={"labels": labels})
            raise Moderated
