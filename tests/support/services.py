"""Rebuild the services, as in a new Lambda environment."""

from chalicelib import wiring

WITH_CLIENTS = {"dynamodb", "database", "stores", "queue", "bucket"}
"""The services whose connections and event handlers of a test must stay."""


def rebuild_services() -> None:
    """Drop every service except those with AWS clients. The next use reads the environment again."""
    for name, factory in vars(wiring).items():
        if hasattr(factory, "cache_clear") and name not in WITH_CLIENTS:
            factory.cache_clear()
