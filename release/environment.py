"""The environment variables of a stage, with which a command runs the code of the service."""

import os
import shlex
import sys
from pathlib import Path

import boto3


def load_environment(stage: str, data: Path = Path(".data")) -> None:
    """Set the environment variables of a stage. A running local cloud has them in the directory `data`.

    Raises:
        SystemExit: the local cloud has no such directory.
    """
    if stage != "local":
        os.environ |= read_variables(stage)
        return
    if not (data / "env").exists():
        sys.exit(f"There is no local cloud in {data}. Start it with `make run`, or name its directory with DATA=.")
    lines = (data / "env").read_text().splitlines()
    variables = dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in lines)
    # The file names the profile of the API. The operator is the administrator of the local cloud.
    os.environ |= variables | {"AWS_PROFILE": "administrator"}


def read_variables(stage: str) -> dict[str, str]:
    """Return the environment variables of the API function of a stage in AWS, including its region."""
    lambdas = boto3.client("lambda")
    function = lambdas.get_function_configuration(FunctionName=f"photoshare-{stage}")
    region = lambdas.meta.region_name
    return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, **function["Environment"]["Variables"]}
