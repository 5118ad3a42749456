"""Measure the web page in headless Chromium: `python -m bench.page` prints a table of its figures and their budgets.

Each figure comes from a local service of its own, with real uploads for the first load and for the uploads. For 300 and
3,000 tiles, `bench.page_lists` answers the list requests. With `--before FOLDER`, measure the page of an older checkout
too. It needs Debian's `chromium`. Measure on an idle machine.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from bench.page_lists import LongList, make_pictures
from chalicelib.renditions import Rendered
from tests.support.chromium import DESKTOP, Person, launch_chromium, start_playwright, write_photos
from tests.support.paths import ROOT
from tests.support.service import Local

_UPLOADS = 60
_WATCH_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifts += value;
}).observe({ type: "layout-shift", buffered: true });
"""
_READ_REQUESTS = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map(({ name, initiatorType, startTime, responseEnd, encodedBodySize }) =>
    ({ url: name, kind: initiatorType, start: startTime, end: responseEnd, bytes: encodedBodySize }))"""
_IS_LOADED = """() => [...document.images].every((image) => {
  const { top, bottom } = image.getBoundingClientRect();
  return image.complete || bottom < 0 || top > innerHeight;
})"""
_STEP_DOWN = """() => {
  const before = scrollY;
  scrollBy(0, innerHeight);
  return scrollY > before;
}"""
_COUNT_ELEMENTS = "document.getElementsByTagName('*').length"


class Figure(NamedTuple):
    """A figure of the page, its budget, and how to print it."""

    name: str
    budget: str
    form: str


FIGURES = {
    "cpu": Figure("main-thread CPU for 300 tiles", "0.6 s", "{:.2f} s"),
    "script": Figure("of which scripts", "", "{:.2f} s"),
    "placeholders": Figure("of which placeholders", "", "{:.2f} s"),
    "memory": Figure("renderer memory at 3,000 tiles", "250 MB", "{:.0f} MB"),
    "cached": Figure("with Chromium's cache of decoded pictures", "", "{:.0f} MB"),
    "elements": Figure("elements at 3,000 tiles", "1,500", "{:,.0f}"),
    "first_shift": Figure("layout shift at first load", "0.01", "{:.4f}"),
    "upload_shift": Figure("layout shift while 60 uploads finish", "0.1", "{:.4f}"),
    "bytes": Figure("own bytes of a first view, compressed", "60 KB", "{:,.0f}"),
    "rounds": Figure("requests in series up to the first photo", "", "{:.0f}"),
}


class Bench(NamedTuple):
    """A browser, and the service of the page that it measures."""

    browser: Browser
    service: Local
    pictures: list[Rendered]

    @contextmanager
    def open_context(self) -> Iterator[BrowserContext]:
        """Open a browser profile that has never seen the page."""
        context = self.browser.new_context(base_url=self.service.url, locale="en-GB", **DESKTOP)
        context.set_default_timeout(120_000)
        context.add_init_script(_WATCH_SHIFTS)
        yield context
        context.close()


def measure_cpu(bench: Bench) -> dict[str, float]:
    """Return the CPU seconds of the main thread, until 300 photos have been seen."""
    used, used_by_scripts = _measure_walk(bench, has_placeholders=True)
    without, _ = _measure_walk(bench, has_placeholders=False)
    return {"cpu": used, "script": used_by_scripts, "placeholders": max(0.0, used - without)}


def _measure_walk(bench: Bench, *, has_placeholders: bool) -> tuple[float, float]:
    with bench.open_context() as context:
        LongList(bench.pictures, 300, has_placeholders).answer_in(context)
        page = context.new_page()
        # An empty document of the same origin, so that the renderer process stays the same.
        page.goto("/web/icons/icon.svg")
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _read_metrics(session)
        page.goto("/")
        _walk(page)
        after = _read_metrics(session)
    used = {name: after[name] - before[name] for name in after}
    # The commands of this benchmark are no work of the page.
    return used["TaskDuration"] - used["DevToolsCommandDuration"], used["ScriptDuration"]


def _read_metrics(session: Any) -> dict[str, float]:
    return {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}


def measure_memory(bench: Bench) -> dict[str, float]:
    """Return the memory after a walk through 3,000 photos, and the largest number of elements on the way.

    Chromium fills a cache of decoded pictures up to 512 MB on every page, and drops it if memory is short. Read the
    memory with the cache, and after it was dropped.
    """
    elements = 0
    with bench.open_context() as context:
        LongList(bench.pictures, 3_000).answer_in(context)
        page = context.new_page()
        page.goto("/")

        def count() -> None:
            nonlocal elements
            elements = max(elements, page.evaluate(_COUNT_ELEMENTS))

        _walk(page, count)
        cached = _read_memory(bench.browser) / 1e6
        context.new_cdp_session(page).send("Memory.simulatePressureNotification", {"level": "critical"})
        page.wait_for_timeout(3_000)
        return {"memory": _read_memory(bench.browser) / 1e6, "cached": cached, "elements": elements}


def _read_memory(browser: Browser) -> int:
    """Return the private bytes of the largest renderer process."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return max(_read_private_bytes(process["id"]) for process in processes if process["type"] == "renderer")


def _read_private_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def _walk(page: Page, at_each_screen: Callable[[], None] = lambda: None) -> None:
    """Scroll to the end of the list, and wait for the pictures on each screen."""
    page.wait_for_selector("main li img")
    is_moving = True
    while is_moving:
        page.wait_for_timeout(200)
        deadline = time.monotonic() + 60
        while not page.evaluate(_IS_LOADED) and time.monotonic() < deadline:
            page.wait_for_timeout(100)
        at_each_screen()
        is_moving = page.evaluate(_STEP_DOWN)
        if not is_moving:
            # The next page of the list may still be on its way.
            page.wait_for_timeout(1_000)
            is_moving = page.evaluate(_STEP_DOWN)


def measure_first_load(bench: Bench) -> dict[str, float]:
    """Return the layout shift, the bytes and the requests in series of a visitor's first view."""
    with bench.open_context() as context:
        page = context.new_page()
        held: list[Route] = []
        context.route("**/token", lambda route: held.append(route))
        page.goto("/")
        # Hold the answer about the session, so that it precedes the photos only if the page waits for it.
        page.wait_for_timeout(5_000)
        for route in held:
            route.continue_()
        page.wait_for_selector("main li img")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1_000)
        requests = page.evaluate(_READ_REQUESTS)
        shift = page.evaluate("shifts")
    own = [each for each in requests if each["url"] == requests[0]["url"] or "/web/" in each["url"]]
    photo = next(each for each in requests if each["kind"] == "img" and "/web/" not in each["url"])
    # Nothing waits for the icon.
    causes = [each for each in requests[1:] if not each["url"].endswith(".svg")]
    return {
        "first_shift": shift,
        "bytes": sum(each["bytes"] for each in own),
        "rounds": _count_rounds(photo, causes),
    }


def _count_rounds(request: dict[str, Any], requests: list[dict[str, Any]]) -> int:
    """Return the length of the longest series of requests that ends with this one. The document is its first.

    A request may have waited for all those that ended before its start, so this is an upper bound.
    """
    earlier = [each for each in requests if each["end"] <= request["start"] and each["start"] < request["start"]]
    return 1 + max((_count_rounds(each, earlier) for each in earlier), default=1)


def measure_uploads(bench: Bench) -> dict[str, float]:
    """Return the layout shift of the library while uploads finish."""
    with bench.open_context() as context, tempfile.TemporaryDirectory() as folder:
        person = Person(context, bench.service)
        person.join("page")
        person.upload(12, seed=500)
        person.open("/library?order=newest")
        page = person.page
        page.wait_for_selector("main li img.loaded")
        with page.expect_file_chooser() as chooser:
            page.locator(".bar-upload").click()
        chooser.value.set_files(write_photos(Path(folder) / "photos", _UPLOADS, seed=600))
        page.locator(".sheet footer button.primary").click()
        expect(page.locator(".tray h2")).to_have_text(f"{_UPLOADS} photos uploaded", timeout=300_000)
        page.wait_for_timeout(2_000)
        return {"upload_shift": page.evaluate("shifts")}


def measure(root: Path, pictures: list[Rendered], *, is_current: bool) -> dict[str, float]:
    """Return all figures of a checkout. Older pages upload in another way, so they have no figure for it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start_playwright() as playwright,
        launch_chromium(playwright) as browser,
    ):
        service = Local(Path(folder) / "data", root)
        try:
            bench = Bench(browser, service, pictures)
            with bench.open_context() as context:
                owner = Person(context, service)
                owner.email = service.address("owner")
                owner.token = service.sign_up(owner.email)
                for photo_id in owner.upload(12, visibility="public"):
                    service.wait_ready(photo_id, owner.token)
            figures = measure_first_load(bench) | measure_cpu(bench) | measure_memory(bench)
            return figures | (measure_uploads(bench) if is_current else {})
        finally:
            service.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="a checkout of an older release")
    options = parser.parse_args()
    pictures = make_pictures()
    before = measure(options.before.resolve(), pictures, is_current=False) if options.before else {}
    now = measure(ROOT, pictures, is_current=True)
    print("| figure | before | now | budget |\n|---|---|---|---|")
    for key, figure in FIGURES.items():
        cells = [figure.form.format(figures[key]) if key in figures else "" for figures in (before, now)]
        print(f"| {figure.name} | {' | '.join(cells)} | {figure.budget} |")


if __name__ == "__main__":
    main()
