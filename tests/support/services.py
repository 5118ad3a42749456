"""Rebuild the services, as in a new Lambda environment."""

from chalicelib import wiring

WITH_CLIENTS = {
    *("dynamodb", "queue", "bucket", "photo_store", "album_store", "idempotency_store"),
    *("account_deletion_store", "account_store", "share_link_store", "rating_store", "search_index", "timeline_store"),
}
"""The services whose AWS clients have event handlers of a test."""


def rebuild_services() -> None:
    """Drop every service except those with AWS clients. The next use reads the environment again."""
    for name, factory in vars(wiring).items():
        if hasattr(factory, "cache_clear") and name not in WITH_CLIENTS:
            factory.cache_clear()
