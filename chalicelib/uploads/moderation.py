"""Moderation: reject photos by their content. Moderation is off unless the operator configures it."""

import logging
from typing import Any, Protocol

from chalicelib.renditions import Rejection, Rendered, encode_jpeg

log = logging.getLogger(__name__)


class Moderated(Rejection):
    """The picture shows content that this deployment does not allow."""


class Moderator(Protocol):
    """A service that checks the content of photos."""

    def check(self, rendered: Rendered) -> None:
        """Check a photo. Return if its content is allowed.

        Raises:
            Moderated: the content is not allowed.
            Busy: the service is not available. The upload stays pending, and a retry confirms it later.
        """


class Rekognition:
    """Amazon Rekognition's content moderation."""

    def __init__(self, client: Any, confidence: float) -> None:
        """Reject a photo if Rekognition finds any label with at least this `confidence`, in per cent above 0."""
        self._client, self._confidence = client, confidence

    def check(self, rendered: Rendered) -> None:
        """Check a photo. See `Moderator`."""
        response = self._client.detect_moderation_labels(
            Image={"Bytes": encode_jpeg(rendered)}, MinConfidence=self._confidence
        )
        if labels := sorted({label["Name"] for label in response["ModerationLabels"]}):
            log.info("moderation rejected a photo", extra={"labels": labels})
            raise Moderated
