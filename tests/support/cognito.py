"""A fake of Cognito that answers the calls of the boto3 client."""

import json
from types import SimpleNamespace
from typing import Any, cast

from tests.support.cloud import Cloud

TOKENS = {"AuthenticationResult": {"AccessToken": "fresh-access", "IdToken": "fresh-id", "ExpiresIn": 3600}}


class Cognito:
    """Answer each operation with its entry in `answers`. A string is the code of an error.

    `asked` lists the calls: the operation and its parameters.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.answers: dict[str, dict[str, Any] | str] = {
            "InitiateAuth": TOKENS,
            "ListGroups": {"Groups": []},
            "ListUsersInGroup": "ResourceNotFoundException",
        }
        self.asked: list[tuple[str, dict[str, Any]]] = []
        events = cloud.user_pool()._cognito.meta.events
        # botocore skips the request if a handler returns an answer. The type stubs do not declare this.
        # Faults of a test come first.
        events.register_last("before-call", cast(Any, self._answer))

    def refuse(self, *operations: str, code: str) -> None:
        """Answer these operations with an error."""
        self.answers |= dict.fromkeys(operations, code)

    def _answer(self, model: Any, params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        self.asked.append((model.name, json.loads(params["body"])))
        answer = self.answers.get(model.name, {})
        if isinstance(answer, dict):
            return SimpleNamespace(status_code=200), answer
        return SimpleNamespace(status_code=400), {"Error": {"Code": answer, "Message": "No."}, "ResponseMetadata": {}}
