"""The messages of failed commands."""

import contextlib
import sys
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError


@contextlib.contextmanager
def exit_on_failure(outcome: str, *errors: type[Exception]) -> Iterator[None]:
    """End the command with the message `outcome` and the reason if a call to AWS fails, or one of `errors` is raised.

    If the region or the credentials are missing, the message says how to set them.

    Raises:
        SystemExit: the command failed.
    """
    failures: tuple[type[Exception], ...] = (BotoCoreError, ClientError, *errors)
    try:
        yield
    except NoRegionError:
        sys.exit("No region is set. Set AWS_DEFAULT_REGION to the region of the stage.")
    except NoCredentialsError:
        sys.exit("No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    except failures as error:
        reason = repr(error) if isinstance(error, KeyError) or not str(error) else str(error)
        sys.exit(f"{outcome}: {reason}")
