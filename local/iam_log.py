"""Log every decision that ministack makes about a role's permissions. Tests read the log."""

import json
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import sts


def log_decisions(file: Path) -> None:
    """Append one JSON line per decision to `file`: role, action, resource, and whether the request is allowed."""
    enforce = iam_evaluator.enforce

    def enforce_and_log(
        key: str, action: str, service: str, region: str, resource_arn: str = "*", **request: Any
    ) -> Any:
        denial = enforce(key, action, service, region, resource_arn, **request)
        if session := sts._sessions.get(key):
            role = session["Arn"].split("/")[-2]
            decision = {"role": role, "action": action, "resource": resource_arn, "allowed": denial is None}
            with file.open("a") as log:
                log.write(json.dumps(decision) + "\n")
        return denial

    iam_evaluator.enforce = enforce_and_log
