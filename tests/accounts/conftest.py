"""Users whose accounts are cancelled, and their user pool."""

from uuid import uuid4

import pytest

from tests.support.cloud import Client, Cloud
from tests.support.cognito import Cognito
from tests.support.sweeps import drain_queue


@pytest.fixture
def ann(shared_cloud: Cloud) -> Client:
    """A user without data. The tables, the buckets and the job queue are empty."""
    shared_cloud.stored.clear()
    shared_cloud.bucket.erase("")
    drain_queue(shared_cloud)
    return shared_cloud.person(f"ann-{uuid4()}")


@pytest.fixture
def bob(shared_cloud: Cloud) -> Client:
    """Another user."""
    return shared_cloud.person(f"bob-{uuid4()}")


@pytest.fixture
def cognito(shared_cloud: Cloud) -> Cognito:
    """A simulated user pool that contains every user."""
    return Cognito(shared_cloud)
