"""Compute the monthly costs of a stage from list prices: `python -m bench.costs`.

Prices are those of us-east-1 in November 2026, in dollars. Change `PRICES` for another region or date. Each line of the
table is one function, whose body is its formula. The month counts from the start of the stage: photos stay, so the
storage of the twelfth month holds twelve times the photos of the first.
"""

from collections.abc import Callable, Iterator
from math import inf

Tiers = tuple[tuple[float, float], ...]
"""The upper bound of each tier in a month, and the price of a unit in it."""

MILLION, THOUSAND = 1e6, 1e3
PRICES: dict[str, float] = {
    "S3 frequent, GB": 0.023,
    "S3 infrequent, GB": 0.0125,
    "S3 archive instant access, GB": 0.004,
    "S3 monitoring, object": 0.0025 / THOUSAND,
    "S3 PUT": 0.005 / THOUSAND,
    "S3 GET": 0.0004 / THOUSAND,
    "CloudFront, GB": 0.085,
    "CloudFront request": 1.00 / MILLION,
    "DynamoDB write unit": 0.625 / MILLION,
    "DynamoDB read unit": 0.125 / MILLION,
    "DynamoDB storage, GB": 0.25,
    "DynamoDB point-in-time recovery, GB": 0.20,
    "Lambda request": 0.20 / MILLION,
    "Lambda, GB-second": 0.0000166667,
    "Lambda provisioned concurrency, GB-second": 0.0000041667,
    "WAF web ACL": 5.00,
    "WAF rule": 1.00,
    "WAF request": 0.60 / MILLION,
    "logs, GB": 0.50,
    "X-Ray trace": 5.00 / MILLION,
    "alarm": 0.10,
    "metric": 0.30,
    "secret": 0.40,
    "AWS Backup, GB": 0.10,
    "key": 1.00,
    "CloudTrail data event": 0.10 / 100_000,
}
API_REQUESTS: Tiers = ((333e6, 3.50 / MILLION), (1e9, 2.80 / MILLION), (20e9, 2.38 / MILLION), (inf, 1.51 / MILLION))
COGNITO_LITE: Tiers = ((10_000, 0.0), (110_000, 0.0055), (1_010_000, 0.0046), (10_010_000, 0.00325), (inf, 0.0025))
COGNITO_ESSENTIALS: Tiers = ((10_000, 0.0), (inf, 0.015))
REKOGNITION: Tiers = ((1e6, 0.001), (5e6, 0.0008), (35e6, 0.0006), (inf, 0.00025))

GB = 1e9
ORIGINAL, COPY, SMALL = 4e6, 4e6, 0.5e6
"""The bytes of an original, of its full-size copy, and of its other renditions."""
VIEWS, VIEW_BYTES, CDN_REQUESTS = 20, 0.1e6, 20
PUTS, GETS = 5, 4
"""The requests to S3 for a photo. PUT are the upload and renditions, GET the confirmation and misses of the CDN."""
API_CALLS = 5
CONFIRM_SECONDS, CALL_SECONDS, MEMORY_GB = 1.0, 0.04, 1769 / 1024
WRITE_UNITS, READ_UNITS = 95, 15
ROW_BYTES, INDEX_BYTES = 8e3, 16e3
"""The bytes of a photo in the tables, and in their indexes."""
LOG_BYTES = 300
"""The bytes of logs for a call or a confirmation."""
PHOTOS_A_USER = 50
"""The photos that an active user uploads in a month."""
ALARMS, METRICS, SECRETS, WAF_RULES = 33, 12, 3, 8
"""An alarm of an expression costs as much as one alarm for each of its metrics."""
FREE_TRACES, TRACES_A_SECOND, TRACED = 100_000, 1, 0.05
"""X-Ray traces one request a second, and 5% of the others."""
SECONDS_A_MONTH = 30 * 24 * 3600
BACKUPS = 10
"""Five weekly backups in the vault of the stage, and five in the other vault."""

AUDITED_CALLS = 6
"""The upload of a photo, the read at its confirmation, a download, and the misses of the CDN."""

Line = Callable[[float, int], float]
"""The cost of a month, from the photos of each month and the number of the month."""


def tiered(units: float, tiers: Tiers) -> float:
    """Return the price of a number of units, each at the price of its tier."""
    total, low = 0.0, 0.0
    for high, price in tiers:
        total += max(min(units, high) - low, 0) * price
        low = high
    return total


def s3_storage(photos: float, month: int) -> float:
    """Return the storage. Large objects move after one month and after three months without a view."""
    ages = range(month)
    classes = ["frequent" if age < 1 else "infrequent" if age < 3 else "archive instant access" for age in ages]
    large = sum((ORIGINAL + COPY) / GB * PRICES[f"S3 {name}, GB"] for name in classes)
    small = month * SMALL / GB * PRICES["S3 frequent, GB"]
    return photos * (large + small + month * 2 * PRICES["S3 monitoring, object"])


def s3_requests(photos: float, _month: int) -> float:
    """Return the requests of uploads, confirmations and views."""
    return photos * (PUTS * PRICES["S3 PUT"] + GETS * PRICES["S3 GET"])


def cloudfront(photos: float, _month: int) -> float:
    """Return the bytes and requests of views in the first month of each photo."""
    return photos * (VIEWS * VIEW_BYTES / GB * PRICES["CloudFront, GB"] + CDN_REQUESTS * PRICES["CloudFront request"])


def dynamodb_requests(photos: float, _month: int) -> float:
    """Return the write and read units."""
    return photos * (WRITE_UNITS * PRICES["DynamoDB write unit"] + READ_UNITS * PRICES["DynamoDB read unit"])


def dynamodb_storage(photos: float, month: int) -> float:
    """Return the storage of rows and indexes."""
    return photos * month * (ROW_BYTES + INDEX_BYTES) / GB * PRICES["DynamoDB storage, GB"]


def dynamodb_recovery(photos: float, month: int) -> float:
    """Return the point-in-time recovery of the rows. Indexes cost nothing."""
    return photos * month * ROW_BYTES / GB * PRICES["DynamoDB point-in-time recovery, GB"]


def lambda_functions(photos: float, _month: int) -> float:
    """Return the invocations and the time of confirmations and calls."""
    seconds = CONFIRM_SECONDS + API_CALLS * CALL_SECONDS
    return photos * ((1 + API_CALLS) * PRICES["Lambda request"] + seconds * MEMORY_GB * PRICES["Lambda, GB-second"])


def api_gateway(photos: float, _month: int) -> float:
    """Return the calls."""
    return tiered(photos * API_CALLS, API_REQUESTS)


def cognito(photos: float, _month: int) -> float:
    """Return the active users with the plan LITE."""
    return tiered(photos / PHOTOS_A_USER, COGNITO_LITE)


def x_ray(photos: float, _month: int) -> float:
    """Return the traces of the functions."""
    requests = photos * (1 + API_CALLS)
    sampled = min(requests, SECONDS_A_MONTH * TRACES_A_SECOND)
    traces = sampled + TRACED * (requests - sampled)
    return max(traces - FREE_TRACES, 0) * PRICES["X-Ray trace"]


def logs(photos: float, _month: int) -> float:
    """Return the log lines of calls and confirmations."""
    return photos * (1 + API_CALLS) * LOG_BYTES / GB * PRICES["logs, GB"]


def fixed(_photos: float, _month: int) -> float:
    """Return the alarms, metrics and secrets."""
    return ALARMS * PRICES["alarm"] + METRICS * PRICES["metric"] + SECRETS * PRICES["secret"]


def waf(photos: float, _month: int) -> float:
    """Return the web ACL with its rules, and the calls that it examines."""
    return PRICES["WAF web ACL"] + WAF_RULES * PRICES["WAF rule"] + photos * API_CALLS * PRICES["WAF request"]


def backups(photos: float, month: int) -> float:
    """Return the full backups of the rows, and the key."""
    return PRICES["key"] + photos * month * ROW_BYTES / GB * BACKUPS * PRICES["AWS Backup, GB"]


def audit_logs(photos: float, _month: int) -> float:
    """Return the events of originals, and those of the CDN at the renditions."""
    return photos * AUDITED_CALLS * PRICES["CloudTrail data event"]


def rekognition(photos: float, _month: int) -> float:
    """Return the moderation of each photo."""
    return tiered(photos, REKOGNITION)


def essentials(photos: float, month: int) -> float:
    """Return the additional cost of the plan ESSENTIALS."""
    return tiered(photos / PHOTOS_A_USER, COGNITO_ESSENTIALS) - cognito(photos, month)


def provisioned(_photos: float, _month: int) -> float:
    """Return the cost of one execution environment that Lambda keeps initialized."""
    return 730 * 3600 * MEMORY_GB * PRICES["Lambda provisioned concurrency, GB-second"]


LINES: dict[str, Line] = {
    "S3 storage": s3_storage,
    "S3 requests": s3_requests,
    "CloudFront": cloudfront,
    "DynamoDB requests": dynamodb_requests,
    "DynamoDB storage": dynamodb_storage,
    "DynamoDB point-in-time recovery": dynamodb_recovery,
    "Lambda": lambda_functions,
    "API Gateway": api_gateway,
    "Cognito, plan LITE": cognito,
    "X-Ray": x_ray,
    "logs": logs,
    "alarms, metrics, secrets": fixed,
}
OPTIONS: dict[str, Line] = {
    "WAF, if it is on": waf,
    "AWS Backup, if it is on": backups,
    "audit logs, if they are on": audit_logs,
    "Rekognition, if it is on": rekognition,
    "Cognito, more for ESSENTIALS": essentials,
    "each environment of PROVISIONED=": provisioned,
}
SIZES, MONTHS = (10**4, 10**6, 10**8), (1, 12)


def render_table() -> Iterator[str]:
    """Return the lines of the table in Markdown."""
    columns = [(photos, month) for photos in SIZES for month in MONTHS]
    titles = [f"{photos:,} photos a month, month {month}" for photos, month in columns]
    yield f"| dollars | {' | '.join(titles)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name, line in LINES.items():
        yield _render_row(name, [line(*column) for column in columns])
    totals = [sum(line(*column) for line in LINES.values()) for column in columns]
    yield _render_row("**total**", totals)
    for name, line in OPTIONS.items():
        yield _render_row(name, [line(*column) for column in columns])


def _render_row(name: str, dollars: list[float]) -> str:
    return f"| {name} | {' | '.join(f'{value:,.1f}' if value < 100 else f'{value:,.0f}' for value in dollars)} |"


def main() -> None:
    print("\n".join(render_table()))


if __name__ == "__main__":
    main()
