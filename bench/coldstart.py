"""Measure the cold start of the API function on this machine.

`python -m bench.coldstart` starts new processes in turn. It prints the median CPU time of the import of the app, of
this import with the services that most requests use, and of the minimum import of any function with S3 and DynamoDB.
"""

import os
import statistics
import sys

RUNS = 15
CASES = {
    "import app": "import app",
    "boto3 + S3 and DynamoDB clients": "import boto3; boto3.client('s3'); boto3.client('dynamodb')",
    "nothing": "pass",
    "import app + services": "import app",
}
NAMES = """PHOTO_TABLE ALBUM_TABLE ENTRY_TABLE ACCOUNT_TABLE RATING_TABLE TERM_TABLE ORIGINALS_BUCKET RENDITIONS_BUCKET
JOB_QUEUE_URL USER_POOL_ID USER_POOL_CLIENT_ID COGNITO_DOMAIN BASE_URL SIGNING_KEYS"""
ENVIRONMENT = {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, code in CASES.items():
            # With this type, the import builds the services, as the first request does otherwise.
            kind = "provisioned-concurrency" if "services" in name else "on-demand"
            environment = {**os.environ, **dict.fromkeys(NAMES.split(), "x"), **ENVIRONMENT}
            process = os.posix_spawn(
                sys.executable, [sys.executable, "-c", code], environment | {"AWS_LAMBDA_INITIALIZATION_TYPE": kind}
            )
            _, status, usage = os.wait4(process, 0)
            if status:
                sys.exit(f"The process has failed: {code}")
            seconds[name].append(usage.ru_utime + usage.ru_stime)
    medians = {name: statistics.median(durations) for name, durations in seconds.items()}
    for name, median in medians.items():
        print(f"{median * 1000:7.0f} ms  {name}")
    app, floor, python, services = medians.values()
    print(f"{(app - python) / (floor - python):7.2f}     app / clients, without the start of Python")
    print(f"{(services - app) / (services - python):7.2f}     part of the services in app + services")


if __name__ == "__main__":
    main()
