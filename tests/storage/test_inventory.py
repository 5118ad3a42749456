"""Inventories list the same objects as the buckets."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from chalicelib.infra.exported_files import ExportedFiles
from chalicelib.storage.inventory import InventoryListings, load_inventories
from chalicelib.storage.listings import Listings, Rendition, Version
from tests.support.cloud import Cloud
from tests.support.exports import write_inventories

KEYS = ("ann/1/a b+c%20.jpg", "ann/1/été.jpg", 'ann/2/"x",y.jpg', "ann/\U0001f600", "bob/z", "top.txt", "/x", "zed/1/v")


@pytest.fixture(scope="module")
def listings(deployed: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InventoryListings]:
    """Inventories of buckets with odd keys, several versions and delete markers."""
    originals, renditions = deployed.settings.originals_bucket, deployed.settings.renditions_bucket
    for number, key in enumerate(KEYS):
        for _ in range(1 + number % 2):
            deployed.s3.put_object(Bucket=originals, Key=key, Body=b"x" * number)
        if number % 3 == 0:
            deployed.s3.delete_object(Bucket=originals, Key=key)
    for key in KEYS[::2]:
        deployed.s3.put_object(Bucket=renditions, Key=f"{key}/256.webp", Body=b"y")
    manifests = write_inventories(deployed, tmp_path_factory.mktemp("inventories"))
    with closing(sqlite3.connect(":memory:")) as database:
        load_inventories(database, ExportedFiles(deployed.s3), deployed.settings, manifests)
        yield InventoryListings(database)


def drop_fractions[T: (Version, Rendition)](entries: Iterator[T]) -> list[T]:
    """Return entries with whole seconds, as in an inventory. Sort versions of one key that have the same time."""
    return sorted(entry._replace(modified=entry.modified.replace(microsecond=0)) for entry in entries)


@pytest.mark.parametrize("prefix", ["", "ann/", "ann/1", "ann/2/", "bob/z", "nobody"])
def test_inventory_lists_the_objects_of_the_bucket(deployed: Cloud, listings: InventoryListings, prefix: str) -> None:
    live = deployed.bucket.listings
    versions = [*listings.list_versions(prefix)]
    assert drop_fractions(iter(versions)) == drop_fractions(live.list_versions(prefix))
    assert [item.key for item in versions] == [item.key for item in live.list_versions(prefix)]
    assert [item.is_marker for item in versions] == [item.is_marker for item in live.list_versions(prefix)]
    assert drop_fractions(listings.list_renditions(prefix)) == drop_fractions(live.list_renditions(prefix))


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_inventory_lists_the_top_level_in_pages(deployed: Cloud, listings: InventoryListings, limit: int) -> None:
    def read_pages(source: Listings) -> list[str]:
        names, end = [], ""
        for _ in range(20):
            folders, objects, last = source.list_folders(limit, end)
            names += [*folders, *objects]
            if last is None:
                break
            end = last
        return names

    assert sorted(read_pages(listings)) == sorted({*read_pages(deployed.bucket.listings)})
    assert len(read_pages(listings)) == len({*read_pages(listings)})
