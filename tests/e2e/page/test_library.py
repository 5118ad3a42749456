"""The library and the search: tiles, day labels, orders, and changes of many photos."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.chromium import Person, find_box
from tests.support.page_albums import create_album

pytestmark = pytest.mark.xdist_group("tours")


def choose(person: Person, count: int) -> Locator:
    """Select the first photos, and return the toolbar."""
    for number in range(count):
        person.tiles().nth(number).hover()
        person.tiles().nth(number).locator(".tick").click()
    return person.page.get_by_role("toolbar")


def read(person: Person, photo_id: str) -> dict[str, Any]:
    """Return a photo as the API describes it to its owner."""
    photo: dict[str, Any] = person.local.call("GET", f"/photos/{photo_id}", token=person.token).json
    return photo


def test_tile_says_who_can_see_its_photo(person: Person) -> None:
    [photo_id] = person.upload(seed=1300, visibility="private", title="Harbour")
    person.open("/library?order=newest")
    tile = person.tile(photo_id)
    badge = tile.locator(".badge")
    expect(badge).to_have_attribute("title", "Only me")
    assert "Only me" in (tile.locator("a").get_attribute("aria-label") or "")
    # The tooltip appears only if the pointer reaches the badge.
    badge.click()
    expect(person.page.locator("dialog.viewer")).to_be_visible()


def test_day_label_counts_its_photos(person: Person) -> None:
    person.upload(2, seed=1310, visibility="private")
    person.open("/library")
    label = person.page.locator(".day-label").first
    expect(label).to_contain_text("2 photos")
    last = person.tiles().last
    last.hover()
    last.locator(".tick").click()
    person.page.get_by_role("toolbar").get_by_role("button", name="Move to bin").click()
    expect(person.tiles()).to_have_count(1)
    expect(label).to_contain_text("1 photo")


def test_month_heading_stays_under_the_bar(person: Person) -> None:
    for photo_id in person.upload(12, seed=1320, visibility="private")[:10]:
        changes = {"takenLocal": "2024-01-10T12:00:00"}
        assert person.local.call("PATCH", f"/photos/{photo_id}", changes, token=person.token).status == 200
    person.open("/library")
    heading = person.page.get_by_role("heading", name="January 2024")
    expect(heading).to_be_attached()
    expect(person.tiles()).to_have_count(12)
    person.page.evaluate("() => scrollTo(0, 520)")
    person.page.wait_for_timeout(300)
    assert find_box(heading)["y"] == 56


def test_short_months_stand_side_by_side(person: Person) -> None:
    photo_ids = person.upload(3, seed=1340, visibility="private")
    for month, photo_id in zip(("03", "02", "01"), photo_ids, strict=True):
        changes = {"takenLocal": f"2024-{month}-10T12:00:00"}
        assert person.local.call("PATCH", f"/photos/{photo_id}", changes, token=person.token).status == 200
    person.page.set_viewport_size({"width": 1600, "height": 800})
    person.open("/library")
    expect(person.tiles()).to_have_count(3)
    first, second = (find_box(person.tile(photo_id)) for photo_id in photo_ids[:2])
    assert first["y"] == second["y"]
    person.tile(photo_ids[0]).locator("a").focus()
    person.page.keyboard.press("ArrowRight")
    expect(person.tile(photo_ids[1]).locator("a")).to_be_focused()


def test_batch_adds_a_tag_to_all_and_removes_another(person: Person) -> None:
    photo_ids = person.upload(2, seed=1350, visibility="private", tags=["sea", "dusk"])
    photo_ids += person.upload(1, seed=1360, visibility="private", tags=["sea", "Boats"])
    person.open("/library?order=newest")
    choose(person, 3).get_by_role("button", name="Tag").click()
    dialog = person.page.get_by_role("dialog", name="Tags of 3 photos")
    sea, boats = dialog.get_by_label("sea"), dialog.get_by_label("Boats")
    expect(sea).to_be_checked()
    expect(boats).to_have_js_property("indeterminate", True)
    expect(dialog).to_contain_text("on 1 of 3 photos")
    sea.click()
    boats.click()
    expect(boats).to_be_checked()
    dialog.get_by_role("textbox", name="Add tag").press_sequentially("pier, 2026")
    expect(dialog.locator(".tag-field .chip")).to_have_text(["pier"])
    dialog.get_by_role("button", name="Change tags").click()
    expect(person.page.locator(".toast")).to_contain_text("Tags of 3 photos changed.")
    assert [sorted(read(person, photo_id)["tags"]) for photo_id in photo_ids] == [
        ["2026", "Boats", "dusk", "pier"],
        ["2026", "Boats", "dusk", "pier"],
        ["2026", "Boats", "pier"],
    ]


def test_batch_explains_each_visibility(person: Person) -> None:
    photo_ids = person.upload(2, seed=1370, visibility="private")
    person.open("/library?order=newest")
    choose(person, 2).get_by_role("button", name="Visibility").click()
    dialog = person.page.get_by_role("dialog", name="Who can see these 2 photos?")
    expect(dialog.get_by_label("Only me")).to_be_checked()
    expect(dialog).to_contain_text("Not in Explore or in search")
    dialog.get_by_text("Anyone with the link").click()
    dialog.get_by_role("button", name="Change visibility").click()
    expect(person.page.locator(".toast")).to_contain_text("Visibility of 2 photos changed.")
    assert [read(person, photo_id)["visibility"] for photo_id in photo_ids] == ["unlisted", "unlisted"]


def test_toolbar_does_not_stay_over_another_view(person: Person) -> None:
    person.upload(1, seed=1380, visibility="private")
    person.open("/library?order=newest")
    toolbar = choose(person, 1)
    expect(toolbar).to_be_visible()
    person.page.locator(".rail").get_by_role("link", name="Explore").click()
    expect(person.page).to_have_url(f"{person.local.url}/")
    expect(toolbar).to_be_hidden()


def test_empty_search_offers_the_other_scope(person: Person) -> None:
    person.open("/find?q=nothing-like-this&scope=mine")
    person.page.locator(".empty").get_by_role("link", name="Search all photos").click()
    expect(person.page).to_have_url(f"{person.local.url}/find?q=nothing-like-this")
    person.page.locator(".empty").get_by_role("link", name="Search my photos").click()
    expect(person.page).to_have_url(f"{person.local.url}/find?q=nothing-like-this&scope=mine")


def test_photos_with_a_tag_have_an_order(person: Person) -> None:
    photo_ids = person.upload(2, seed=1390, visibility="private", tags=["sea"])
    person.open("/find?scope=mine&tag=sea")
    expect(person.tiles()).to_have_count(2)
    person.page.get_by_role("link", name="Oldest upload").click()
    expect(person.page.get_by_role("link", name="Oldest upload")).to_have_attribute("aria-current", "true")
    expect(person.tiles().first).to_have_attribute("data-photo-id", photo_ids[0])
    person.open("/find?scope=mine&q=sea")
    expect(person.tiles()).to_have_count(2)
    expect(person.page.get_by_role("link", name="Oldest upload")).to_have_count(0)


def test_empty_lists_offer_no_order(person: Person) -> None:
    for path in ("/library", f"/a/{create_album(person)}"):
        person.open(path)
        expect(person.page.locator("main .empty")).to_be_visible()
        expect(person.page.get_by_role("navigation", name="Order")).to_be_hidden()


def test_scrubber_shows_the_first_year_beside_its_month(person: Person) -> None:
    changes = {"takenLocal": "2020-01-10T12:00:00"}
    [photo_id, *_] = person.upload(12, seed=1390, visibility="private")
    person.local.call("PATCH", f"/photos/{photo_id}", changes, token=person.token)
    person.open("/library")
    expect(person.page.locator(".scrubber .year").first).to_be_visible()
    year, pill = (find_box(person.page.locator(part).first) for part in (".scrubber .year", ".scrubber-pill"))
    assert year["y"] + year["height"] <= pill["y"]


def test_order_leaves_the_first_month_free_on_a_window_of_middle_width(person: Person) -> None:
    person.upload(1, seed=1395, visibility="private")
    person.page.set_viewport_size({"width": 780, "height": 700})
    person.open("/library")
    expect(person.tiles()).to_have_count(1)
    month, order = (find_box(person.page.locator(part)) for part in (".grid-section h2", ".library .chips"))
    assert order["y"] + order["height"] <= month["y"] or month["x"] + month["width"] <= order["x"]
