"""A fake of Rekognition that answers the calls of the boto3 client."""

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
    """Enable moderation with a minimum confidence of 80 per cent. Collect the images that the service sends.

    Rekognition finds `labels` in each image, or fails if `status` is at least 500.
    """
    images: list[bytes] = []

    def answer(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        request = json.loads(params["body"])
        assert request["MinConfidence"] == 80
        images.append(base64.b64decode(request["Image"]["Bytes"]))
        moderation_labels = [{"Name": label, "ParentName": "", "Confidence": 97.5} for label in labels]
        error = {"Error": {"Code": "InternalServerError", "Message": "No."}} if status >= 500 else {}
        return SimpleNamespace(status_code=status), {
            "ModerationLabels": moderation_labels,
            "ResponseMetadata": {},
            **error,
        }

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MODERATION_CONFIDENCE", "80")
        rebuild_services()
        moderator: Any = wiring.moderator()
        # botocore skips the request if a handler returns an answer.
        moderator._client.meta.events.register("before-call.rekognition", answer)
        cloud.recorder.watch(moderator._client)
        yield images
    rebuild_services()
