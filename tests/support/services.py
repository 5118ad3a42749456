"""Rebuild the services, as a new Lambda environment does."""

from chalicelib import wiring

WITH_CLIENTS = {
    *("dynamodb", "queue", "bucket", "photo_store", "album_store", "idempotency_store"),
    *("account_deletion_store", "account_store", "share_link_store", "rating_store", "search_index"),
}
"""Services with the AWS clients that a test watches."""


def rebuild_services() -> None:
    """Drop every service except those with AWS clients. The next use reads the environment again."""
    for name, built in vars(wiring).items():
        if hasattr(built, "cache_clear") and name not in WITH_CLIENTS:
            built.cache_clear()
