"""Cognito as its client library meets it: answers and refusals by operation, and what it was asked."""

import json
from types import SimpleNamespace
from typing import Any, cast

from tests.support.cloud import Cloud

TOKENS = {"AuthenticationResult": {"AccessToken": "fresh-access", "IdToken": "fresh-id", "ExpiresIn": 3600}}


class Cognito:
    """Answers whatever `answers` has by operation; a text there is the code of a refusal."""

    def __init__(self, cloud: Cloud) -> None:
        self.answers: dict[str, dict[str, Any] | str] = {"InitiateAuth": TOKENS}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        events = cloud.identity()._cognito.meta.events
        # An answer from here spares the call; the stubs do not know of it.
        events.register("before-call.cognito-identity-provider", cast(Any, self._answer))

    def refuse(self, *operations: str, code: str) -> None:
        """Refuse these operations."""
        self.answers |= dict.fromkeys(operations, code)

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        self.asked.append((model.name, json.loads(params["body"])))
        answer = self.answers.get(model.name, {})
        if isinstance(answer, dict):
            return SimpleNamespace(status_code=200), answer
        return SimpleNamespace(status_code=400), {"Error": {"Code": answer, "Message": "No."}, "ResponseMetadata": {}}
