"""`python -m release.rebuild STAGE`: every original is confirmed again, which rebuilds rows that were lost."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import Any
from urllib.parse import quote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_PER_SECOND = 30
"""Each keeps a function busy for a second or so; the account's other functions need some of its thousand as well."""


def main(stage: str) -> None:
    """Call the function with an event of each object; what has a row stays as it is."""
    session = boto3.Session()
    account = session.client("sts").get_caller_identity()["Account"]
    lambdas = session.client("lambda", config=Config(max_pool_connections=_PER_SECOND))
    count = rebuild(session.client("s3"), lambdas, stage, f"photoshare-{stage}-originals-{account}")
    print(f"{count} originals are confirmed again.")


def rebuild(s3: Any, lambdas: Any, stage: str, bucket: str) -> int:
    """Queue an event for every object of `bucket`; how many."""

    def confirm(found: dict[str, Any]) -> None:
        stored = {
            "bucket": {"name": bucket},
            "object": {"key": quote_plus(found["Key"]), "versionId": found["VersionId"]},
        }
        event = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": stored}]}).encode()
        lambdas.invoke(FunctionName=f"photoshare-{stage}-confirm_upload", InvocationType="Event", Payload=event)

    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    newest = (each for page in pages for each in page.get("Versions", []) if each["IsLatest"])
    count = 0
    with ThreadPoolExecutor(_PER_SECOND) as pool:
        for some in batched(newest, _PER_SECOND):
            count += len(list(pool.map(confirm, some)))
            time.sleep(1)
    return count


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, TypeError) as error:
        sys.exit(f"Not everything was confirmed again: {error}")
