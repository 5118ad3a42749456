"""The web page in a real browser, with sign-in on the hosted UI."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.support.images import photo as make_photo
from tests.support.rest import PASSWORD
from tests.support.service import Local

pytestmark = pytest.mark.xdist_group("local")

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


class WatchedPage:
    """A page that records its errors and requests."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._read)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def _read(self, line: ConsoleMessage) -> None:
        # On each visit, the page checks for a session. Without a session, Chromium logs the 401 as an error.
        expected = line.location["url"].endswith(("/token", "/favicon.ico"))
        if line.type == "error" and not expected:
            self.errors.append(f"{line.location['url']}: {line.text}")


@pytest.fixture
def browser(local: Local) -> Iterator[WatchedPage]:
    """Chromium with an empty profile."""
    chromium = shutil.which("chromium")
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = launched.new_context(base_url=local.url, accept_downloads=True)
        context.set_default_timeout(15_000)
        yield WatchedPage(context.new_page())
        launched.close()


def sign_in(page: Page, email: str) -> None:
    page.goto("/")
    page.click("#sign-in")
    page.fill("#username", email)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator("#sign-out")).to_be_visible()


def test_user_signs_in_uploads_views_downloads_and_deletes_a_photo(
    local: Local, browser: WatchedPage, tmp_path: Path
) -> None:
    local.sign_up("page@example.com")
    page = browser.page
    photo = tmp_path / "harbour.jpg"
    photo.write_bytes(make_photo(4000, 3000))
    sign_in(page, "page@example.com")

    page.set_input_files("#file-input", [str(photo)])
    expect(page.locator("#uploads li[data-state=ready]")).to_have_count(1)
    mine = page.locator("#gallery [data-photo-id]").first
    photo_id = mine.get_attribute("data-photo-id")

    page.reload()
    expect(page.locator("#sign-out")).to_be_visible()
    page.select_option("#order", "newest")
    tile = page.locator(f"#gallery [data-photo-id='{photo_id}']")
    expect(tile.locator("img")).to_have_js_property("complete", True)
    assert tile.locator("img").evaluate("image => image.naturalWidth") > 0
    tile.locator("a").click()
    expect(page.locator("#lightbox")).to_be_visible()
    wait_for_picture(page, 1024)
    with page.expect_download() as download:
        page.click("#lightbox-download")
    assert Path(download.value.path()).read_bytes() == photo.read_bytes()
    assert download.value.suggested_filename == "harbour.jpg"

    page.click("#lightbox-delete")
    page.click("#confirm-yes")
    expect(page.locator(f"#gallery [data-photo-id='{photo_id}']")).to_have_count(0)
    assert read_web_storage(page) == {"local": {}, "session": {}}
    assert not any("access_token" in url or "eyJ" in url for url in browser.requests)

    page.click("#sign-out")
    page.wait_for_url(f"{local.url}/**")
    expect(page.locator("#sign-in")).to_be_visible()
    assert browser.errors == []


def search(page: Page, words: str) -> None:
    page.fill("#search", words)
    page.press("#search", "Enter")


def test_search_field_finds_photos_by_their_words(local: Local, browser: WatchedPage, tmp_path: Path) -> None:
    token = local.sign_up("words@example.com")
    page = browser.page
    files = [tmp_path / f"{number}.jpg" for number in range(2)]
    for number, file in enumerate(files):
        file.write_bytes(make_photo(400, 300, seed=number))
    sign_in(page, "words@example.com")
    page.set_input_files("#file-input", [*map(str, files)])
    expect(page.locator("#uploads li[data-state=ready]")).to_have_count(2)
    first_id, second_id = (
        item["photoId"] for item in local.call("GET", "/photos", token=token, scope="mine").json["items"]
    )
    for photo_id, title in ((first_id, "Café by the harbour"), (second_id, "Harbour <b>at</b> night")):
        assert local.call("PATCH", f"/photos/{photo_id}", {"title": title}, token).status == 200

    tiles = page.locator("#gallery [data-photo-id]")
    page.select_option("#scope", "mine")
    search(page, "HARBOUR cafe")
    expect(tiles).to_have_count(1)
    assert tiles.first.get_attribute("data-photo-id") == first_id
    expect(page.locator("#order")).to_be_disabled()
    search(page, "harb")
    expect(tiles).to_have_count(2)
    search(page, "<b>harbour</b> mountain")
    expect(tiles).to_have_count(0)
    expect(page.locator("#gallery-note")).to_have_text("No photo holds all of these words.")
    page.select_option("#scope", "trash")
    expect(page.locator("#search")).to_be_disabled()
    page.select_option("#scope", "mine")
    search(page, "")
    expect(tiles).to_have_count(2)
    expect(page.locator("#order")).to_be_enabled()
    assert browser.errors == []


@pytest.mark.parametrize("address", ["/library", "/a/x", "/p/01900000-0000-7000-8000-000000000000", "/s/x?utm=1"])
def test_page_starts_at_each_of_its_addresses(browser: WatchedPage, address: str) -> None:
    browser.page.goto(address)
    expect(browser.page.locator("#sign-in")).to_be_visible()
    assert browser.errors == []


def test_several_files_upload_at_once_and_the_lightbox_works_by_keyboard(
    local: Local, browser: WatchedPage, tmp_path: Path
) -> None:
    local.sign_up("keys@example.com")
    page = browser.page
    files = []
    for number in range(4):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(make_photo(400, 300, seed=number))
        files.append(str(file))
    (tmp_path / "no-photo.jpg").write_bytes(b"this is no photo")
    sign_in(page, "keys@example.com")
    page.set_input_files("#file-input", [*files, str(tmp_path / "no-photo.jpg")])
    expect(page.locator("#uploads li[data-state=ready]")).to_have_count(4)
    rejected = page.locator("#uploads li[data-state=rejected]")
    expect(rejected).to_have_count(1)
    expect(rejected).to_contain_text("not a photo")

    page.select_option("#scope", "mine")
    expect(page.locator("#gallery [data-photo-id]")).to_have_count(4)
    page.locator("#gallery [data-photo-id] a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lightbox")).to_be_visible()
    sources = set()
    for _ in range(4):
        wait_for_picture(page, 1)
        sources.add(page.locator("#lightbox-image").get_attribute("src"))
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    assert len(sources) == 4
    page.keyboard.press("Escape")
    expect(page.locator("#lightbox")).to_be_hidden()
    assert page.evaluate("document.activeElement.closest('#gallery') !== null")


def test_hostile_text_is_shown_as_plain_text(local: Local, browser: WatchedPage, tmp_path: Path) -> None:
    local.sign_up("evil@example.com")
    hostile = "<img src=x onerror=alert(1)>"
    token = local.log_in("evil@example.com")
    page = browser.page
    sign_in(page, "evil@example.com")
    file = tmp_path / f"{hostile}.jpg".replace("/", "")
    file.write_bytes(make_photo(200, 150))
    page.set_input_files("#file-input", [str(file)])
    expect(page.locator("#uploads li[data-state=ready]")).to_have_count(1)
    expect(page.locator("#uploads")).to_contain_text(hostile)
    listed: list[dict[str, Any]] = local.call("GET", "/photos", token=token, scope="mine").json["items"]
    changes = {"title": hostile, "description": hostile, "tags": [hostile]}
    assert local.call("PATCH", f"/photos/{listed[0]['photoId']}", changes, token).status == 200
    page.select_option("#scope", "mine")
    page.reload()
    page.select_option("#scope", "mine")
    page.locator("#gallery [data-photo-id] a").first.click()
    expect(page.locator("#lightbox-title")).to_have_text(hostile)
    expect(page.locator("#lightbox-description")).to_have_text(hostile)
    page.goto(f"/callback?error=access_denied&error_description={hostile}")
    assert page.locator("img").count() == 0
    assert [error for error in browser.errors if "/callback" not in error] == []


def wait_for_picture(page: Page, width: int) -> None:
    """Wait until the lightbox shows an image of at least `width` pixels.

    The content security policy of the page blocks `wait_for_function` of Playwright.
    """
    for _ in range(100):
        if page.locator("#lightbox-image").evaluate("image => image.naturalWidth") >= width:
            return
        page.wait_for_timeout(100)
    pytest.fail("the lightbox shows no image of this width")


def read_web_storage(page: Page) -> dict[str, Any]:
    """Return what the page has stored in the browser."""
    items: dict[str, Any] = page.evaluate("({local: {...localStorage}, session: {...sessionStorage}})")
    return items
