"""Compare the cold import of the app with the minimum import of any function that uses S3 and DynamoDB.

`python -m bench.coldstart` starts new processes in turn and prints the medians and their ratio.
"""

import os
import statistics
import subprocess
import sys
import time

RUNS = 15
CASES = {
    "import app": "import app",
    "boto3 + S3 and DynamoDB clients": "import boto3; boto3.client('s3'); boto3.client('dynamodb')",
    "nothing": "pass",
}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, code in CASES.items():
            started = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", code], check=True, env={**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
            )
            seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(durations) for name, durations in seconds.items()}
    for name, median in medians.items():
        print(f"{median * 1000:7.0f} ms  {name}")
    app, floor, python = medians.values()
    print(f"{(app - python) / (floor - python):7.2f}     app / clients, without the start of Python")


if __name__ == "__main__":
    main()
