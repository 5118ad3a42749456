"""The page on a phone: targets that a finger can hit, and names that fit."""

from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.support.chromium import Person, find_box
from tests.support.images import photo
from tests.support.page_albums import create_album, list_stored, open_sharing
from tests.support.uploading import Uploader

pytestmark = pytest.mark.xdist_group("page")

LEAST = 44
WIDTH = 390
DOUBLE_TEXT = """addEventListener("DOMContentLoaded", () => { document.documentElement.style.fontSize = "200%"; });"""
LONG_NAME = "A walk along the river and back over the hills with everyone, number 0047.jpg"


def assert_target(control: Locator) -> None:
    """Require that a control is large enough, and that nothing lies over its edges."""
    control.scroll_into_view_if_needed()
    box = find_box(control)
    assert box["height"] >= LEAST
    assert box["width"] >= LEAST
    hit = """(element, by) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      return element.contains(document.elementFromPoint(left + width / 2, top + height / 2 + by));
    }"""
    assert all(control.evaluate(hit, by) for by in (-LEAST / 2 + 1, LEAST / 2 - 1))


def overlap(one: FloatRect, other: FloatRect) -> bool:
    """Return whether two boxes overlap."""
    in_columns = one["x"] < other["x"] + other["width"] and other["x"] < one["x"] + one["width"]
    in_rows = one["y"] < other["y"] + other["height"] and other["y"] < one["y"] + one["height"]
    return in_columns and in_rows


def choose(phone: Person, folder: Path) -> Uploader:
    """Choose a photo with a long name by the round button."""
    file = folder / LONG_NAME
    file.write_bytes(photo(400, 300, seed=1500))
    uploader = Uploader(phone)
    with phone.page.expect_file_chooser() as chooser:
        phone.page.locator(".float-add").tap()
    chooser.value.set_files(file)
    expect(uploader.sheet).to_be_visible()
    return uploader


def test_rings_of_days_are_large(phone: Person) -> None:
    # The three photos of a day fill a row and a half, so the other day begins within a row.
    for photo_id in phone.upload(4, seed=1510, visibility="private")[1:]:
        changes = {"takenLocal": "2024-07-02T10:00:00", "takenOffset": None}
        assert phone.local.call("PATCH", f"/photos/{photo_id}", changes, token=phone.token).status == 200
    phone.open("/library")
    expect(phone.tiles()).to_have_count(4)
    labels = phone.page.locator("li.tile[data-label]:has(.day-ring)")
    assert sorted(label.get_attribute("data-label") or "" for label in labels.all()) == ["above", "inside"]
    for ring in phone.page.locator(".day-ring").all():
        assert_target(ring)


def test_upload_has_large_fields_and_links_and_shows_both_ends_of_a_name(phone: Person, tmp_path: Path) -> None:
    phone.open("/library")
    uploader = choose(phone, tmp_path)
    assert_target(uploader.sheet.locator(".sheet-row input"))
    uploader.sheet.locator("footer .primary").tap()
    uploader.wait_for_end("1 photo uploaded")
    uploader.tray.get_by_role("button", name="Show each photo").tap()
    link = uploader.tray.get_by_role("link", name=LONG_NAME)
    assert_target(link)
    begin, end = link.locator(".file-name > span").all()
    assert begin.evaluate("part => part.scrollWidth > part.clientWidth")
    assert end.evaluate("part => part.scrollWidth <= part.clientWidth")
    assert end.inner_text() == LONG_NAME[-12:]


def test_upload_from_an_album_goes_to_the_album(phone: Person, tmp_path: Path) -> None:
    other = create_album(phone, name="Other")
    album_id = create_album(phone, name="Dolomites")
    phone.open(f"/a/{album_id}")
    uploader = choose(phone, tmp_path)
    select = uploader.sheet.locator(".select select")
    expect(select).to_have_value(album_id)
    # The list of albums arrives later. It has each album once.
    expect(select.locator("option")).to_have_text(["No album", "Dolomites", "Other", "New album…"])
    expect(select).to_have_value(album_id)
    uploader.sheet.locator("footer .primary").tap()
    uploader.wait_for_end("1 photo uploaded")
    assert len(list_stored(phone, album_id)) == 1
    assert list_stored(phone, other) == []


def test_link_in_the_list_has_its_time_and_a_sign(phone: Person) -> None:
    phone.open(f"/a/{create_album(phone)}")
    dialog = open_sharing(phone.page)
    dialog.get_by_role("button", name="Create and copy link").tap()
    link = dialog.get_by_role("list", name="Share links").get_by_role("listitem")
    today = phone.page.evaluate("new Date().toLocaleDateString('en-GB', { dateStyle: 'medium' })")
    name = link.get_by_role("button").get_attribute("aria-label") or ""
    assert name.startswith(f"Revoke: Created {today}, ")
    assert name[-5:].replace(":", "").isdigit()
    expect(link.locator(".icon-link")).to_be_visible()


def test_offer_of_new_photos_covers_no_control(phone: Person, tmp_path: Path) -> None:
    phone.upload(1, seed=1520, visibility="private")
    phone.open("/library")
    uploader = choose(phone, tmp_path)
    uploader.sheet.locator("footer .primary").tap()
    uploader.wait_for_end("1 photo uploaded")
    uploader.tray.get_by_role("button", name="Close").tap()
    offer = find_box(phone.page.get_by_role("button", name="Show 1 new photo"))
    for control in phone.page.locator(".library .chips, .grid-section h2, .float-add, .rail").all():
        assert not overlap(find_box(control), offer), control


def test_name_of_a_day_is_readable_on_a_narrow_photo(phone: Person) -> None:
    # Photos of three days fill one row: the first label stands above, and the others inside of their photos.
    tall = [phone.upload_file(photo(300, 500, seed=1530 + number), visibility="private") for number in range(9)]
    for number, photo_id in enumerate(tall):
        changes = {"takenLocal": f"2024-07-{20 - number // 3:02}T10:00:00", "takenOffset": None}
        assert phone.local.call("PATCH", f"/photos/{photo_id}", changes, token=phone.token).status == 200
    phone.open("/library")
    expect(phone.tiles()).to_have_count(9)
    names = phone.page.locator(".day-label > span")
    expect(names).to_have_count(3)
    assert {label.get_attribute("data-label") for label in phone.page.locator("li.tile:has(.day-label)").all()} == {
        "above",
        "inside",
    }
    for name in names.all():
        name.scroll_into_view_if_needed()
        assert name.evaluate("""name => {
          const { left, right, top, height } = name.getBoundingClientRect();
          return [left + 1, right - 1].every((x) => name.contains(document.elementFromPoint(x, top + height / 2)));
        }"""), name.inner_text()


def test_round_button_does_not_stay_over_a_selection(phone: Person) -> None:
    phone.upload(1, seed=1540, visibility="private")
    phone.open("/library")
    expect(phone.page.locator(".float-add")).to_be_visible()
    phone.tiles().first.locator("a").focus()
    phone.page.keyboard.press("x")
    expect(phone.page.get_by_role("toolbar")).to_be_visible()
    expect(phone.page.locator(".float-add")).to_be_hidden()


def test_mouse_opens_the_whole_sheet_by_its_handle(phone: Person) -> None:
    [photo_id] = phone.upload(1, seed=1550, visibility="private")
    phone.open(f"/p/{photo_id}")
    panel = phone.page.locator(".viewer-panel")
    expect(phone.page.locator("dialog.viewer img.loaded").first).to_be_visible()
    phone.page.keyboard.press("i")
    expect(panel).to_have_attribute("data-height", "half")
    phone.page.locator(".panel-handle").click()
    expect(panel).to_have_attribute("data-height", "full")


def test_rows_of_share_links_have_room(phone: Person) -> None:
    album_id = create_album(phone)
    for _ in range(2):
        phone.local.call("POST", f"/albums/{album_id}/links", {}, token=phone.token)
    phone.open(f"/a/{album_id}")
    rows = open_sharing(phone.page).get_by_role("list", name="Share links").locator("li > span")
    expect(rows).to_have_count(2)
    first, second = rows.all()
    assert find_box(second)["y"] - find_box(first)["y"] - find_box(first)["height"] >= 8


def test_page_has_room_for_text_of_twice_the_size(phone: Person) -> None:
    phone.page.add_init_script(DOUBLE_TEXT)
    changes = {"takenLocal": "2024-07-02T10:00:00", "takenOffset": None}
    [first, second] = phone.upload(2, seed=1560, visibility="private")
    phone.local.call("PATCH", f"/photos/{second}", changes, token=phone.token)
    phone.open("/library")
    expect(phone.tiles()).to_have_count(2)
    month = find_box(phone.page.locator(".grid-section h2").first)
    label, tile = find_box(phone.tile(first).locator(".day-label")), find_box(phone.tile(first))
    assert month["y"] + month["height"] <= label["y"] + 1
    assert label["y"] + label["height"] <= tile["y"] + 1
    menu = find_box(phone.page.get_by_role("button", name="Account menu"))
    assert menu["x"] + menu["width"] <= WIDTH
    phone.open(f"/a/{create_album(phone)}")
    more = find_box(phone.page.locator(".album-actions").get_by_role("button", name="More"))
    assert more["x"] + more["width"] <= WIDTH
    phone.open("/me")
    for part in phone.page.locator(".card :is(p, h2, button, input, select)").all():
        box = find_box(part)
        assert box["x"] + box["width"] <= WIDTH, part


def test_month_is_named_over_the_photos_only_while_the_page_scrolls(phone: Person) -> None:
    changes = {"takenLocal": "2020-01-10T12:00:00", "takenOffset": None}
    [photo_id, *_] = phone.upload(12, seed=1570, visibility="private")
    phone.local.call("PATCH", f"/photos/{photo_id}", changes, token=phone.token)
    phone.open("/library")
    scrubber = phone.page.locator(".scrubber")
    expect(scrubber).to_be_attached()
    assert "awake" not in (scrubber.get_attribute("class") or "")
    # The page scrolls again if a busy machine misses the second in which the month is shown.
    scroll = "() => { scrollTo(0, scrollY ? 0 : 200); return document.querySelector('.scrubber').matches('.awake'); }"
    phone.page.wait_for_function(scroll, polling=500)
    expect(phone.page.locator(".scrubber.awake")).to_have_count(0)


def test_days_that_are_left_take_one_line_on_a_narrow_photo(phone: Person) -> None:
    # The bin begins with the last photo. The two narrow ones and the panorama fill one row.
    photo_ids = [phone.upload_file(photo(*edges, seed=1580)) for edges in ((960, 300), (300, 900), (300, 800))]
    for photo_id in photo_ids:
        phone.local.call("DELETE", f"/photos/{photo_id}", token=phone.token)
    phone.open("/bin")
    note = phone.tile(photo_ids[1]).locator(".note")
    expect(note).to_have_text("30 days left")
    assert find_box(note)["height"] < LEAST / 2 + 2
