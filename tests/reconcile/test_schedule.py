"""The schedule reports once a month, and records a metric for each kind."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

import app as service
from chalicelib import wiring
from chalicelib.domain.ids import format_timestamp
from chalicelib.reconcile import passes, photo_loader, run, schedule
from chalicelib.reconcile.findings import REMEDIES
from chalicelib.reconcile.run import Options, encode_options
from chalicelib.stores.reconciliations import Run
from tests.support import damage as seeds
from tests.support.captured_logs import capture_log
from tests.support.damage import Damage
from tests.support.reconciling import reconcile, snapshot

pytestmark = pytest.mark.every_store
_EVENT_FIELDS = ("version", "account", "region", "detail-type", "source", "time", "id", "resources")
SCHEDULED_EVENT: dict[str, Any] = dict.fromkeys(_EVENT_FIELDS, "") | {"detail": {}}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
SCHEDULED, OPERATOR = encode_options(Options(is_scheduled=True)), encode_options(Options())


def test_schedule_reports_once_a_month_and_changes_nothing(damage: Damage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LIST_LAG_SECONDS", 0)
    seeds.later_version(damage)
    seeds.unexpected_key(damage)
    before = snapshot(damage.cloud)
    totals = []
    for hours in (1, 2, 24 * 29, 24 * 31):
        with capture_log() as log, time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)):
            service.reconcile(SCHEDULED_EVENT, None)
        lines = [line for line in log.lines if "AllFindings" in line or "Findings" in line]
        kinds = {line["kind"]: line["Findings"] for line in lines if "kind" in line}
        assert not kinds or set(kinds) == set(REMEDIES)
        totals += [line["AllFindings"] for line in lines if "AllFindings" in line]
        assert len(kinds) in (0, len(REMEDIES))
    assert totals == [[2], [2]]
    assert snapshot(damage.cloud) == before


@pytest.mark.parametrize(
    ("days", "is_finished", "options", "is_due"),
    [
        (0, True, SCHEDULED, False),
        (29, True, SCHEDULED, False),
        (31, True, SCHEDULED, True),
        (0, True, OPERATOR, False),
        (31, True, OPERATOR, True),
        (0, True, encode_options(Options(account="ann", repair=True)), True),
        (0, True, encode_options(Options(only_rebuild=True)), True),
        (0, False, SCHEDULED, True),
        (1, False, OPERATOR, False),
        (3, False, OPERATOR, True),
    ],
)
def test_schedule_is_due_after_a_month_and_does_not_disturb_an_operator(
    days: int, is_finished: bool, options: str, is_due: bool
) -> None:
    time = format_timestamp(NOW - timedelta(days=days))
    latest = Run(options=options, started_at=time, finished_at=time if is_finished else None)
    assert schedule.is_due(latest, SCHEDULED, NOW) is is_due
    assert schedule.is_due(None, SCHEDULED, NOW)


def test_schedule_names_accounts_that_are_too_large_and_ends(damage: Damage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LIST_LAG_SECONDS", 0)
    for module in (passes, photo_loader):
        monkeypatch.setattr(module, "BATCH", 2)
    monkeypatch.setattr(schedule, "MAX_PHOTOS", 2)
    small = Damage(damage.cloud, damage.rater, damage.owner)
    for owner in (damage, damage, small, small):
        owner.upload()
    damage.rows.set_counts("ann", photo_count=7)
    with capture_log() as log, time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        service.reconcile(SCHEDULED_EVENT, None)
    found = [(line["kind"], line["finding"]) for line in log.lines if "finding" in line]
    assert found == [("account-too-large", "ann")]
    latest = wiring.stores().runs.get_run()
    assert latest
    assert latest.finished_at, "the run does not examine the account again every hour"
    assert reconcile(account="ann").found == Counter({"usage": 1}), "the command examines the whole account"
