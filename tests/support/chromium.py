"""The web page in Chromium: a person with a browser of their own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FloatRect,
    Locator,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from tests.support.images import photo as make_photo
from tests.support.rest import PASSWORD, wait_until
from tests.support.service import Local

# A machine without a display and without internet access needs these flags.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PATIENCE = 30_000
"""The milliseconds that the page may take for one step on a busy machine."""
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Person:
    """A person with a browser. It records the errors and the requests of the page."""

    def __init__(self, context: BrowserContext, local: Local) -> None:
        self.context, self.local = context, local
        self.page: Page = context.new_page()
        self.email, self.token = "", ""
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.expected_statuses: set[int] = set()
        self.expected_offline = False
        self.page.on("console", self._read)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def join(self, name: str) -> None:
        """Create an account through the API, and sign this browser in."""
        self.email = self.local.address(name)
        self.token = self.local.sign_up(self.email)
        self.sign_in(self.email)

    def sign_in(self, email: str) -> None:
        """Set the refresh cookie as the page's own sign-in does."""
        headers = {"X-Requested-With": "test", "Origin": self.local.url}
        answer = self.context.request.post("/login", data={"email": email, "password": PASSWORD}, headers=headers)
        assert answer.status == 200, answer.text()

    def upload(self, count: int = 1, seed: int = 0, edges: tuple[int, int] = (400, 300), **fields: Any) -> list[str]:
        """Upload photos through the API, and return their ids. The first one is the oldest upload."""
        return [self.upload_file(make_photo(*edges, seed=seed + number), **fields) for number in range(count)]

    def upload_file(self, body: bytes, **fields: Any) -> str:
        """Upload a photo through the API, and return its id."""
        grant = self.local.grant(self.token, **fields)
        stored = self.context.request.put(grant["uploadUrl"], data=body, headers=grant["headers"])
        assert stored.status == 200, stored.text()
        answer = self.local.call("POST", f"/photos/{grant['photoId']}/complete", token=self.token)
        assert answer.status == 200, answer
        return str(grant["photoId"])

    def open(self, path: str) -> None:
        """Open an address of the page, and wait until its view is shown."""
        self.page.goto(path)
        expect(self.page.locator("main#view > *").first).to_be_attached()

    def tiles(self) -> Any:
        """Return the locator of all tiles near the screen."""
        return self.page.locator("main li.tile")

    def tile(self, photo_id: str) -> Any:
        """Return the locator of a photo's tile."""
        return self.page.locator(f"main li.tile[data-photo-id='{photo_id}']")

    def swipe(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Move a finger over the screen."""
        devices = self.context.new_cdp_session(self.page)
        steps = [(start[0] + (end[0] - start[0]) * n / 5, start[1] + (end[1] - start[1]) * n / 5) for n in range(6)]
        for kind, (x, y) in zip(["touchStart", *["touchMove"] * 5], steps, strict=True):
            devices.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        devices.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        # Chromium makes no click of a tap that follows at once.
        self.page.wait_for_timeout(1_000)

    def _read(self, line: ConsoleMessage) -> None:
        # On each visit, the page asks for a session. Chromium logs the 401 of a visitor as an error.
        expected = line.location["url"].endswith("/token") or any(
            f"status of {status} " in line.text for status in self.expected_statuses
        )
        expected |= self.expected_offline and "ERR_INTERNET_DISCONNECTED" in line.text
        if line.type == "error" and not expected:
            self.errors.append(f"{line.location['url']}: {line.text}")


def find_chromium() -> str | None:
    """Return the path of Chromium. The headless shell is the same browser without windows, and needs less CPU."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


@contextmanager
def start_playwright() -> Iterator[Playwright]:
    """Start Playwright, which a process can do only once at a time."""
    expect.set_options(PATIENCE)
    with sync_playwright() as playwright:
        yield playwright


@contextmanager
def launch_chromium(playwright: Playwright) -> Iterator[Browser]:
    """Start Debian's Chromium."""
    browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
    yield browser
    browser.close()


def find_box(locator: Locator) -> FloatRect:
    """Return the place of an element that is shown."""
    boxes: list[FloatRect] = []

    def has_box() -> bool:
        # The page may replace the element at any time.
        boxes.extend(filter(None, [locator.bounding_box()]))
        return bool(boxes)

    wait_until(has_box, PATIENCE / 1000)
    return boxes[0]


def write_photos(folder: Path, count: int, seed: int = 0) -> list[str]:
    """Write small JPEG files with different contents. Return their paths."""
    folder.mkdir(exist_ok=True)
    files = [folder / f"photo-{number:03}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(make_photo(400, 300, seed=seed + number))
    return [str(file) for file in files]
