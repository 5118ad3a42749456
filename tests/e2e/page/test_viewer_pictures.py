"""The picture in the viewer: after errors, of formats that browsers do not show, and on phones."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person, find_box
from tests.support.images import HEIC, photo

pytestmark = pytest.mark.xdist_group("page")

TIFF = photo(2400, 1200, format="TIFF", exif=False)
LARGEST = "dialog.viewer .viewer-frame img.loaded[alt]:not([alt=''])"


def test_retry_shows_a_picture_that_has_failed(person: Person) -> None:
    [photo_id] = person.upload(seed=1300, visibility="private")
    person.expected_statuses |= {403}
    person.open("/library?order=newest")
    person.tile(photo_id).locator("img.loaded").wait_for()
    person.page.route(re.compile("2048"), lambda route: route.fulfill(status=403))
    person.tile(photo_id).locator("a").click()
    note = person.page.locator("dialog.viewer .viewer-note")
    expect(note).to_contain_text("The photo could not be loaded.", timeout=30_000)
    person.page.unroute(re.compile("2048"))
    note.get_by_role("button", name="Try again").click()
    expect(person.page.locator(LARGEST)).to_be_visible()
    expect(note).to_be_empty()


@pytest.mark.parametrize(("kind", "body", "width"), [("tiff", TIFF, 2048), ("heic", HEIC, 64)], ids=["tiff", "heic"])
def test_private_photo_that_browsers_do_not_show_has_its_largest_rendition(
    person: Person, kind: str, body: bytes, width: int
) -> None:
    photo_id = person.upload_file(body, filename=f"photo.{kind}", contentType=f"image/{kind}", visibility="private")
    person.open("/library?order=newest")
    person.tile(photo_id).locator("a").click()
    picture = person.page.locator(LARGEST)
    expect(picture).to_be_visible()
    for _ in range(4):
        person.page.keyboard.press("+")
    expect(person.page.locator("dialog.viewer .viewer-percent")).not_to_have_text("Fit")
    assert picture.evaluate("image => image.naturalWidth") == width
    expect(person.page.locator("dialog.viewer .viewer-frame img")).to_have_count(1)
    assert not any(url.endswith("/download") for url in person.requests)


def test_swipe_that_begins_on_a_button_steps(phone: Person) -> None:
    photo_ids = phone.upload(2, seed=1310, visibility="private")
    phone.open("/library?order=newest")
    phone.tile(photo_ids[1]).locator("a").tap()
    expect(phone.page.locator(LARGEST)).to_be_visible()
    button = find_box(phone.page.get_by_role("button", name="Next photo"))
    phone.swipe((int(button["x"]) + 20, int(button["y"]) + 20), (60, 420))
    expect(phone.page).to_have_url(re.compile(photo_ids[0]))


def test_open_sheet_leaves_the_photo_below_the_bar_and_closes_by_its_button(phone: Person) -> None:
    [photo_id] = phone.upload(seed=1320, edges=(300, 400), visibility="private")
    phone.open("/library?order=newest")
    phone.tile(photo_id).locator("a").tap()
    expect(phone.page.locator(LARGEST)).to_be_visible()
    phone.swipe((200, 420), (205, 250))
    panel, bar = phone.page.locator(".viewer-panel"), find_box(phone.page.locator(".viewer-bar"))
    expect(panel).to_be_visible()
    phone.page.wait_for_timeout(500)
    assert find_box(phone.page.locator(".viewer-frame"))["y"] >= bar["y"] + bar["height"]
    handle = panel.get_by_role("button", name="Show more or less of the information")
    assert find_box(handle)["height"] >= 44
    close = panel.get_by_role("button", name="Close the information")
    expect(close).to_be_hidden()
    handle.tap()
    close.tap()
    expect(panel).to_be_hidden()
