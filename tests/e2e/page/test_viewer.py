"""The viewer: one photo on black, over the view that it was opened from."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.chromium import PHONE, Person
from tests.support.rest import PASSWORD

pytestmark = pytest.mark.xdist_group("page")

HOSTILE = "\"><img src=x onerror=alert(1)><script>alert(2)</script>${alert(3)}</style>'"


def viewer(person: Person) -> Locator:
    return person.page.locator("dialog.viewer[open]")


def open_photo(person: Person, photo_id: str) -> None:
    """Open a photo from its tile."""
    person.tile(photo_id).locator("img.loaded").wait_for()
    person.tile(photo_id).locator("a").click()
    expect(person.page).to_have_url(re.compile(f"/p/{photo_id}$"))
    expect(viewer(person).locator(".viewer-frame img.loaded[alt]:not([alt=''])")).to_be_visible()


def open_panel(person: Person) -> Locator:
    person.page.keyboard.press("i")
    panel = viewer(person).locator(".viewer-panel")
    expect(panel).to_be_visible()
    return panel


def api(person: Person, photo_id: str) -> Any:
    return person.local.call("GET", f"/photos/{photo_id}", token=person.token).json


def test_keyboard_steps_and_tells_the_title(person: Person) -> None:
    oldest, middle, newest = person.upload(3, seed=300, visibility="private", title="Boat")
    person.open("/library?order=newest")
    open_photo(person, newest)
    expect(viewer(person).locator(".viewer-count")).to_have_text("1 / 3")
    person.page.keyboard.press("ArrowRight")
    expect(person.page).to_have_url(re.compile(middle))
    expect(viewer(person).locator("p.unseen[role=status]")).to_have_text("Boat, 2 of 3")
    person.page.keyboard.press("End")
    expect(person.page).to_have_url(re.compile(oldest))
    person.page.keyboard.press("ArrowRight")
    person.page.keyboard.press("Home")
    expect(person.page).to_have_url(re.compile(newest))
    expect(viewer(person).get_by_role("button", name="Previous photo")).to_have_attribute("aria-disabled", "true")


def test_photos_leave_no_entries_in_the_history(person: Person) -> None:
    photo_ids = person.upload(3, seed=310, visibility="private")
    person.open("/library?order=newest")
    expect(person.tiles()).to_have_count(3)
    before = person.page.evaluate("history.length")
    for photo_id in photo_ids:
        open_photo(person, photo_id)
        person.page.keyboard.press("ArrowRight")
        person.page.keyboard.press("Escape")
        expect(viewer(person)).to_have_count(0)
        expect(person.page).to_have_url(re.compile("/library"))
    # The next entry is the one that each photo used.
    assert person.page.evaluate("history.length") == before + 1
    open_photo(person, photo_ids[0])
    person.page.go_back()
    expect(viewer(person)).to_have_count(0)
    assert person.page.url.endswith("/library?order=newest")
    expect(person.tile(photo_ids[0]).locator("a")).to_be_focused()
    expect(person.page).to_have_title("Library · Photoshare")


def test_deep_link_to_a_private_photo_survives_the_sign_in(person: Person, visitor: Person) -> None:
    [photo_id] = person.upload(seed=320, visibility="private", title="Secret")
    visitor.expected_statuses.add(404)
    visitor.page.goto(f"/p/{photo_id}")
    expect(viewer(visitor).get_by_role("heading")).to_have_text("This photo may be private")
    viewer(visitor).get_by_role("link", name="Sign in").click()
    visitor.page.get_by_label("E-mail").fill(person.email)
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.page.locator("main form").get_by_role("button", name="Sign in").click()
    expect(visitor.page).to_have_url(re.compile(f"/p/{photo_id}$"))
    expect(viewer(visitor).locator(".viewer-frame img[alt='Secret']")).to_be_visible()


def test_unknown_photo_says_that_there_is_nothing(person: Person) -> None:
    person.expected_statuses.add(404)
    person.page.goto("/p/01a00000-0000-7000-8000-000000000000")
    expect(viewer(person).get_by_role("heading")).to_have_text("There is nothing here")
    viewer(person).get_by_role("button", name="Look at other photos").click()
    expect(viewer(person)).to_have_count(0)
    expect(person.page).to_have_url(re.compile(r":\d+/$"))


def test_owner_edits_details_and_time(person: Person) -> None:
    [photo_id] = person.upload(seed=330, visibility="private", tags=["sea, salt", "harbour"])
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    panel = open_panel(person)
    panel.get_by_role("button", name="Edit details").click()
    form = person.page.locator("dialog.dialog form")
    form.get_by_label("Title").fill("Harbour")
    form.get_by_label("Local time").fill("2026-08-15T20:42")
    form.get_by_label("Time zone").select_option("+02:00")
    form.get_by_label("Who can see it").select_option("unlisted")
    form.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("heading")).to_have_text("Harbour")
    expect(panel).to_contain_text("UTC+2")
    expect(panel).to_contain_text("Anyone with the link")
    stored = api(person, photo_id)
    assert (stored["takenLocal"], stored["takenOffset"]) == ("2026-08-15T20:42:00", "+02:00")
    assert (stored["title"], stored["tags"]) == ("Harbour", ["sea, salt", "harbour"])


def test_keys_rate_a_photo_and_take_the_rating_back(person: Person) -> None:
    [photo_id] = person.upload(seed=340, visibility="private")
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    panel = open_panel(person)
    person.page.keyboard.press("4")
    expect(panel.locator(".star.on")).to_have_count(4)
    expect(panel.locator(".rating")).to_contain_text("4 from 1 person")
    person.page.keyboard.press("0")
    expect(panel.locator(".rating")).to_contain_text("No ratings yet")
    panel.get_by_role("button", name="Rate 2 stars").click()
    expect(panel.locator(".rating")).to_contain_text("2 from 1 person")
    assert api(person, photo_id)["rating"] == {"average": 2, "count": 1}


def test_visitor_is_invited_to_sign_in_to_rate(person: Person, visitor: Person) -> None:
    [photo_id] = person.upload(seed=345, visibility="unlisted")
    visitor.page.goto(f"/p/{photo_id}")
    panel = viewer(visitor).locator(".viewer-panel")
    visitor.page.locator(".viewer-frame img.loaded").first.wait_for()
    open_panel(visitor)
    link = panel.get_by_role("link", name="Sign in to rate")
    assert (link.get_attribute("href") or "").endswith(f"/sign-in?returnTo=%2Fp%2F{photo_id}")
    expect(panel.get_by_role("button", name="Edit details")).to_have_count(0)
    expect(panel.get_by_role("link", name="Open in a map")).to_have_count(0)
    expect(panel.get_by_role("link", name="More from this person")).to_be_visible()


def test_rotated_photo_is_shown_when_its_job_is_done(person: Person) -> None:
    [photo_id] = person.upload(seed=350, visibility="private")
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    open_panel(person).get_by_role("button", name="Rotate left").click()
    expect(viewer(person).locator(".viewer-note")).to_have_text("Rotating…")
    expect(viewer(person).locator(".viewer-note")).to_be_empty(timeout=60_000)
    assert api(person, photo_id)["rotation"] == 270
    picture = viewer(person).locator(".viewer-frame img").last
    expect(picture).to_have_class("loaded")
    assert picture.evaluate("image => image.naturalHeight > image.naturalWidth")


def test_undo_after_a_look_at_the_bin_leaves_nothing_there(person: Person) -> None:
    kept, photo_id = person.upload(2, seed=360, visibility="private")
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    open_panel(person).get_by_role("button", name="Move to bin").click()
    expect(person.page).to_have_url(re.compile(kept))
    person.page.keyboard.press("Escape")
    person.page.locator(".rail").get_by_role("link", name="Bin").click()
    expect(person.tile(photo_id)).to_be_visible()
    person.page.get_by_role("button", name="Undo").click()
    expect(person.tile(photo_id)).to_have_count(0)
    person.page.locator(".rail").get_by_role("link", name="Library").click()
    assert api(person, photo_id)["status"] == "ready"


def test_delete_forever_spares_a_photo_that_was_restored_elsewhere(person: Person) -> None:
    [photo_id] = person.upload(seed=370, visibility="private")
    person.local.call("DELETE", f"/photos/{photo_id}", token=person.token)
    person.open("/bin")
    open_photo(person, photo_id)
    panel = open_panel(person)
    person.local.call("POST", f"/photos/{photo_id}/restore", token=person.token)
    panel.get_by_role("button", name="Delete forever").click()
    person.page.locator("dialog.question").get_by_role("button", name="Delete forever").click()
    expect(person.page.locator(".toast")).to_contain_text("it was not deleted")
    assert api(person, photo_id)["status"] == "ready"


def test_bin_restores_and_erases(person: Person) -> None:
    first, second = person.upload(2, seed=375, visibility="private")
    for photo_id in (first, second):
        person.local.call("DELETE", f"/photos/{photo_id}", token=person.token)
    person.open("/bin")
    open_photo(person, first)
    panel = open_panel(person)
    panel.get_by_role("button", name="Restore").click()
    expect(person.page).to_have_url(re.compile(second))
    panel.get_by_role("button", name="Delete forever").click()
    person.page.locator("dialog.question").get_by_role("button", name="Delete forever").click()
    expect(viewer(person)).to_have_count(0)
    assert api(person, first)["status"] == "ready"
    assert person.local.call("GET", f"/photos/{second}", token=person.token).status == 404


def test_owner_downloads_the_original(person: Person, tmp_path: Path) -> None:
    [photo_id] = person.upload(seed=380, visibility="private", filename="Hafen.jpg")
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    with person.page.expect_download() as started:
        viewer(person).get_by_role("button", name="Download").click()
    started.value.save_as(tmp_path / "photo.jpg")
    assert started.value.suggested_filename == "Hafen.jpg"
    assert (tmp_path / "photo.jpg").stat().st_size == api(person, photo_id)["size"]


def test_hostile_texts_run_no_script(person: Person) -> None:
    hostile: dict[str, Any] = {
        "title": HOSTILE,
        "description": HOSTILE,
        "tags": [HOSTILE[:50]],
        "filename": f"{HOSTILE[:60]}.jpg",
    }
    [photo_id] = person.upload(seed=390, visibility="private", **hostile)
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    panel = open_panel(person)
    expect(panel.get_by_role("heading")).to_have_text(HOSTILE)
    panel.get_by_role("button", name="Edit details").click()
    expect(person.page.get_by_label("Title")).to_have_value(HOSTILE)
    person.page.keyboard.press("Escape")
    person.page.keyboard.press("Escape")
    expect(viewer(person)).to_have_count(0)


def test_zoom_reaches_all_pixels(person: Person) -> None:
    [photo_id] = person.upload(seed=400, edges=(3000, 1500), visibility="private")
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    expect(viewer(person).locator(".viewer-percent")).to_have_text("Fit")
    assert not any("/download" in url for url in person.requests)
    for _ in range(3):
        person.page.keyboard.press("+")
    expect(viewer(person).locator(".viewer-percent")).to_have_text("100%")
    full = viewer(person).locator(".viewer-frame img.full.loaded")
    expect(full).to_be_visible()
    assert full.evaluate("image => [image.naturalWidth, image.clientWidth > 0]") == [3000, True]
    person.page.keyboard.press("Shift+ArrowRight")
    person.page.keyboard.press("0")
    expect(viewer(person).locator(".viewer-percent")).to_have_text("Fit")


def test_sharing_a_private_photo_asks_first(person: Person) -> None:
    [photo_id] = person.upload(seed=410, visibility="private")
    person.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    viewer(person).get_by_role("button", name="Copy the link").click()
    person.page.get_by_role("button", name="Allow and share the link").click()
    expect(person.page.locator(".toast")).to_contain_text("The link was copied.")
    assert person.page.evaluate("navigator.clipboard.readText()").endswith(f"/p/{photo_id}")
    assert api(person, photo_id)["visibility"] == "unlisted"


def test_expired_url_is_fetched_again(person: Person) -> None:
    [photo_id] = person.upload(seed=420, visibility="private")
    person.open("/library?order=newest")
    person.tile(photo_id).locator("img.loaded").wait_for()
    person.expected_statuses.add(403)
    refused: list[str] = []

    def refuse_once(route: Any) -> None:
        if not refused and "2048" in route.request.url:
            refused.append(route.request.url)
            route.fulfill(status=403)
        else:
            route.continue_()

    person.page.route(re.compile(r"/photos/|renditions|\.(jpg|webp|avif)"), refuse_once)
    open_photo(person, photo_id)
    assert refused


def test_sheet_on_a_phone_opens_by_a_swipe_and_closes_by_a_tap(open_browser: Callable[..., Person]) -> None:
    person = open_browser(**PHONE)
    person.join("phone")
    [photo_id] = person.upload(seed=430, visibility="private")
    person.open("/library?order=newest")
    open_photo(person, photo_id)
    person.swipe((200, 420), (205, 250))
    panel = viewer(person).locator(".viewer-panel")
    expect(panel).to_be_visible()
    person.page.touchscreen.tap(200, 150)
    expect(panel).to_be_hidden()
    person.swipe((200, 300), (205, 520))
    expect(viewer(person)).to_have_count(0)
