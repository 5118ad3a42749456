"""Send batches, and read their results."""

from collections.abc import Callable
from typing import Any

from tests.support.cloud import Answer, Cloud
from tests.support.fault_runs import aws_clients
from tests.support.faults import Fault, striking

SUCCESS = {"error": None, "message": None, "details": None}
"""The fields of a result without an error."""
Results = list[dict[str, Any]]


def read_results(answer: Answer) -> Results:
    """Return the results of a batch. Fail if the batch itself failed."""
    assert answer.status == 200, answer
    return list(answer.json["items"])


def list_errors(results: Results) -> list[str | None]:
    """Return the error code of each result. None is a success."""
    return [result["error"] for result in results]


def send_until_done(
    cloud: Cloud, fault: Fault, send: Callable[[list[str]], Answer], photo_ids: list[str], repeated: str = ""
) -> None:
    """Send a batch with a fault in one of its calls. Repeat it for the photos that get `Busy`, as the web page does.

    `repeated` is the error of a photo whose action has already succeeded.
    """
    while photo_ids:
        with striking(fault, *aws_clients(cloud)):
            answer = send(photo_ids)
        if answer.status == 503:
            continue
        results = read_results(answer)
        assert {*list_errors(results)} <= {None, "Busy", repeated}
        photo_ids = [result["photoId"] for result in results if result["error"] == "Busy"]
