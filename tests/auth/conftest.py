"""Fixtures of the sign-in tests."""

import pytest

from tests.support.browser import Browser
from tests.support.cloud import Cloud


@pytest.fixture
def browser(shared_cloud: Cloud) -> Browser:
    """A browser without cookies."""
    return Browser(shared_cloud)
