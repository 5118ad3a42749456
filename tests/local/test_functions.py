"""The local cloud starts the scheduled functions every hour, as AWS does."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from local.functions import HOUR, SCHEDULED, Functions, Schedule
from tests.support.paths import ROOT


class Runs:
    """Started functions, which run until `end` is called."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.status: int | None = None

    def create(self, name: str) -> Any:
        """Start a function."""
        self.started.append(name)
        self.status = None
        return SimpleNamespace(process=SimpleNamespace(poll=lambda: self.status), request_stop=lambda: None)


def test_function_starts_every_hour_but_never_twice_at_once(caplog: pytest.LogCaptureFixture) -> None:
    runs = Runs()
    schedule = Schedule("sweep", runs.create, 100.0)
    schedule.check(99.0)
    assert runs.started == []
    schedule.check(100.0)
    schedule.check(100.0 + HOUR)
    assert runs.started == ["sweep"], "the first run is still under way"
    runs.status = 1
    schedule.check(101.0 + HOUR)
    assert runs.started == ["sweep", "sweep"]
    assert "The function sweep ended with status 1." in caplog.text
    runs.status = 0
    schedule.check(102.0 + HOUR)
    assert schedule.running is None
    schedule.check(101.0 + 2 * HOUR)
    assert len(runs.started) == 3


def test_every_scheduled_function_of_the_app_has_a_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs()
    monkeypatch.setattr(Functions, "_create", lambda _, name: runs.create(name))
    monkeypatch.setattr("local.events.prepare_queues", lambda _: None)
    cloud = SimpleNamespace(process=SimpleNamespace(poll=lambda: 0))
    functions = Functions(cast(Any, cloud), 0)
    for schedule in functions._schedules:
        schedule.check(float("inf"))
    text = (ROOT / "app.py").read_text()
    scheduled = [part.partition("def ")[2].partition("(")[0] for part in text.split("@app.schedule(")[1:]]
    assert sorted(scheduled) == sorted(SCHEDULED) == sorted({*runs.started} - {"api"})
