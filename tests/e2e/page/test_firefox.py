"""The page in Firefox: an owner uploads and shares photos, and a visitor sees them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person
from tests.support.images import HEIC, photo
from tests.support.page_albums import fill_new_album, share_album
from tests.support.page_doors import join_on_page
from tests.support.uploading import Uploader

pytestmark = pytest.mark.xdist_group("tours")

PASSWORD = "Käse & 100 %"
# Playwright sends no swipes to Firefox, so the visitor has a narrow window without touch.
NARROW = {"viewport": {"width": 390, "height": 844}}
SHOWN_PHOTO = "dialog.viewer .viewer-frame img.loaded[alt]:not([alt=''])"


def test_owner_shares_an_album_with_a_visitor_in_firefox(open_firefox: Callable[..., Person], tmp_path: Path) -> None:
    owner, visitor = open_firefox(), open_firefox(**NARROW)
    owner.open("/join")
    join_on_page(owner, "firefox")
    upload(owner, tmp_path)
    rate_a_photo(owner)
    fill_new_album(owner, "Dolomites")
    look(visitor, share_album(owner, PASSWORD))


def upload(owner: Person, folder: Path) -> None:
    """Upload files of three formats, and wait until their photos are ready."""
    files = {"sea.jpg": photo(400, 300, seed=3000), "hut.png": photo(300, 400, format="PNG"), "phone.heic": HEIC}
    for name, body in files.items():
        (folder / name).write_bytes(body)
    uploader = Uploader(owner)
    uploader.send([str(folder / name) for name in files])
    uploader.wait_for_end("3 photos uploaded")
    assert {photo["status"] for photo in uploader.stored()} == {"ready"}
    uploader.tray.get_by_role("button", name="Show", exact=True).click()
    expect(owner.tiles()).to_have_count(3)


def rate_a_photo(owner: Person) -> None:
    """Open a photo, go to the next one, and rate it by a key."""
    page = owner.page
    owner.tiles().first.locator("a").click()
    expect(page.locator(SHOWN_PHOTO)).to_be_visible()
    first = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(first)
    for key in ("4", "i"):
        page.keyboard.press(key)
    expect(page.locator(".viewer-panel .star.on")).to_have_count(4)
    page.keyboard.press("Escape")
    expect(page.locator("dialog.viewer")).to_be_hidden()
    assert [photo["rating"]["average"] for photo in Uploader(owner).stored() if photo["rating"]["count"]] == [4]


def look(visitor: Person, url: str) -> None:
    """Open the link with its password, and look at a photo."""
    page = visitor.page
    visitor.open(url)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Open the album").click()
    expect(page.get_by_role("heading", name="Dolomites")).to_be_visible(timeout=20_000)
    expect(visitor.tiles()).to_have_count(3)
    visitor.tiles().first.locator("a").click()
    expect(page.locator(SHOWN_PHOTO)).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?photo="))
