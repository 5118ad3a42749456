"""The page from the first visit to the last: an owner, a visitor with a phone, and the keyboard alone.

The owner uploads 40 photos. Set JOURNEY_PHOTOS to another number, such as 200.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.chromium import PHONE, Person, write_photos
from tests.support.keys import Keys
from tests.support.mixed_photos import write_mixed_folder
from tests.support.page_albums import fill_new_album, list_shown, list_stored, share_album, toast, use_menu
from tests.support.page_doors import join_on_page
from tests.support.rest import PASSWORD as ACCOUNT_PASSWORD
from tests.support.uploading import Uploader

pytestmark = pytest.mark.xdist_group("tours")

COUNT = int(os.environ.get("JOURNEY_PHOTOS", "40"))
PASSWORD = "Käse & 100 %"
# The service hashes the password of a link slowly on purpose.
PATIENCE = 20_000
SHOWN_PHOTO = "dialog.viewer .viewer-frame img.loaded[alt]:not([alt=''])"


def test_owner_shares_a_folder_and_a_visitor_uses_it_until_the_account_ends(
    open_browser: Callable[..., Person], tmp_path: Path
) -> None:
    owner, visitor = open_browser(), open_browser(**PHONE)
    owner.open("/")
    owner.page.locator(".bar").get_by_role("link", name="Join").click()
    join_on_page(owner, "owner")
    upload_folder(owner, write_mixed_folder(tmp_path / "Dolomites", COUNT, seed=2000))
    album_id = make_album(owner)
    url = share_album(owner, PASSWORD)
    look(visitor, url)
    join_from_link(visitor, url)
    rate(owner, visitor)
    download(visitor)
    revoke(owner, visitor)
    cancel_account(owner, album_id)


def upload_folder(owner: Person, folder: Path) -> None:
    """Upload a folder with an outage and a reload. The copy and the file that is not a photo add no photo."""
    uploader, page = Uploader(owner), owner.page
    # The service rejects the text file. Photos whose bytes arrive just before the reload are sent again in vain.
    owner.expected_statuses |= {412, 422}
    owner.open("/library?order=newest")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)
    expect(uploader.sheet.locator("h2")).to_have_text(f"Upload {COUNT + 2} photos")
    uploader.sheet.get_by_text("Anyone with the link").click()
    uploader.sheet.locator("footer .primary").click()
    uploader.wait_for_number(4)
    owner.expected_offline = True
    owner.context.set_offline(True)
    expect(uploader.tray.locator("header .quiet")).to_have_text("You are offline. Uploads wait.")
    page.wait_for_timeout(2_000)
    owner.context.set_offline(False)
    uploader.wait_for_number(COUNT // 2)
    page.reload()
    expect(uploader.tray).to_be_visible()
    uploader.wait_for_words("uploaded", COUNT)
    expect(uploader.failures).to_contain_text("1 photo failed")
    photos = uploader.stored()
    assert len({photo["sha256"] for photo in photos}) == len(photos) == COUNT
    assert {photo["visibility"] for photo in photos} == {"unlisted"}
    uploader.tray.get_by_role("button", name="Close").click()


def make_album(owner: Person) -> str:
    """Put all photos that the library shows into a new album, and move its last photo to the start."""
    page, album_id = owner.page, fill_new_album(owner, "Dolomites")
    use_menu(page, "Arrange")
    expect(page.get_by_role("toolbar", name="Arrange")).to_be_visible()
    first, second, third = list_shown(page)[:3]
    source, target = owner.tile(third).bounding_box(), owner.tile(first).bounding_box()
    page.mouse.move(source["x"] + 40, source["y"] + 40)
    page.mouse.down()
    page.mouse.move(target["x"] + 40, target["y"] + 40, steps=4)
    page.mouse.move(target["x"] + 4, target["y"] + 40)
    page.mouse.up()
    owner.local.wait(lambda: list_stored(owner, album_id)[:3] == [third, first, second])
    page.get_by_role("toolbar", name="Arrange").get_by_role("button", name="Done").click()
    return album_id


def look(visitor: Person, url: str) -> None:
    """Open the link with its password, and look at two photos in the order of the album."""
    page = visitor.page
    visitor.expected_statuses |= {401, 404}
    visitor.open(url)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Open the album").tap()
    expect(page.get_by_role("heading", name="Dolomites")).to_be_visible(timeout=PATIENCE)
    expect(visitor.tiles().first.locator("img.loaded")).to_be_visible(timeout=PATIENCE)
    first, second = list_shown(page)[:2]
    visitor.tile(first).locator("a").tap()
    expect(page).to_have_url(f"{url}?photo={first}")
    expect(page.locator(SHOWN_PHOTO)).to_be_visible()
    visitor.swipe((330, 420), (60, 420))
    expect(page).to_have_url(f"{url}?photo={second}")
    page.go_back()
    expect(page).to_have_url(url)
    # Chromium makes no click of a tap while the photo shrinks to its tile.
    page.wait_for_timeout(500)


def join_from_link(visitor: Person, url: str) -> None:
    """Join by the invitation under the head of the album, and come back to the album."""
    visitor.page.locator(".invitation").get_by_role("link", name="Join").tap()
    join_on_page(visitor, "visitor")
    expect(visitor.page).to_have_url(url)
    expect(visitor.tiles().first.locator("img.loaded")).to_be_visible(timeout=PATIENCE)
    expect(visitor.page.locator(".invitation")).to_be_hidden()


def rate(owner: Person, visitor: Person) -> None:
    """Give a photo four stars. The owner's library has the rating."""
    page = visitor.page
    visitor.tiles().first.locator("a").tap()
    expect(page.locator(SHOWN_PHOTO)).to_be_visible()
    visitor.swipe((200, 420), (205, 250))
    # Chromium makes no click of a tap while the sheet still moves.
    page.wait_for_timeout(1000)
    page.locator(".viewer-panel").get_by_role("button", name="Rate 4 stars").tap()
    expect(page.locator(".viewer-panel .star.on")).to_have_count(4)
    best = owner.local.call("GET", "/photos", token=owner.token, scope="mine", order="top").json["items"][0]
    assert best["rating"] == {"average": 4, "count": 1}


def download(visitor: Person) -> None:
    """Save the photo that the viewer shows."""
    with visitor.page.expect_download() as started:
        visitor.page.locator("dialog.viewer").get_by_role("button", name="Download").tap()
    assert started.value.path().stat().st_size > 0
    visitor.page.go_back()


def revoke(owner: Person, visitor: Person) -> None:
    """Revoke the link. The visitor then sees that it has ended."""
    owner.page.get_by_role("dialog", name="Share this album").get_by_role("button", name="Revoke").click()
    owner.page.get_by_role("dialog", name="Revoke this link?").get_by_role("button", name="Revoke").click()
    expect(toast(owner.page)).to_contain_text("The link was revoked.")
    visitor.page.reload()
    expect(visitor.page.locator("main")).to_contain_text("This link has ended")


def cancel_account(owner: Person, album_id: str) -> None:
    """Cancel the account on its page. Its token and its albums end."""
    page = owner.page
    owner.expected_statuses |= {401, 404}
    owner.open("/me")
    page.get_by_role("button", name="Cancel account…").click()
    dialog = page.get_by_role("dialog", name="Cancel your account for good?")
    dialog.get_by_role("textbox").fill(owner.email)
    dialog.get_by_role("button", name="Cancel your account").click()
    expect(toast(page)).to_contain_text("Your account was cancelled.")
    expect(page.locator(".bar").get_by_role("link", name="Sign in")).to_be_visible()
    assert owner.local.call("GET", "/account", token=owner.token).status == 401
    owner.local.wait(lambda: owner.local.call("GET", f"/albums/{album_id}").status == 404)


def test_keyboard_alone_suffices_from_sign_in_to_sign_out(visitor: Person, tmp_path: Path) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.email = visitor.local.address("keys")
    visitor.token = visitor.local.sign_up(visitor.email)
    visitor.open("/")
    keys, page = Keys(visitor.page), visitor.page
    keys.go_to("Sign in")
    keys.press("Enter")
    expect(page.get_by_label("E-mail")).to_be_focused()
    keys.type(visitor.email)
    keys.press("Tab")
    keys.type(ACCOUNT_PASSWORD)
    keys.press("Enter")
    expect(page.get_by_text("Your library starts here")).to_be_visible()
    upload_by_keys(visitor, keys, write_photos(tmp_path, 3, seed=2500))
    add_to_album_by_keys(visitor, keys)
    use_viewer_by_keys(visitor, keys)
    keys.go_to("KE: Account menu", "Shift+Tab")
    keys.press("Enter", "ArrowDown", "Enter")
    expect(page.locator(".bar").get_by_role("link", name="Sign in")).to_be_visible()


def upload_by_keys(person: Person, keys: Keys, files: list[str]) -> None:
    """Choose the files of the system's dialog, send them, and show them."""
    keys.go_to("Upload")
    with person.page.expect_file_chooser() as chooser:
        keys.press("Enter")
    chooser.value.set_files(files)
    expect(person.page.locator("dialog.sheet")).to_be_visible()
    keys.go_to("Upload 3 photos")
    keys.press("Enter")
    Uploader(person).wait_for_end("3 photos uploaded")
    keys.go_to("Show each photo")
    keys.go_to("Show", "Shift+Tab")
    keys.press("Enter")
    expect(person.page).to_have_url(re.compile("order=newest"))
    expect(person.tiles()).to_have_count(3)
    keys.expect_focus_in(person.page.locator("main"))


def add_to_album_by_keys(person: Person, keys: Keys) -> None:
    """Select two photos, and put them into a new album."""
    keys.go_to("photo-")
    keys.press("x", "ArrowRight", "x")
    expect(person.page.get_by_role("toolbar").get_by_role("status")).to_have_text("2 selected")
    keys.go_to("Add to album", "Shift+Tab")
    keys.press("Enter")
    expect(person.page.get_by_role("dialog", name="Add 2 photos to an album")).to_be_visible()
    keys.go_to("New album")
    keys.press("Enter")
    expect(person.page.get_by_role("dialog", name="New album").get_by_label("Name")).to_be_focused()
    keys.type("Keys")
    keys.press("Enter")
    expect(toast(person.page)).to_contain_text("2 photos were added to Keys.")
    keys.expect_focus_in(person.page.locator("main li.tile"))


def use_viewer_by_keys(person: Person, keys: Keys) -> None:
    """Open a photo, and rate, edit and share it."""
    page, viewer = person.page, person.page.locator("dialog.viewer")
    keys.press("Enter")
    expect(viewer.locator(".viewer-frame img.loaded").first).to_be_visible()
    keys.press("ArrowRight", "4", "i")
    expect(viewer.locator(".viewer-panel .rating")).to_contain_text("4 from 1 person")
    keys.go_to("Edit details")
    keys.press("Enter")
    expect(page.get_by_label("Title")).to_be_focused()
    keys.type("Harbour")
    keys.press("Enter")
    expect(viewer.get_by_role("heading", name="Harbour")).to_be_visible()
    keys.expect_focus_in(viewer.get_by_role("button", name="Edit details"))
    keys.go_to("Share")
    keys.press("Enter")
    expect(page.get_by_role("dialog", name="Only you can see this photo")).to_be_visible()
    keys.go_to("Allow and share the link")
    keys.press("Enter")
    expect(toast(page)).to_contain_text("The link was copied.")
    keys.expect_focus_in(viewer)
    keys.press("Escape")
    expect(viewer).to_be_hidden()
    keys.expect_focus_in(page.locator("main li.tile"))
    [photo] = [photo for photo in Uploader(person).stored() if photo["title"]]
    assert (photo["title"], photo["visibility"], photo["rating"]["average"]) == ("Harbour", "unlisted", 4)
