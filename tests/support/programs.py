"""Programs that only some machines have."""

import os
from typing import NoReturn

import pytest


def skip_except_in_ci(message: str) -> NoReturn:
    """Skip the test because a program is not installed. Fail in CI, which has all programs."""
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
