"""Send a bounded load of reads to a stage: `python -m release.load STAGE [--url URL] [--rate 10] [--seconds 30]`.

The command prints an estimate of the costs, and sends nothing without `--confirm`. It reads public routes as a visitor
at a constant rate, whether the stage is fast or slow. It stops early if most requests fail.
"""

import argparse
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import boto3

from release.failures import exit_on_failure
from release.web import find_url, send

MAX_RATE = 50
MAX_SECONDS = 300
PATHS = ("/photos?limit=20", "/photos?limit=20&order=newest", "/albums?limit=20", "/openapi.json", "/health")
"""The requests, in turn."""
# List prices of us-east-1, for requests of 0.1 s in a function of 2 GB, 20 read units, and 20 kB of response.
_DOLLARS_PER_MILLION = {
    "API Gateway": 3.5,
    "Lambda": 0.2 + 0.1 * 2 * 16.67,
    "DynamoDB": 20 * 0.125,
    "CloudFront, logs and transfer": 1.0 + 0.5 + 20 * 0.085,
}
_WORKERS = 32
_MIN_SAMPLE = 20


class Result(NamedTuple):
    """The statuses of the responses, with 0 for requests without a response, and the duration of each in seconds."""

    statuses: Counter[int]
    durations: list[float]

    def is_failing(self) -> bool:
        """Return True if at least half of a sufficient number of requests failed."""
        failed = sum(count for status, count in self.statuses.items() if status == 0 or status >= 429)
        return self.statuses.total() >= _MIN_SAMPLE and 2 * failed >= self.statuses.total()


def estimate(requests: int) -> list[str]:
    """Return the lines of an estimate of the costs."""
    lines = [f"{name:<32}{price * requests / 1e6:>10.4f}" for name, price in _DOLLARS_PER_MILLION.items()]
    total = sum(_DOLLARS_PER_MILLION.values()) * requests / 1e6
    return [f"{'dollars, about':<32}{requests:>10,} requests", *lines, f"{'total':<32}{total:>10.4f}"]


def run(url: str, rate: int, seconds: int) -> Result:
    """Send `rate` requests per second for some seconds. Stop early if most of them fail."""
    result, lock = Result(Counter(), []), threading.Lock()

    def request(number: int) -> None:
        begun = time.monotonic()
        try:
            status = send("GET", url.rstrip("/") + PATHS[number % len(PATHS)]).status
        except OSError:
            status = 0
        with lock:
            result.statuses[status] += 1
            result.durations.append(time.monotonic() - begun)

    begun = time.monotonic()
    with ThreadPoolExecutor(_WORKERS) as workers:
        for number in range(rate * seconds):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            with lock:
                is_failing = result.is_failing()
            if is_failing or time.monotonic() > begun + 2 * seconds:
                break
            workers.submit(request, number)
        workers.shutdown(cancel_futures=is_failing)
    return result


def format_result(result: Result) -> list[str]:
    """Return the lines of the report."""
    durations = sorted(result.durations)
    lines = [f"{status or 'no response'}: {count}" for status, count in sorted(result.statuses.items())]
    quantiles = {percent: durations[(len(durations) - 1) * percent // 100] for percent in (50, 95, 99)}
    return lines + [f"p{percent}: {1000 * seconds:.0f} ms" for percent, seconds in quantiles.items()]


def main() -> None:
    """Print the estimate, and send the load if it is confirmed.

    Raises:
        SystemExit: the load is not confirmed, exceeds the limits, or failed.
    """
    parser = argparse.ArgumentParser(prog="python -m release.load")
    parser.add_argument("stage")
    parser.add_argument("--url", default="")
    parser.add_argument("--rate", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--confirm", action="store_true")
    options = parser.parse_args()
    if not (0 < options.rate <= MAX_RATE and 0 < options.seconds <= MAX_SECONDS):
        sys.exit(f"The limits are {MAX_RATE} requests per second and {MAX_SECONDS} seconds.")
    url = options.url or find_url(boto3.Session().client, options.stage)
    print(f"Load of {options.rate} requests per second for {options.seconds} s on {url}")
    print(*estimate(options.rate * options.seconds), sep="\n")
    if not options.confirm:
        sys.exit("Nothing was sent. Add CONFIRM=yes to send this load.")
    result = run(url, options.rate, options.seconds)
    print(*format_result(result), sep="\n")
    if result.is_failing() or result.statuses[200] < 0.99 * result.statuses.total():
        sys.exit("More than 1% of the requests failed.")


if __name__ == "__main__":
    with exit_on_failure("No load was sent", LookupError):
        main()
