"""What CloudWatch counts: log lines in its Embedded Metric Format, so that a figure costs no request of its own."""

import logging
import os

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

log = logging.getLogger(__name__)

NAMESPACE = "Photoshare"


def count(name: str, **dimensions: str) -> None:
    """One more of `name`."""
    _write(name, MetricUnit.Count, 1, dimensions)


def note(name: str, value: float) -> None:
    """A figure of something counted, such as the requests that a page took."""
    _write(name, MetricUnit.Count, value, {})


def time(name: str, seconds: float) -> None:
    """How long something took, or has waited."""
    _write(name, MetricUnit.Seconds, seconds, {})


def _write(name: str, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    made = EphemeralMetrics(namespace=NAMESPACE)
    # Dimensions are what CloudWatch charges for: no id of a photo or a person ever is one.
    for key, text in {"stage": os.environ.get("STAGE") or "local", **dimensions}.items():
        made.add_dimension(key, text)
    made.add_metric(name, unit, value)
    # `extra` puts it at the top of the line, where CloudWatch looks for it. AWS contract CW-1.
    log.info("metric", extra=dict(made.serialize_metric_set()))
