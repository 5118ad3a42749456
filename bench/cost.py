"""Measure the requests, read units and dollars of a page of ten photos, by gallery size: `python -m bench.cost`.

Galleries of up to 10,000 photos use the real store on the emulated cloud. Larger galleries, and galleries or limits
that change during a walk, use a simulated index with the same code. `python -m bench.cost simulated` leaves out the
store.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chalicelib.domain import feed
from chalicelib.domain.ids import UserId
from chalicelib.domain.queries import PhotoQuery
from chalicelib.infra.settings import load_settings
from chalicelib.photos.lists import PhotoLists
from chalicelib.stores.dynamodb import items
from chalicelib.stores.dynamodb.stores import build_stores
from local import cloud
from tests.support import feed_gallery, row_sizes
from tests.support.feed_gallery import BigGallery, Gallery
from tests.support.presenters import RowPresenter
from tests.support.read_meter import Meter, metered

MIN_DEPTH = feed.PUBLIC_MIN_DEPTH
STORED = (100, 1_000, 10_000)
SIMULATED = (10**3, 10**4, 10**5, 10**6, 10**7, 10**8)
PAGES = 100
"""The number of pages of a walk through a larger gallery."""


def line(name: str, pages: int, requests: int, units: float) -> str:
    """Return a row of the table."""
    dollars = units / pages * row_sizes.DOLLARS_PER_MILLION_UNITS
    return f"{name:<38} {requests / pages:>8.2f} {units / pages:>10.2f} {dollars:>10.2f}"


def measure_store() -> Iterator[str]:
    """Measure first pages and walks on the emulated cloud, in a gallery that grows to each size."""
    with tempfile.TemporaryDirectory() as data, cloud.run_cloud(Path(data), 0) as running:
        client, settings = running.client("dynamodb"), load_settings(running.env)
        stores = build_stores(settings, client)
        feed, existing = PhotoLists(stores.photos, stores.timeline, RowPresenter(), ["key"]), 0
        for count in STORED:
            for number in range(existing, count):
                row = items.encode_photo(row_sizes.typical_photo(number, user_id=UserId("ann")))
                client.put_item(TableName=settings.photo_table, Item=row)
            existing = count
            with metered(client) as meter:
                for _ in range(PAGES):
                    feed.list_page(PhotoQuery(), by=None)
            yield line(f"{count:,} stored, first pages", PAGES, *_only_queries(meter))
            with metered(client) as meter:
                pages, last_key = 0, None
                while pages == 0 or (last_key and pages < 10 * PAGES):
                    last_key = feed.list_page(PhotoQuery(last_key=last_key), by=None).last_key
                    pages += 1
            yield line(f"{count:,} stored, a walk of {pages:,} pages", pages, *_only_queries(meter))


def simulate(count: int, pages: int, walks: int = 25, limit: int = 10) -> tuple[int, int, float]:
    """Return the pages, requests and read units of the first pages of walks in several galleries of a size."""
    page_count, requests, units = 0, 0, 0.0
    for seed in range(8):
        photos = BigGallery(count, seed)
        for _ in range(walks):
            page_count += len(feed_gallery.walk(photos, MIN_DEPTH, [limit], pages)[0])
        requests, units = requests + photos.requests, units + photos.units
    return page_count, requests, units


def measure_new_limit(first: int, later: int, count: int = 20_000, walks: int = 200) -> str:
    """Measure the second page of walks, if its limit differs from the limit of the first page."""
    photos, requests, units = Gallery(count, seed=1), 0, 0.0
    for _ in range(walks):
        _items, place = photos.first_page(first, MIN_DEPTH)
        assert place
        photos.forget()
        feed.read_page(place, later, photos.read, MIN_DEPTH)
        requests, units = requests + photos.requests, units + photos.units
    return line(f"a page of {later} after a page of {first}", walks, requests, units)


def measure_change(factor: float, progress: float, count: int = 20_000) -> str:
    """Measure the pages after the share `progress` of a walk, when the gallery grows or shrinks by `factor`."""
    photos = Gallery(count, seed=1)
    _items, place = photos.first_page(10, MIN_DEPTH)
    assert place
    place = place.move_to(int(place.bucket_count * progress))
    if factor < 1:
        photos.ranks = sorted(photos.rng.sample(photos.ranks, int(count * factor)))
    else:
        fresh = Gallery(int(count * (factor - 1)), seed=2)
        photos.ranks = sorted(photos.ranks + fresh.ranks)
    photos.forget()
    pages = 0
    while place and pages < PAGES:
        _items, place = feed.read_page(place, 10, photos.read, MIN_DEPTH)
        pages += 1
    name = f"{factor:g} times as many at {progress:.0%}"
    return line(name, pages, photos.requests, photos.units)


def _only_queries(meter: Meter) -> tuple[int, float]:
    if set(meter.calls) != {"Query"}:
        raise AssertionError(f"The feed made other calls than queries: {dict(meter.calls)}.")
    return meter.calls.total(), meter.units


def main() -> None:
    print(f"A row has {row_sizes.ROW_BYTES} bytes. A million read units cost ${row_sizes.DOLLARS_PER_MILLION_UNITS}.")
    print(f"{'photos':<38} {'requests':>8} {'read units':>10} {'$/million':>10}   per page of 10")
    if sys.argv[1:] != ["simulated"]:
        for result in measure_store():
            print(result, flush=True)
    for count in SIMULATED:
        print(line(f"{count:,} simulated, first pages", *simulate(count, pages=1)), flush=True)
        print(line(f"{count:,} simulated, {PAGES} pages of a walk", *simulate(count, pages=PAGES, walks=4)), flush=True)
    for limit in (50, 100):
        print(line(f"1,000,000 simulated, first pages of {limit}", *simulate(10**6, 1, limit=limit)))
        print(line(f"1,000,000 simulated, 100 pages of {limit}", *simulate(10**6, PAGES, 4, limit)), flush=True)
    for first, later in ((10, 100), (100, 10)):
        print(measure_new_limit(first, later), flush=True)
    for factor, progress in ((0.1, 0.9), (10, 0.1)):
        print(measure_change(factor, progress), flush=True)


if __name__ == "__main__":
    main()
