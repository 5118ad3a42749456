"""Steps on albums that a fault ends: each is retried, or finished by the sweep."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.support.cloud import Cloud
from tests.support.fault_runs import (
    ANSWER_LOST,
    KILLED,
    REFUSED,
    aws_clients,
    ended_by_fault,
    require_success,
    run_with_fault_at_every_call,
)
from tests.support.faults import Fault, Mode, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import albums_of, broken, untidy
from tests.support.rows import empty
from tests.support.sweeps import sweep_albums

JPEG = make_photo(64, 48)


class Journey:
    """One person's albums, in steps that the one who takes them may repeat."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.cloud, self.ann = cloud, cloud.person(name)
        self.photos = [cloud.upload(self.ann, JPEG).photo_id for _ in range(2)]
        self.album = ""

    @property
    def steps(self) -> list[Callable[[], Any]]:
        enter = [partial(self.enter, photo_id) for photo_id in self.photos]
        leave = partial(self.done, "DELETE", f"/photos/{self.photos[0]}", {}, 404)
        return [self.create, *enter, self.link, self.rename, self.hide, self.leave, leave, self.delete]

    def done(self, method: str, path: str, query: dict[str, Any], *also: int, body: Any = None) -> Any:
        return require_success(self.ann.call(method, path.format(album=self.album), body, **query), *also)

    def create(self) -> None:
        self.album = f"/albums/{self.done('POST', '/albums', {}, body={'name': 'Sea'}).json['albumId']}"

    def enter(self, photo_id: str) -> None:
        self.done("PUT", f"{{album}}/photos/{photo_id}", {})

    def link(self) -> None:
        self.done("POST", "{album}/links", {})

    def rename(self) -> None:
        self.done("PATCH", "{album}", {}, body={"name": "Hills", "visibility": "unlisted"})

    def hide(self) -> None:
        self.done("PATCH", f"/photos/{self.photos[1]}", {}, body={"visibility": "private"})

    def leave(self) -> None:
        self.done("DELETE", f"{{album}}/photos/{self.photos[1]}", {}, 404)

    def delete(self) -> None:
        self.done("DELETE", "{album}", {"photos": "delete"}, 404)


@pytest.mark.parametrize("modes", [REFUSED, ANSWER_LOST, KILLED])
def test_retry_after_a_fault_at_any_call_keeps_albums_consistent(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    def run(fault: Fault) -> None:
        empty(shared_cloud.settings, shared_cloud.dynamodb)
        journey = Journey(shared_cloud, f"again-{uuid4()}")
        with striking(fault, *aws_clients(shared_cloud)):
            for step in journey.steps:
                if ended_by_fault(step):
                    assert broken(shared_cloud, journey.ann.user_id) == []
                    assert not ended_by_fault(step)
        assert journey.ann.get(journey.album).status == 404
        sweep_albums(shared_cloud)
        left = albums_of(shared_cloud, journey.ann.user_id)
        assert [album.name for album in left] in ([], ["Sea"]), "a lost answer may leave an album made twice"
        assert broken(shared_cloud, journey.ann.user_id) == untidy(shared_cloud, journey.ann.user_id) == []

    assert {"GetItem", "TransactWriteItems", "Query", "BatchGetItem"} <= {*run_with_fault_at_every_call(modes, run)}


@pytest.mark.parametrize("modes", [ANSWER_LOST, KILLED])
def test_sweep_completes_a_step_that_is_not_retried(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    def run(fault: Fault) -> None:
        empty(shared_cloud.settings, shared_cloud.dynamodb)
        journey = Journey(shared_cloud, f"gives-up-{uuid4()}")
        with striking(fault, *aws_clients(shared_cloud)):
            any(ended_by_fault(step) for step in journey.steps)
        assert broken(shared_cloud, journey.ann.user_id) == []
        sweep_albums(shared_cloud)
        assert broken(shared_cloud, journey.ann.user_id) == untidy(shared_cloud, journey.ann.user_id) == []

    assert len(run_with_fault_at_every_call(modes, run)) > 20
