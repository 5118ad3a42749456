"""Repeat a test with a fault at each call to AWS, and detect whether a fault ended a step."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from chalicelib import wiring
from chalicelib.domain.errors import Busy
from tests.support.cloud import Answer, Cloud
from tests.support.faults import Fault, Killed, Mode, striking
from tests.support.snapshots import Snapshot

Step = Callable[[], Any]

MAX_CALLS = 500
_KINDS = {
    **dict.fromkeys(("GetItem", "BatchGetItem", "Query", "SELECT"), "read"),
    **dict.fromkeys(("TransactWriteItems", "COMMIT"), "write"),
}
"""The kinds of the calls to databases."""
# These modes have the same effect on the tested code: AWS wrote nothing, and the process continues.
REFUSED: tuple[Mode, ...] = ("not sent", "throttled", "500")
ANSWER_LOST: tuple[Mode, ...] = ("answer lost",)
KILLED: tuple[Mode, ...] = ("killed",)


def require_success(answer: Answer, *also: int) -> Answer:
    """Return the response if its status is below 300 or in `also`.

    Raises:
        Busy: the response is a 503 with a `Retry-After` header.
    """
    if answer.status == 503:
        assert answer.json["error"] == "Busy"
        assert int(answer.headers["Retry-After"]) > 0
        raise Busy
    assert answer.status < 300 or answer.status in also, answer
    return answer


def ended_by_fault(step: Callable[[], Any]) -> bool:
    """Run a step. Return True if a fault ended it."""
    try:
        step()
    except (Busy, Killed):
        return True
    except ExceptionGroup as group:
        if others := group.split(Busy)[1]:
            raise others from group
        return True
    return False


def run_with_fault_at_every_call(modes: tuple[Mode, ...], run: Callable[[Fault], None]) -> list[str]:
    """Call `run` with a fault at the first call to AWS, then at the second, until a run has no such call.

    Use the `modes` in turn. Return the names of the calls that failed, as `name_operation` does.
    """
    operations: list[str] = []
    # Concurrent transactions of an SQL database can conflict, so the number of statements differs between runs.
    quiet_runs = 3 if wiring.database() else 1
    for number in range(MAX_CALLS):
        fault = Fault(number, modes[number % len(modes)])
        run(fault)
        if fault.struck:
            operations.append(name_operation(fault.struck))
        else:
            quiet_runs -= 1
            if not quiet_runs:
                return operations
    raise AssertionError(f"more than {MAX_CALLS} calls")


def name_operation(call: str) -> str:
    """Return the name of a call to AWS, or `read` or `write` for a call to a database."""
    return _KINDS.get(call, call)


class Journey(Protocol):
    """The steps of one user. The attributes have the results of the earlier steps."""

    cloud: Cloud

    @property
    def steps(self) -> list[Step]:
        """The steps, in their order."""


def replay_with_fault_at_every_call(
    journey: Journey, modes: tuple[Mode, ...], run: Callable[[Fault, list[Step]], None]
) -> list[str]:
    """Call `run` as `run_with_fault_at_every_call` does, with the rest of the journey's steps.

    Each run starts from a snapshot that was taken before the step with the fault, so it repeats no earlier steps.
    """
    checkpoints = _checkpoints(journey)

    def resume(fault: Fault) -> None:
        checkpoint = [checkpoint for checkpoint in checkpoints if checkpoint.calls <= fault.at][-1]
        checkpoint.snapshot.restore()
        vars(journey).update(checkpoint.attributes)
        fault.at -= checkpoint.calls
        run(fault, journey.steps[checkpoint.step :])

    return run_with_fault_at_every_call(modes, resume)


class _Checkpoint(NamedTuple):
    step: int
    calls: int
    """The number of calls to AWS before the step."""
    attributes: dict[str, Any]
    snapshot: Snapshot


def _checkpoints(journey: Journey) -> list[_Checkpoint]:
    """Run every step once, without a fault. Return the state before each step."""
    checkpoints = []
    with striking(Fault(-1, "killed"), *aws_clients(journey.cloud)) as counter:
        for number in range(len(journey.steps)):
            checkpoints.append(_Checkpoint(number, counter.calls, dict(vars(journey)), Snapshot(journey.cloud)))
            journey.steps[number]()
    return checkpoints


def aws_clients(cloud: Cloud) -> list[Any]:
    """Return the clients of S3, of the database and of SQS."""
    return [cloud.s3, cloud.stored.client, wiring.queue()._sqs]
