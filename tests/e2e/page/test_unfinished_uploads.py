"""Uploads that an earlier visit left unfinished: only one tab sends them. The page says if it cannot read them."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person, write_photos
from tests.support.page_albums import toast
from tests.support.uploading import Uploader

pytestmark = pytest.mark.xdist_group("page")

BREAK_STORAGE = "IDBObjectStore.prototype.getAll = () => { throw new DOMException('The database is damaged.'); };"


@pytest.fixture
def uploader(person: Person, tmp_path: Path) -> Uploader:
    """A person whose uploads have begun, and stay under way."""
    uploader = Uploader(person)
    person.open("/library?order=newest")
    uploader.hold_after(1)
    uploader.send(write_photos(tmp_path, 3, seed=1700))
    uploader.wait_for_number(2)
    return uploader


def test_uploads_of_a_reloaded_tab_stay_in_that_tab(uploader: Uploader) -> None:
    uploader.page.reload()
    expect(uploader.tray).to_be_visible()
    second = uploader.person.context.new_page()
    second.goto("/library?order=newest")
    second.wait_for_timeout(3_000)
    expect(second.locator("section.tray")).to_be_hidden()


def test_page_says_that_unfinished_uploads_cannot_be_read(uploader: Uploader) -> None:
    uploader.page.add_init_script(BREAK_STORAGE)
    uploader.page.reload()
    expect(toast(uploader.page)).to_contain_text("cannot read the photos that are not uploaded yet")


def test_tab_that_uploads_does_not_ask_for_its_photos_again(uploader: Uploader) -> None:
    uploader.page.evaluate(f"() => {{ {BREAK_STORAGE} }}")
    uploader.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    uploader.page.wait_for_timeout(1_000)
    # `expect` would wait until a message is gone.
    assert uploader.page.get_by_text("cannot read the photos").count() == 0


def test_upload_that_waits_for_the_connection_advises_nothing(person: Person, tmp_path: Path) -> None:
    uploader = Uploader(person)
    person.open("/library?order=newest")
    person.page.route("**/upload", lambda route: route.abort())
    uploader.send(write_photos(tmp_path, 2, seed=1710))
    uploader.tray.get_by_role("button", name="Show each photo").click()
    expect(uploader.tray.locator("header .quiet")).to_contain_text("The next attempt follows by itself.")
    expect(uploader.tray.locator("li").filter(has_text="connection")).to_have_count(0)
    # Chromium logs each request that failed.
    person.errors.clear()
