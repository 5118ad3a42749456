"""The keyboard: the order of the Tab key, and a focus that is never lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import Person

pytestmark = pytest.mark.xdist_group("page")

_PART = """() => {
  const element = document.activeElement;
  return element?.closest(".skip, header.bar, nav.rail, main, dialog, [role=toolbar]")?.className.split(" ")[0] ||
    element?.closest("main")?.id || element?.tagName;
}"""


def find_focused_part(page: Page) -> str:
    """Return the part of the page that has the focus."""
    part: str = page.evaluate(_PART)
    return part


def test_tab_key_passes_the_parts_in_their_order(person: Person) -> None:
    person.upload(3, seed=800, visibility="private")
    person.open("/library?order=newest")
    expect(person.tiles()).to_have_count(3)
    parts: list[str] = []
    for _ in range(16):
        person.page.keyboard.press("Tab")
        part = find_focused_part(person.page)
        if part not in parts[-1:]:
            parts.append(part)
    assert parts[:4] == ["skip", "bar", "rail", "view"]


def test_skip_link_leads_to_the_content(visitor: Person) -> None:
    visitor.open("/")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    assert find_focused_part(visitor.page) == "view"


def test_focus_goes_from_the_viewer_to_the_photo_that_it_showed(person: Person) -> None:
    photo_ids = person.upload(3, seed=810, visibility="private")
    person.open("/library?order=newest")
    person.tile(photo_ids[1]).locator("a").focus()
    person.page.keyboard.press("Enter")
    expect(person.page.locator("dialog.viewer .viewer-frame img.loaded").first).to_be_visible()
    person.page.keyboard.press("ArrowRight")
    expect(person.page).to_have_url(re.compile(photo_ids[0]))
    person.page.keyboard.press("Escape")
    expect(person.tile(photo_ids[0]).locator("a")).to_be_focused()


def test_focus_returns_from_dialogs_and_menus(person: Person) -> None:
    person.open("/a")
    button = person.page.locator(".albums-head").get_by_role("button", name="New album")
    button.focus()
    person.page.keyboard.press("Enter")
    expect(person.page.get_by_role("dialog", name="New album")).to_be_visible()
    person.page.keyboard.press("Escape")
    expect(button).to_be_focused()
    menu = person.page.get_by_role("button", name="Account menu")
    menu.focus()
    person.page.keyboard.press("Enter")
    expect(person.page.get_by_role("menuitem").first).to_be_focused()
    person.page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_focus_goes_on_at_the_photos_when_the_toolbar_closes(person: Person) -> None:
    photo_ids = person.upload(3, seed=820, visibility="private")
    person.open("/library?order=newest")
    person.tile(photo_ids[1]).locator("a").focus()
    person.page.keyboard.press("x")
    person.page.get_by_role("button", name="Clear the selection").focus()
    person.page.keyboard.press("Enter")
    expect(person.tile(photo_ids[1]).locator("a")).to_be_focused()


def test_focus_stays_in_the_grid_when_its_photo_leaves(person: Person) -> None:
    photo_ids = person.upload(3, seed=830, visibility="private")
    person.open("/library?order=newest")
    person.tile(photo_ids[2]).locator("a").focus()
    person.page.keyboard.press("x")
    person.page.get_by_role("toolbar").get_by_role("button", name="bin").focus()
    person.page.keyboard.press("Enter")
    expect(person.tiles()).to_have_count(2)
    assert find_focused_part(person.page) == "view"
    assert person.page.evaluate("document.activeElement.closest('li.tile') !== null")


def test_tab_key_passes_one_day_and_leaves_the_photos(person: Person) -> None:
    for number, photo_id in enumerate(person.upload(4, seed=835, visibility="private")):
        changes = {"takenLocal": f"2024-0{number + 1}-10T12:00:00", "takenOffset": None}
        person.local.call("PATCH", f"/photos/{photo_id}", changes, token=person.token)
    person.open("/library")
    expect(person.page.locator(".day-ring")).to_have_count(4)
    person.page.locator("main a[tabindex='0']").focus()
    person.page.keyboard.press("Tab")
    expect(person.page.locator(".scrubber")).to_be_focused()
    person.page.keyboard.press("Shift+Tab")
    person.page.keyboard.press("Shift+Tab")
    expect(person.page.locator(".day-ring").first).to_be_focused()


def test_reading_order_is_the_order_on_the_screen(person: Person) -> None:
    person.upload(18, seed=840, visibility="private")
    person.page.set_viewport_size({"width": 500, "height": 200})
    person.open("/library?order=newest")
    expect(person.tiles().first).to_be_visible()
    read = """tiles => tiles.map((tile) => [tile.getBoundingClientRect().top, tile.getBoundingClientRect().left])"""
    person.page.locator("main a[tabindex='0']").focus()
    for key in ("End", *["ArrowUp"] * 5):
        person.page.keyboard.press(key)
        person.page.wait_for_timeout(200)
        places = person.tiles().evaluate_all(read)
        assert places == sorted(places)


def test_number_right_after_an_arrow_key_rates_the_next_photo(person: Person) -> None:
    next_photo, first = person.upload(2, seed=330)
    person.open("/library?order=newest")
    person.tile(first).locator("img.loaded").wait_for()
    person.tile(first).locator("a").click()
    viewer = person.page.locator("dialog.viewer[open]")
    expect(viewer.locator(".viewer-count")).to_have_text("1 / 2")
    # Both keys arrive before the next photo is shown.
    press = "for (const key of ['ArrowRight', '4']) dialog.dispatchEvent(new KeyboardEvent('keydown', {key}))"
    viewer.evaluate(f"dialog => {{ {press} }}")
    expect(person.page).to_have_url(re.compile(next_photo))
    expect(viewer.locator(".viewer-count")).to_have_text("2 / 2")
    person.page.keyboard.press("i")
    expect(viewer.locator(".viewer-panel .rating")).to_contain_text("4 from 1 person")
    rated = [
        person.local.call("GET", f"/photos/{photo_id}").json["rating"]["count"] for photo_id in (first, next_photo)
    ]
    assert rated == [0, 1]
