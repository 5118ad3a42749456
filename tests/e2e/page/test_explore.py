"""The random feed, and the grid that all lists share."""

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person

pytestmark = pytest.mark.xdist_group("page")


def test_visitor_sees_public_photos_and_opens_one(person: Person, visitor: Person) -> None:
    [photo_id] = person.upload(visibility="public", title="Harbour")
    visitor.open("/")
    expect(visitor.tile(photo_id).locator("img.loaded")).to_be_visible()
    assert "Harbour" in (visitor.tile(photo_id).locator("a").get_attribute("aria-label") or "")


def test_arrow_keys_move_the_focus_and_keep_one_tab_stop(person: Person) -> None:
    person.upload(8, seed=100, visibility="private")
    person.open("/library?order=newest")
    tiles = person.tiles()
    expect(tiles).to_have_count(8)
    tiles.first.locator("a").focus()
    for _ in range(3):
        person.page.keyboard.press("ArrowRight")
    focused = person.page.evaluate("document.activeElement.closest('li').dataset.photoId")
    assert focused == tiles.nth(3).get_attribute("data-photo-id")
    assert person.page.locator("main a[tabindex='0']").count() == 1
    person.page.keyboard.press("Home")
    assert person.page.evaluate("document.activeElement.closest('li').dataset.photoId") == tiles.first.get_attribute(
        "data-photo-id"
    )


def test_shift_click_selects_a_range(person: Person) -> None:
    person.upload(6, seed=200, visibility="private")
    person.open("/library?order=newest")
    tiles = person.tiles()
    expect(tiles).to_have_count(6)
    tiles.nth(1).hover()
    tiles.nth(1).locator(".tick").click()
    tiles.nth(4).locator("a").click(modifiers=["Shift"])
    expect(person.page.locator("li.tile.selected")).to_have_count(4)
    tiles.nth(2).locator("a").click()
    expect(person.page.locator("li.tile.selected")).to_have_count(3)
