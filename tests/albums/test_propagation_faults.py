"""Changes of albums that a fault interrupts: a retry or the sweep completes them."""

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
    Step,
    aws_clients,
    ended_by_fault,
    replay_with_fault_at_every_call,
    require_success,
)
from tests.support.faults import Fault, Mode, striking
from tests.support.images import photo as make_photo
from tests.support.invariants import albums_of, broken, untidy
from tests.support.sweeps import sweep_albums

JPEG = make_photo(64, 48)


class Journey:
    """Changes of one user's album. Each step can be retried."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.cloud, self.ann = cloud, cloud.person(name)
        self.photos = [cloud.upload(self.ann, JPEG).photo_id for _ in range(2)]
        self.album = ""

    @property
    def steps(self) -> list[Callable[[], Any]]:
        add_photos = [partial(self.add_photo, photo_id) for photo_id in self.photos]
        trash_photo = partial(self.request, "DELETE", f"/photos/{self.photos[0]}", {}, 404)
        return [
            self.create_album,
            *add_photos,
            self.create_link,
            self.change_album,
            self.hide_photo,
            self.remove_photo,
            trash_photo,
            self.delete_album,
        ]

    def request(self, method: str, path: str, query: dict[str, Any], *accepted: int, body: Any = None) -> Any:
        return require_success(self.ann.call(method, path.format(album=self.album), body, **query), *accepted)

    def create_album(self) -> None:
        created = require_success(self.ann.post("/albums", {"name": "Sea"}, **{"Idempotency-Key": "album"}))
        self.album = f"/albums/{created.json['albumId']}"

    def add_photo(self, photo_id: str) -> None:
        self.request("PUT", f"{{album}}/photos/{photo_id}", {})

    def create_link(self) -> None:
        require_success(self.ann.post(f"{self.album}/links", {}, **{"Idempotency-Key": "link"}))

    def change_album(self) -> None:
        self.request("PATCH", "{album}", {}, body={"name": "Hills", "visibility": "unlisted"})

    def hide_photo(self) -> None:
        self.request("PATCH", f"/photos/{self.photos[1]}", {}, body={"visibility": "private"})

    def remove_photo(self) -> None:
        self.request("DELETE", f"{{album}}/photos/{self.photos[1]}", {}, 404)

    def delete_album(self) -> None:
        self.request("DELETE", "{album}", {"photos": "delete"}, 404)


@pytest.mark.parametrize("modes", [REFUSED, ANSWER_LOST, KILLED])
def test_retry_after_a_fault_at_any_call_keeps_albums_consistent(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    journey = Journey(shared_cloud, f"retry-{uuid4()}")

    def run(fault: Fault, steps: list[Step]) -> None:
        with striking(fault, *aws_clients(shared_cloud)):
            for step in steps:
                if ended_by_fault(step):
                    assert broken(shared_cloud, journey.ann.user_id) == []
                    assert not ended_by_fault(step)
        assert journey.ann.get(journey.album).status == 404
        sweep_albums(shared_cloud)
        assert albums_of(shared_cloud, journey.ann.user_id) == []
        assert broken(shared_cloud, journey.ann.user_id) == untidy(shared_cloud, journey.ann.user_id) == []

    operations = replay_with_fault_at_every_call(journey, modes, run)
    assert {"read", "write"} <= {*operations}


@pytest.mark.parametrize("modes", [ANSWER_LOST, KILLED])
def test_sweep_completes_a_step_that_is_not_retried(shared_cloud: Cloud, modes: tuple[Mode, ...]) -> None:
    journey = Journey(shared_cloud, f"no-retry-{uuid4()}")

    def run(fault: Fault, steps: list[Step]) -> None:
        with striking(fault, *aws_clients(shared_cloud)):
            any(ended_by_fault(step) for step in steps)
        assert broken(shared_cloud, journey.ann.user_id) == []
        sweep_albums(shared_cloud)
        assert broken(shared_cloud, journey.ann.user_id) == untidy(shared_cloud, journey.ann.user_id) == []

    assert len(replay_with_fault_at_every_call(journey, modes, run)) > 20
