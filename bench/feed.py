"""Compare the random order with other designs: `python -m bench.feed` prints a table and draws its chart in docs.

Each design makes a whole walk, with one insert and one delete between two pages, and then 10,000 first pages.
"""

import signal
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

from bench import cost, plot, postgres
from bench.designs import LIMIT, Design, Ours, RandomStart, ScanAndSample
from chalicelib.domain.ids import PhotoId
from tests.support import feed_evenness, row_sizes
from tests.support.feed_gallery import Gallery

SIZES = (100, 1_000, 10_000, 100_000)
CHART = Path(__file__).parent.parent / "docs" / "explanation" / "feed.svg"


def measure_walk(design: Design, photos: Gallery) -> tuple[int, float, float]:
    """Make a walk during inserts and deletes. Return its pages, the share of repeats and the share of misses."""
    throughout, counts, pages = photos.ids(), Counter[PhotoId](), 0
    for page in design.pages(photos):
        counts.update(page)
        pages += 1
        throughout.discard(photos.delete() or PhotoId(""))
        photos.insert()
    repeats = counts.total() - len(counts)
    return pages, repeats / counts.total(), len(throughout - counts.keys()) / max(len(throughout), 1)


def first_pages(design: Design, photos: Gallery) -> list[list[PhotoId]]:
    """Return many first pages. If the pages of a design are independent, each page is a first page."""
    # PostgreSQL would need minutes to read a hundred thousand rows for each of 10,000 pages.
    count = 1_000 if design.name == "PostgreSQL" and len(photos.ranks) > 10_000 else feed_evenness.PAGES
    per_walk = 1 if design.in_walk else count
    pages: list[list[PhotoId]] = []
    while len(pages) < count:
        pages += islice(design.pages(photos), per_walk)
    return pages[:count]


def line(design: Design, count: int) -> str:
    """Return a row of the table."""
    photos = Gallery(count, seed=1)
    pages, repeats, misses = measure_walk(design, photos)
    requests, items, units = photos.requests / pages, photos.items / pages, photos.units / pages
    photos = Gallery(count, seed=1)
    p = feed_evenness.singles(photos, first_pages(design, photos)).p
    read = f"{units:>10,.1f}" if units else f"{'-':>10}"
    return (
        f"{design.name:<16} {count:>8,} {requests:>9.1f} {items:>10,.0f} {read} "
        f"{repeats:>8.1%} {misses:>7.1%} {p:>12.2g}"
    )


def chart() -> str:
    """Draw the read units per page by gallery size."""
    sizes = [10**power for power in range(2, 9)]
    lines: dict[str, list[tuple[float, float]]] = {"scan and sample": [], "Photoshare": [], "random start": []}
    for count in sizes:
        pages, _requests, units = cost.simulate(count, pages=20, walks=5)
        lines["Photoshare"].append((count, units / pages))
        lines["scan and sample"].append((count, row_sizes.read_units(count * row_sizes.ROW_BYTES)))
        lines["random start"].append((count, row_sizes.read_units(LIMIT * row_sizes.ROW_BYTES)))
    named = {name: lines[name] for name in ("Photoshare", "scan and sample", "random start")}
    return plot.log_log("A page of ten photos", "photos", "read units", named, ("target: 8", 8))


def main() -> None:
    # By default, PostgreSQL would keep running after a SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    CHART.write_text(chart())
    print(f"{'design':<16} {'photos':>8} {'requests':>9} {'items read':>10} {'read units':>10} ", end="")
    print(f"{'repeats':>8} {'misses':>7} {'chi-square p':>12}")
    designs: list[Design] = [Ours(), ScanAndSample(), RandomStart()]
    for design in designs:
        for count in SIZES:
            print(line(design, count), flush=True)
    try:
        with postgres.running() as database:
            for count in SIZES:
                print(line(database, count), flush=True)
    except postgres.Absent as absent:
        print(absent)


if __name__ == "__main__":
    main()
