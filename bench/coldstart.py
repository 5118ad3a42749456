"""Cold import of the app, beside the least that any function on S3 and DynamoDB must import.

`python -m bench.coldstart` alternates fresh processes and prints medians and their ratio.
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
            begun = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", code], check=True, env={**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
            )
            seconds[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    for name, median in medians.items():
        print(f"{median * 1000:7.0f} ms  {name}")
    app, floor, python = medians.values()
    print(f"{(app - python) / (floor - python):7.2f}     app / clients, Python's own start taken off")


if __name__ == "__main__":
    main()
