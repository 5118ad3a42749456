"""Compute the monthly costs of the rows in each store from list prices: `python -m bench.store_costs`.

Prices are those of us-east-1 in November 2026, in dollars. The photos are those of `bench.costs`. Each line is one
function, whose body is its formula. Two numbers are assumptions: the work of a photo in Aurora DSQL, and the server of
PostgreSQL.
"""

from collections.abc import Iterator

from bench import costs
from bench.costs import GB, INDEX_BYTES, MILLION, ROW_BYTES, Line

DPU, DSQL_GB = 8.00 / MILLION, 0.33
"""The price of a unit of work in Aurora DSQL (DPU), and of a GB for a month."""
DPUS = 4
"""The units of work of a photo. Read yours from the metric `TotalDPU` of the cluster."""
HOURS = 730
SERVERS = {10**4: 0.032, 10**6: 0.225, 10**8: 3.60}
"""The price of an hour of the server by photos a month: db.t4g.small, db.r6g.large, db.r6g.8xlarge."""
DISK_GB, COPIES = 0.115, 2
"""The price of a GB of gp3 for a month, and the servers with their disks in two zones."""
NAT_HOUR = 0.045
STORED_BYTES = ROW_BYTES + INDEX_BYTES


def dynamodb(photos: float, month: int) -> float:
    """Return requests, storage and point-in-time recovery."""
    lines = (costs.dynamodb_requests, costs.dynamodb_storage, costs.dynamodb_recovery)
    return sum(line(photos, month) for line in lines)


def dsql(photos: float, month: int) -> float:
    """Return the units of work, and the storage with its indexes."""
    return photos * (DPUS * DPU + month * STORED_BYTES / GB * DSQL_GB)


def postgres(photos: float, month: int) -> float:
    """Return a server in two zones with its disks, and a NAT gateway for the functions."""
    server = HOURS * SERVERS[int(photos)] + photos * month * STORED_BYTES / GB * DISK_GB
    return COPIES * server + HOURS * NAT_HOUR


LINES: dict[str, Line] = {"DynamoDB": dynamodb, "Aurora DSQL": dsql, "PostgreSQL on RDS": postgres}


def compute_equal_dpus() -> float:
    """Return the units of work of a photo for which the requests to both serverless stores cost the same."""
    return costs.dynamodb_requests(1, 1) / DPU


def render_table() -> Iterator[str]:
    """Return the lines of the table in Markdown."""
    columns = [(photos, month) for photos in costs.SIZES for month in costs.MONTHS]
    yield f"| dollars | {' | '.join(f'{photos:,} photos a month, month {month}' for photos, month in columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for name, line in LINES.items():
        yield f"| {name} | {' | '.join(f'{line(*column):,.0f}' for column in columns)} |"


def main() -> None:
    print("\n".join(render_table()))
    dpus = compute_equal_dpus()
    print(f"  If a photo causes more than {dpus:.1f} DPUs, Aurora DSQL costs more than the requests to DynamoDB.")


if __name__ == "__main__":
    main()
