"""The order of an album's photos: by dragging, by keys, and by taps."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.chromium import PHONE, Person
from tests.support.page_albums import create_album, list_shown, list_stored, toast, use_menu

pytestmark = pytest.mark.xdist_group("tours")


def arrange(person: Person, count: int, seed: int) -> tuple[str, list[str]]:
    """Open an album with photos, and begin to arrange it."""
    photo_ids = person.upload(count, seed=seed, visibility="private")
    album_id = create_album(person, photo_ids)
    person.open(f"/a/{album_id}")
    expect(person.tiles()).to_have_count(count)
    use_menu(person.page, "Arrange")
    expect(person.page.get_by_role("toolbar", name="Arrange")).to_be_visible()
    return album_id, photo_ids


def wait_for_order(person: Person, album_id: str, order: list[str]) -> None:
    """Wait until the album has an order, on the page and in the service."""
    expect(toast(person.page)).to_be_visible()
    person.local.wait(lambda: list_stored(person, album_id) == order)
    person.local.wait(lambda: list_shown(person.page) == order)


def test_photo_is_dragged_to_another_place_and_back(person: Person) -> None:
    album_id, [a, b, c, d, e] = arrange(person, 5, seed=400)
    page = person.page
    source, target = person.tile(e).bounding_box(), person.tile(b).bounding_box()
    page.mouse.move(source["x"] + 40, source["y"] + 40)
    page.mouse.down()
    page.mouse.move(target["x"] + 60, target["y"] + 40, steps=4)
    page.mouse.move(target["x"] + 8, target["y"] + 40)
    expect(page.locator(".arrange-marker")).to_be_visible()
    page.mouse.up()
    wait_for_order(person, album_id, [a, e, b, c, d])
    toast(page).get_by_role("button", name="Undo").click()
    wait_for_order(person, album_id, [a, b, c, d, e])


def test_escape_ends_a_drag_without_a_move(person: Person) -> None:
    album_id, photo_ids = arrange(person, 3, seed=410)
    page = person.page
    source, target = person.tile(photo_ids[2]).bounding_box(), person.tile(photo_ids[0]).bounding_box()
    page.mouse.move(source["x"] + 40, source["y"] + 40)
    page.mouse.down()
    page.mouse.move(target["x"] + 8, target["y"] + 40, steps=4)
    expect(page.locator(".arrange-ghost")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".arrange-ghost")).to_have_count(0)
    page.mouse.up()
    expect(page.get_by_role("toolbar", name="Arrange")).to_be_visible()
    assert list_stored(person, album_id) == photo_ids


def test_keys_move_photos_and_say_so(person: Person) -> None:
    album_id, [a, b, c, d] = arrange(person, 4, seed=420)
    page = person.page
    voice = page.locator(".grid [aria-live='assertive']")
    person.tile(a).locator("a").focus()
    page.keyboard.press("m")
    expect(voice).to_contain_text("is picked up, at place 1 of 4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(voice).to_contain_text("is at place 3 of 4")
    page.keyboard.press("m")
    wait_for_order(person, album_id, [b, c, a, d])
    person.tile(d).locator("a").focus()
    page.keyboard.press("Control+Home")
    wait_for_order(person, album_id, [d, b, c, a])
    focused = page.evaluate("document.activeElement.closest('li').dataset.photoId")
    assert focused == d
    page.keyboard.press("Escape")
    expect(page.get_by_role("toolbar", name="Arrange")).to_have_count(0)


def test_photo_is_moved_by_two_taps_on_a_phone(open_browser: Callable[..., Person]) -> None:
    person = open_browser(**PHONE)
    person.join("phone")
    album_id, [a, b, c, d] = arrange(person, 4, seed=430)
    person.tile(d).locator("a").tap()
    person.tile(b).locator("a").tap()
    wait_for_order(person, album_id, [a, d, b, c])


def test_photo_finds_room_between_neighbours_without_a_gap(person: Person) -> None:
    album_id, photo_ids = arrange(person, 12, seed=440)
    order = list(photo_ids)
    items = [{"photoId": photo_id, "position": 7_000 + at} for at, photo_id in enumerate(order)]
    person.local.call("POST", f"/albums/{album_id}/photos", {"items": items}, token=person.token)
    person.tile(order[0]).locator("a").focus()
    for _ in range(3):
        person.page.keyboard.press("Control+ArrowRight")
    order.insert(3, order.pop(0))
    wait_for_order(person, album_id, order)
