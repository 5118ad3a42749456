"""Albums on the page: create, describe, fill, arrange and delete them."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person
from tests.support.page_albums import HOSTILE, create_album, list_shown, list_stored, toast, use_menu

pytestmark = pytest.mark.xdist_group("tours")


def test_person_creates_an_album_and_adds_photos(person: Person) -> None:
    photo_ids = person.upload(3, seed=300, visibility="private")
    person.open("/a")
    page = person.page
    expect(page.get_by_text("An album is a story in order")).to_be_visible()
    page.locator(".albums-head").get_by_role("button", name="New album").click()
    dialog = page.get_by_role("dialog", name="New album")
    dialog.get_by_label("Name").fill("Dolomites")
    dialog.get_by_label("Years").fill("2019, 2024-2026")
    expect(dialog.get_by_label("Only me")).to_be_checked()
    dialog.get_by_role("button", name="Create the album").click()
    expect(page).to_have_url(re.compile("/a/[0-9a-f-]{36}$"))
    expect(page.locator(".album-facts")).to_contain_text("2019, 2024 to 2026 · 0 photos")
    page.locator(".album-actions").get_by_role("button", name="Add photos").click()
    picker = page.get_by_role("dialog", name="Add photos to Dolomites")
    for photo_id in photo_ids[:2]:
        picker.locator(f"li[data-photo-id='{photo_id}'] button").click()
    picker.get_by_role("button", name="Add 2 photos").click()
    expect(toast(page)).to_contain_text("2 photos were added to Dolomites.")
    expect(page.locator(".album-facts")).to_contain_text("2 photos")
    expect(person.tiles()).to_have_count(2)
    assert list_stored(person, page.url.rsplit("/", 1)[1]) == photo_ids[:2]
    toast(page).get_by_role("button", name="Undo").click()
    expect(person.tiles()).to_have_count(0)


def test_years_that_are_not_readable_are_explained(person: Person) -> None:
    person.open("/a")
    page = person.page
    page.locator(".albums-head").get_by_role("button", name="New album").click()
    page.get_by_label("Name").fill("Dolomites")
    page.get_by_label("Years").fill("last summer")
    page.get_by_role("button", name="Create the album").click()
    expect(page.get_by_role("alert")).to_contain_text("The years are not readable.")
    assert person.local.call("GET", "/albums", token=person.token, scope="mine").json["items"] == []


def test_selected_photos_are_added_to_an_album_from_the_library(person: Person) -> None:
    [photo_id] = person.upload(seed=310, visibility="private")
    album_id = create_album(person, name="Harbours")
    create_album(person, name="Gardens")
    person.open("/library?order=newest")
    page = person.page
    person.tile(photo_id).hover()
    person.tile(photo_id).locator(".tick").click()
    page.get_by_role("toolbar").get_by_role("button", name="Add to album").click()
    dialog = page.get_by_role("dialog", name="Add 1 photo to an album")
    expect(dialog.locator("li")).to_have_count(2)
    dialog.get_by_label("Find an album").fill("harb")
    expect(dialog.locator("li")).to_have_count(1)
    dialog.locator("li button").click()
    expect(toast(page)).to_contain_text("1 photo was added to Harbours.")
    toast(page).get_by_role("link", name="Show").click()
    expect(page).to_have_url(re.compile(f"/a/{album_id}$"))
    expect(person.tile(photo_id)).to_be_visible()


def test_photo_is_taken_out_and_put_back_to_its_place(person: Person) -> None:
    photo_ids = person.upload(3, seed=320, visibility="private")
    album_id = create_album(person, photo_ids)
    person.open(f"/a/{album_id}")
    page = person.page
    person.tile(photo_ids[1]).hover()
    person.tile(photo_ids[1]).locator(".tick").click()
    page.get_by_role("toolbar").get_by_role("button", name="Take out of the album").click()
    expect(person.tiles()).to_have_count(2)
    expect(page.locator(".album-facts")).to_contain_text("2 photos")
    toast(page).get_by_role("button", name="Undo").click()
    expect(person.tiles()).to_have_count(3)
    assert list_stored(person, album_id) == list_shown(page) == photo_ids


def test_cover_is_chosen_and_undone(person: Person) -> None:
    photo_ids = person.upload(3, seed=330, visibility="private")
    album_id = create_album(person, photo_ids)
    person.open(f"/a/{album_id}")
    page = person.page
    cover = page.locator(".album-cover")
    before = cover.get_attribute("src") or ""
    chosen = next(photo_id for photo_id in photo_ids if photo_id not in before)
    use_menu(page, "Choose the cover")
    person.tile(chosen).locator("a").click()
    expect(toast(page)).to_contain_text("The cover was changed.")
    assert person.local.call("GET", f"/albums/{album_id}", token=person.token).json["coverPhotoId"] == chosen
    expect(cover).to_have_attribute("src", re.compile(chosen))
    toast(page).get_by_role("button", name="Undo").click()
    expect(cover).to_have_attribute("src", re.compile(re.escape(before.split("?")[0])))


def test_deleting_an_album_keeps_its_photos(person: Person) -> None:
    photo_ids = person.upload(2, seed=340, visibility="private")
    album_id = create_album(person, photo_ids)
    person.open(f"/a/{album_id}")
    page = person.page
    use_menu(page, "Delete the album")
    page.get_by_role("button", name="Keep the photos in the library").click()
    page.get_by_role("dialog", name="Delete Dolomites for good?").get_by_role("button", name="Delete the album").click()
    expect(toast(page)).to_contain_text("The album was deleted.")
    expect(page).to_have_url(re.compile("/a$"))
    assert {
        item["photoId"]
        for item in person.local.call("GET", "/photos", token=person.token, scope="mine", order="newest").json["items"]
    } == set(photo_ids)


def test_mode_that_chooses_a_cover_can_be_left(person: Person) -> None:
    photo_ids = person.upload(2, seed=345, visibility="private")
    person.open(f"/a/{create_album(person, photo_ids)}")
    page = person.page
    expect(person.tiles()).to_have_count(2)
    bar = page.get_by_role("toolbar", name="Choose the cover")
    for leave in ("Escape", "Cancel"):
        use_menu(page, "Choose the cover")
        expect(bar).to_contain_text("Choose the photo that becomes the cover.")
        page.keyboard.press("Escape") if leave == "Escape" else bar.get_by_role("button", name=leave).click()
        expect(bar).to_be_hidden()
    person.tile(photo_ids[1]).locator("a").click()
    expect(page.locator("dialog.viewer")).to_be_visible()
    page.keyboard.press("Escape")
    use_menu(page, "Choose the cover")
    page.locator(".rail").get_by_role("link", name="Explore").click()
    expect(bar).to_be_hidden()


def test_private_album_offers_to_sign_in(person: Person, visitor: Person) -> None:
    album_id = create_album(person)
    visitor.expected_statuses.add(404)
    visitor.open(f"/a/{album_id}")
    link = visitor.page.locator("main").get_by_role("link", name="Sign in")
    expect(link).to_have_attribute("href", re.compile(f"returnTo=%2Fa%2F{album_id}"))


def test_hostile_texts_stay_texts(person: Person, visitor: Person) -> None:
    [photo_id] = person.upload(seed=350, visibility="public", title=HOSTILE)
    fields = {"name": HOSTILE, "description": HOSTILE, "country": HOSTILE, "continent": HOSTILE}
    album_id = create_album(person, [photo_id], visibility="public", **fields)
    for path in (f"/a/{album_id}", "/a?show=public"):
        visitor.open(path)
        expect(visitor.page.get_by_text(HOSTILE).first).to_be_visible()
    person.open(f"/a/{album_id}")
    use_menu(person.page, "Rename and describe")
    expect(person.page.get_by_label("Name", exact=True)).to_have_value(HOSTILE)
    person.page.keyboard.press("Escape")
    use_menu(person.page, "Delete the album")
    expect(person.page.get_by_role("dialog")).to_contain_text(HOSTILE)
