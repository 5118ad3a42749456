"""Moderation: reject pictures by their content. Moderation is off unless the deployment configures it."""

import logging
from typing import Any, Protocol

from chalicelib.renditions import Refused, Rendered, jpeg_of

log = logging.getLogger(__name__)


class Moderated(Refused):
    """The picture shows content that this deployment does not allow."""


class Moderator(Protocol):
    """A service that judges pictures."""

    def check(self, rendered: Rendered) -> None:
        """Return if the picture is allowed.

        Raises:
            Moderated: the picture is not allowed.
            Busy: the service does not answer. The upload stays pending and is confirmed later.
        """


class Rekognition:
    """Amazon Rekognition's content moderation."""

    def __init__(self, client: Any, confidence: float) -> None:
        """Reject pictures with any label of at least this `confidence`, in per cent above 0."""
        self._client, self._confidence = client, confidence

    def check(self, rendered: Rendered) -> None:
        """Check the picture as `Moderator` requires."""
        found = self._client.detect_moderation_labels(
            Image={"Bytes": jpeg_of(rendered)}, MinConfidence=self._confidence
        )
        if labels := sorted({label["Name"] for label in found["ModerationLabels"]}):
            log.info("moderated", extra={"labels": labels})
            raise Moderated
