"""Request to reindex the photos of all users after an upgrade: `python -m release.reindex STAGE`.

The command adds a request for each account. The hourly sweep starts a job for each request. Repeat the command if it
fails: jobs skip the photos that are up to date.
"""

import sys
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Busy
from chalicelib.domain.ids import UserId, format_timestamp
from chalicelib.infra import aws
from chalicelib.infra.settings import MissingSetting, Settings, load_settings
from chalicelib.stores.dynamodb.user_requests import DynamoUserRequestStore


def main(stage: str) -> None:
    """Add the requests of a stage, in the tables that its functions use."""
    lambdas = boto3.client("lambda")
    function = lambdas.get_function_configuration(FunctionName=f"photoshare-{stage}")
    settings = load_settings({"AWS_REGION": lambdas.meta.region_name, **function["Environment"]["Variables"]})
    count = request_reindexing(aws.create_client("dynamodb"), settings, datetime.now(UTC))
    print(f"Requested to reindex the photos of {count} users. The hourly sweep starts the jobs.")


def request_reindexing(dynamodb: Any, settings: Settings, now: datetime) -> int:
    """Add a request for each account that is not cancelled, and return the number of requests."""
    requests, time = DynamoUserRequestStore(settings, dynamodb, kind="reindex"), format_timestamp(now)
    count = 0
    for page in dynamodb.get_paginator("scan").paginate(TableName=settings.account_table, ConsistentRead=True):
        for row in page["Items"]:
            if row["record"]["S"] == "account" and "cancelledAt" not in row:
                requests.add(UserId(row["userId"]["S"]), time, time)
                count += 1
    return count


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ClientError, BotoCoreError, Busy, MissingSetting, TypeError) as error:
        sys.exit(f"Some requests are missing: {error}")
