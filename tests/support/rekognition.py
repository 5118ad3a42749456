"""Rekognition as its client library meets it."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import wiring
from tests.support.cloud import Cloud
from tests.support.services import rebuild_services


@contextmanager
def moderated(cloud: Cloud, *labels: str, status: int = 200) -> Iterator[list[bytes]]:
    """The service with moderation from 80 per cent on, which finds `labels` in every picture; what it was sent."""
    asked: list[bytes] = []

    def answer(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        sent = json.loads(params["body"])
        assert sent["MinConfidence"] == 80
        asked.append(base64.b64decode(sent["Image"]["Bytes"]))
        found = [{"Name": label, "ParentName": "", "Confidence": 97.5} for label in labels]
        error = {"Error": {"Code": "InternalServerError", "Message": "No."}} if status >= 500 else {}
        return SimpleNamespace(status_code=status), {"ModerationLabels": found, "ResponseMetadata": {}, **error}

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MODERATION_CONFIDENCE", "80")
        rebuild_services()
        moderator: Any = wiring.moderator()
        # An answer from here spares the call.
        moderator._client.meta.events.register("before-call.rekognition", answer)
        cloud.recorder.watch(moderator._client)
        yield asked
    rebuild_services()
