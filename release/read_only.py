"""Make a stage read-only, or allow changes again: `python -m release.read_only STAGE [--off]`.

The API refuses each change with 503. The other functions are stopped. Uploads and jobs wait, and are retried later.
A deployment can let the API accept changes again, but does not start the other functions.
"""

import sys
from typing import Any

import boto3

from chalicelib.deploy.provisioning import ALIAS
from release.failures import exit_on_failure

_BACKGROUND = ("confirm_upload", "reconcile", "run_job", "sweep")
_VARIABLE = "READ_ONLY"


def main(stage: str, *flags: str) -> None:
    """Make a stage read-only, or allow changes again if the flag `--off` is given."""
    if flags not in ((), ("--off",)):
        raise ValueError(f"unknown arguments {flags}")
    set_read_only(boto3.client("lambda"), stage, is_on=not flags)
    if flags:
        print(f"The stage {stage} accepts changes again.")
    else:
        print(f"The stage {stage} is read-only until its next deployment. Running jobs may write for up to 15 minutes.")


def set_read_only(lambdas: Any, stage: str, *, is_on: bool) -> None:
    """Stop or start all writes of a stage. Repeated calls change nothing."""
    api = f"photoshare-{stage}"
    if is_on:
        mark_read_only(lambdas, api, is_on=True)
    for name in _BACKGROUND:
        if is_on:
            lambdas.put_function_concurrency(FunctionName=f"{api}-{name}", ReservedConcurrentExecutions=0)
        else:
            lambdas.delete_function_concurrency(FunctionName=f"{api}-{name}")
    if not is_on:
        mark_read_only(lambdas, api, is_on=False)


def mark_read_only(lambdas: Any, api: str, *, is_on: bool) -> None:
    """Set or remove the variable of the API function, and let the API use this configuration."""
    environment = lambdas.get_function_configuration(FunctionName=api)["Environment"]["Variables"]
    others = {name: value for name, value in environment.items() if name != _VARIABLE}
    variables = others | ({_VARIABLE: "1"} if is_on else {})
    if variables != environment:
        lambdas.update_function_configuration(FunctionName=api, Environment={"Variables": variables})
        lambdas.get_waiter("function_updated_v2").wait(FunctionName=api)
    try:
        lambdas.get_alias(FunctionName=api, Name=ALIAS)
    except lambdas.exceptions.ResourceNotFoundException:
        return  # The API calls the function itself.
    version = lambdas.publish_version(FunctionName=api)["Version"]
    lambdas.update_alias(FunctionName=api, Name=ALIAS, FunctionVersion=version)


if __name__ == "__main__":
    with exit_on_failure("The stage was not changed completely. Run the command again", TypeError, ValueError):
        main(*sys.argv[1:])
