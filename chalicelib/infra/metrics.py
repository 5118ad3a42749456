"""CloudWatch metrics as log lines in the Embedded Metric Format, so that a metric needs no API request."""

import logging
import os

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

log = logging.getLogger(__name__)

NAMESPACE = "Photoshare"


def count(name: str, **dimensions: str) -> None:
    """Add one to the metric `name`."""
    _write(name, MetricUnit.Count, 1, dimensions)


def record_value(name: str, value: float, **dimensions: str) -> None:
    """Record a count, such as the number of requests for one page."""
    _write(name, MetricUnit.Count, value, dimensions)


def record_seconds(name: str, seconds: float) -> None:
    """Record a duration or a waiting time."""
    _write(name, MetricUnit.Seconds, seconds, {})


def _write(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    metric = EphemeralMetrics(namespace=NAMESPACE)
    # CloudWatch charges for each combination of dimensions, so ids of photos and users are never dimensions.
    for key, text in {"stage": os.environ.get("STAGE") or "local", **dimensions}.items():
        metric.add_dimension(key, text)
    metric.add_metric(name, unit, value)
    # `extra` writes the metric at the top level of the JSON line, as CloudWatch requires. AWS contract CW-1.
    log.info("metric", extra=dict(metric.serialize_metric_set()))
