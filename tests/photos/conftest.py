"""Fixtures for the tests of photos."""

from uuid import uuid4

import pytest

from tests.support.cloud import Client, Cloud
from tests.support.sweeps import drain_queue


@pytest.fixture
def ann(shared_cloud: Cloud) -> Client:
    """A user without photos. The job queue is empty."""
    drain_queue(shared_cloud)
    return shared_cloud.person(f"ann-{uuid4()}")
