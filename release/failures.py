"""The messages of failed commands."""

import contextlib
import sys
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from chalicelib.domain.errors import Busy

_UNAVAILABLE = (
    "A database or service cannot be reached, or is busy. "
    "Check its address, and that the stage or the local cloud is running."
)


@contextlib.contextmanager
def exit_on_failure(outcome: str, *errors: type[Exception]) -> Iterator[None]:
    """End the command with the message `outcome` and the reason if a call to AWS fails, or one of `errors` is raised.

    If the region or the credentials are missing, or a service is busy, the message says what to do.

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
    except Busy as error:
        # The default message is for clients of the API.
        reason = _UNAVAILABLE if str(error) == str(Busy()) else str(error)
        sys.exit(f"{outcome}: {reason}")
    except failures as error:
        reason = repr(error) if isinstance(error, KeyError) or not str(error) else str(error)
        sys.exit(f"{outcome}: {reason}")
