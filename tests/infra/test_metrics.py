"""Metrics are log lines in the format of CloudWatch, with a fixed set of dimensions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from chalicelib.domain.photos import GRANT_LIFETIME
from tests.support.captured_logs import CapturedLog, capture_log
from tests.support.cloud import Cloud, created
from tests.support.images import photo as make_photo
from tests.support.sweeps import deliver_clean_up_job

JPEG = make_photo(64, 48)


def find_metrics(log: CapturedLog, name: str) -> list[dict[str, Any]]:
    """Return the values of a metric as CloudWatch reads them (Embedded Metric Format, "Specification")."""
    metrics = []
    for line in log.lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                if metric["Name"] == name:
                    dimensions = {key: line[key] for (keys,) in [directive["Dimensions"]] for key in keys}
                    (value,) = line[name]
                    metrics.append(
                        {"namespace": directive["Namespace"], "unit": metric["Unit"], **dimensions} | {"value": value}
                    )
        if "_aws" in line:
            age = datetime.now(UTC).timestamp() - line["_aws"]["Timestamp"] / 1000
            assert -1 < age < 60, "CloudWatch discards metrics that are two weeks old or two hours ahead"
    return metrics


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "test")


def test_grant_and_confirmation_are_counted_once(shared_cloud: Cloud) -> None:
    ann = shared_cloud.person("ann")
    with capture_log() as log:
        grant = shared_cloud.grant(ann)
        event = created(grant["s3Key"], shared_cloud.put(grant, JPEG))
        shared_cloud.deliver(event, event)
    expected = {"namespace": "Photoshare", "unit": "Count", "stage": "test", "value": 1.0}
    assert find_metrics(log, "Granted") == [expected]
    assert find_metrics(log, "Confirmed") == [expected]
    assert find_metrics(log, "Rejected") == []
    (duration,) = find_metrics(log, "ConfirmSeconds")
    assert duration["unit"] == "Seconds"
    assert 0 < duration["value"] < 60


def test_rejection_is_counted_by_its_reason(shared_cloud: Cloud) -> None:
    with capture_log() as log:
        photo = shared_cloud.upload(shared_cloud.person("ann"), b"no image")
    assert photo.rejection
    assert [metric["reason"] for metric in find_metrics(log, "Rejected")] == [photo.rejection]
    assert find_metrics(log, "Confirmed") == find_metrics(log, "ProcessingFailed") == []


def test_rejected_upload_request_is_not_counted(shared_cloud: Cloud) -> None:
    with capture_log() as log:
        answer = shared_cloud.person("ann").post("/upload", {"filename": "x", "contentType": "text/html"})
    assert answer.status == 415
    assert find_metrics(log, "Granted") == []


def test_feed_page_reports_its_number_of_queries(shared_cloud: Cloud) -> None:
    with capture_log() as log:
        shared_cloud.calls.clear()
        assert shared_cloud.visitor.get("/photos").status == 200
    (metric,) = find_metrics(log, "FeedRequests")
    assert metric["value"] == shared_cloud.calls.count("Query") > 0


def test_pending_time_is_reported_when_an_upload_is_cleaned_up(shared_cloud: Cloud) -> None:
    grant = shared_cloud.grant(shared_cloud.person("ann"))
    late = datetime.now(UTC) + 3 * GRANT_LIFETIME
    with time_machine.travel(late), capture_log() as log:
        deliver_clean_up_job(shared_cloud, grant["photoId"], late)
        (pending,) = find_metrics(log, "PendingSeconds")
    assert pending["value"] == pytest.approx((3 * GRANT_LIFETIME) / timedelta(seconds=1), abs=5)
