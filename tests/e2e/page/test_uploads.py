"""Uploads: the sheet, the tray, and a queue that survives outages, ended sessions and reloads."""

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.support.chromium import Person, find_box, write_photos
from tests.support.rest import wait_until
from tests.support.uploading import END, Uploader, drop_files

pytestmark = pytest.mark.xdist_group("page")

WATCH_SHIFTS = """() => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: false });
}"""


@pytest.fixture
def uploader(person: Person) -> Uploader:
    """A signed-in person in the library."""
    person.open("/library?order=newest")
    return Uploader(person)


def test_outage_of_three_seconds_fails_no_upload(uploader: Uploader, tmp_path: Path) -> None:
    uploader.send(write_photos(tmp_path, 30))
    uploader.wait_for_number(4)
    uploader.person.context.set_offline(True)
    expect(uploader.tray.locator("header .quiet")).to_have_text("You are offline. Uploads wait.")
    uploader.page.wait_for_timeout(3_000)
    expect(uploader.failures).to_be_hidden()
    uploader.person.context.set_offline(False)
    uploader.wait_for_end("30 photos uploaded")
    photos = uploader.stored()
    assert len({photo["sha256"] for photo in photos}) == len(photos) == 30
    assert {photo["visibility"] for photo in photos} == {"private"}
    uploader.forget_lost_connections()


def test_reload_continues_the_queue_without_duplicates(uploader: Uploader, tmp_path: Path) -> None:
    # A photo that was stored just before the reload is not stored again.
    uploader.person.expected_statuses |= {412}
    uploader.send(write_photos(tmp_path, 20, seed=100))
    uploader.wait_for_number(4)
    uploader.page.reload()
    expect(uploader.tray).to_be_visible()
    expect(uploader.heading).to_contain_text("uploaded", timeout=END)
    photos = uploader.stored()
    assert len({photo["sha256"] for photo in photos}) == len(photos) == 20
    uploader.page.reload()
    uploader.page.wait_for_timeout(1_000)
    expect(uploader.tray).to_be_hidden()


def test_ended_session_keeps_the_queue_until_the_same_account_signs_in(uploader: Uploader, tmp_path: Path) -> None:
    person, page = uploader.person, uploader.page
    person.expected_statuses = {401}
    uploader.hold_after(3)
    uploader.send(write_photos(tmp_path, 12, seed=200))
    uploader.wait_for_number(3)
    page.route("**/upload", refuse_token)
    person.context.clear_cookies()
    uploader.release()
    expect(uploader.tray.locator("header .quiet")).to_have_text("Sign in to go on. Your queue is kept.", timeout=END)
    expect(uploader.tray.get_by_role("link", name="Sign in")).to_be_visible()
    # The photos that were under way end first.
    page.wait_for_timeout(4_000)
    page.unroute("**/upload")
    person.sign_in(person.email)
    # The page notices a sign-in in another tab when the user returns to it.
    page.evaluate("() => { document.dispatchEvent(new Event('visibilitychange')); }")
    uploader.wait_for_end("12 photos uploaded")
    assert len(uploader.stored()) == 12


def test_other_account_does_not_see_the_queue(uploader: Uploader, tmp_path: Path) -> None:
    person, page = uploader.person, uploader.page
    uploader.hold_after(2)
    uploader.send(write_photos(tmp_path, 12, seed=300))
    uploader.wait_for_number(2)
    uploader.tray.get_by_role("button", name="Pause").click()
    uploader.release()
    page.wait_for_timeout(1_500)
    first = person.email, person.token
    person.join("other")
    person.open("/library?order=newest")
    page.wait_for_timeout(1_500)
    expect(uploader.tray).to_be_hidden()
    assert uploader.stored() == []
    person.email, person.token = first
    person.sign_in(person.email)
    person.open("/library?order=newest")
    expect(uploader.heading).to_contain_text("uploaded", timeout=END)
    assert len(uploader.stored()) == 12


def test_second_tab_continues_only_after_the_first_is_closed(uploader: Uploader, tmp_path: Path) -> None:
    uploader.hold_after(3)
    uploader.send(write_photos(tmp_path, 12, seed=400))
    uploader.wait_for_number(2)
    uploader.tray.get_by_role("button", name="Pause").click()
    expect(uploader.tray.locator("header .quiet")).to_have_text("Paused")
    first = uploader.page
    second = uploader.person.context.new_page()
    second.goto("/library?order=newest")
    tray = second.locator("section.tray")
    second.wait_for_timeout(2_000)
    expect(tray).to_be_hidden()
    first.close()
    expect(tray.locator("h2")).to_contain_text("uploaded", timeout=END)
    assert len(uploader.stored()) == 12


def test_public_duplicate_that_is_uploaded_as_only_me_is_said(uploader: Uploader, tmp_path: Path) -> None:
    person = uploader.person
    [photo_id] = person.upload(seed=500, visibility="public")
    uploader.send(write_photos(tmp_path, 1, seed=500))
    uploader.wait_for_end("Nothing new to upload")
    strip = uploader.tray.locator(".tray-strip:not(.danger)")
    expect(strip).to_contain_text("was in your library already. Everyone can see it.")
    strip.get_by_role("button", name="Make it only me").click()
    expect(strip).to_be_hidden()
    [photo] = uploader.stored()
    assert (photo["photoId"], photo["visibility"]) == (photo_id, "private")


def test_visibility_is_remembered_for_each_account(uploader: Uploader, tmp_path: Path) -> None:
    person = uploader.person
    files = write_photos(tmp_path, 1, seed=600)
    uploader.choose(files)
    expect(uploader.radio("private")).to_be_checked()
    uploader.sheet.get_by_text("Everyone").click()
    uploader.sheet.locator("footer .primary").click()
    uploader.wait_for_end("1 photo uploaded")
    assert [photo["visibility"] for photo in uploader.stored()] == ["public"]
    person.open("/library")
    uploader.choose(files)
    expect(uploader.radio("public")).to_be_checked()
    uploader.sheet.get_by_role("button", name="Cancel").click()
    person.join("other")
    person.open("/library")
    uploader.choose(files)
    expect(uploader.radio("private")).to_be_checked()
    uploader.sheet.get_by_role("button", name="Cancel").click()


def test_rejection_is_shown_with_its_reason(uploader: Uploader, tmp_path: Path) -> None:
    uploader.person.expected_statuses = {422}
    notes = tmp_path / "notes.jpg"
    notes.write_text("These are notes.")
    uploader.send([*write_photos(tmp_path, 1, seed=700), str(notes)])
    uploader.wait_for_end("1 photo uploaded, 1 failed")
    expect(uploader.failures).to_contain_text("1 photo failed")
    expect(uploader.failures.get_by_role("button", name="Retry")).to_have_count(0)
    uploader.failures.get_by_role("button", name="See why").click()
    expect(uploader.tray.locator("li").first).to_contain_text("This file is not a photo.")


def test_finished_uploads_do_not_move_the_grid(uploader: Uploader, tmp_path: Path) -> None:
    uploader.person.upload(8, seed=800)
    uploader.person.open("/library?order=newest")
    expect(uploader.person.tiles()).to_have_count(8)
    uploader.choose(write_photos(tmp_path, 20, seed=900))
    before = uploader.person.tiles().first.bounding_box()
    uploader.page.evaluate(WATCH_SHIFTS)
    uploader.sheet.locator("footer .primary").click()
    uploader.wait_for_end("20 photos uploaded")
    assert uploader.person.tiles().first.bounding_box() == before
    assert uploader.page.evaluate("() => window.shift") < 0.1


def test_new_photos_are_offered_once(uploader: Uploader, tmp_path: Path) -> None:
    uploader.person.upload(1, seed=950, visibility="private")
    uploader.person.open("/library")
    uploader.send(write_photos(tmp_path, 2, seed=960))
    uploader.wait_for_end("2 photos uploaded")
    chip = uploader.page.get_by_role("button", name="Show 2 new photos")
    expect(uploader.tray.get_by_role("button", name="Show", exact=True)).to_be_visible()
    expect(chip).to_be_hidden()
    uploader.tray.get_by_role("button", name="Close").click()
    expect(chip).to_be_visible()


def test_tray_leaves_the_last_controls_and_the_scrubber_free(uploader: Uploader, tmp_path: Path) -> None:
    page = uploader.page
    [photo_id] = uploader.person.upload(1, seed=970, visibility="private")
    changes = {"takenLocal": "2020-01-10T12:00:00"}
    uploader.person.local.call("PATCH", f"/photos/{photo_id}", changes, token=uploader.person.token)
    uploader.person.upload(30, seed=980, visibility="private")
    uploader.person.open("/library")
    uploader.send(write_photos(tmp_path, 2, seed=1020))
    uploader.wait_for_end("2 photos uploaded")
    tray, scrubber = find_box(uploader.tray), find_box(page.locator(".scrubber"))
    assert tray["x"] + tray["width"] <= scrubber["x"]
    page.set_viewport_size({"width": 600, "height": 500})
    page.get_by_role("button", name="Account menu").click()
    page.get_by_role("menuitem", name="Account").click()
    button = page.get_by_role("button", name="Cancel account")
    expect(button).to_be_visible()
    uploader.tray.get_by_role("button", name="Show each photo").click()

    def is_free() -> bool:
        # The page makes room for the tray after the tray has grown.
        page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
        last, tray = find_box(button), find_box(uploader.tray)
        return bool(last["y"] + last["height"] <= tray["y"])

    wait_until(is_free, 10)


def test_folder_is_uploaded_with_titles_and_tags_and_without_other_files(uploader: Uploader, tmp_path: Path) -> None:
    folder = tmp_path / "Dolomites"
    write_photos(folder, 2, seed=1000)
    write_photos(folder / "Day 2", 1, seed=1010)
    (folder / "notes.txt").write_text("These are notes.")
    with uploader.page.expect_file_chooser() as chooser:
        uploader.page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(folder)
    expect(uploader.sheet.locator("header")).to_contain_text("from “Dolomites”")
    expect(uploader.sheet.locator("footer")).to_contain_text("1 file is not a photo and was left out.")
    titles = uploader.sheet.locator(".sheet-row input")
    titles.nth(0).fill("Sella")
    titles.nth(0).press("Enter")
    expect(titles.nth(1)).to_be_focused()
    tags = uploader.sheet.get_by_role("textbox", name="Add tag")
    tags.fill("dusk, 2026")
    tags.press("Enter")
    uploader.sheet.locator(".select select").select_option("new")
    uploader.sheet.get_by_role("textbox", name="Name of the new album").fill("Dolomites")
    uploader.sheet.locator("footer .primary").click()
    uploader.wait_for_end("3 photos uploaded")
    photos = uploader.stored()
    assert [sorted(photo["tags"]) for photo in photos] == [["2026", "dusk"]] * 3
    assert sorted(photo["title"] for photo in photos)[-1] == "Sella"
    [album] = uploader.person.local.call("GET", "/albums", token=uploader.person.token, scope="mine").json["items"]
    assert (album["name"], album["photoCount"], album["visibility"]) == ("Dolomites", 3, "private")


def test_cancelled_uploads_leave_nothing_behind(uploader: Uploader, tmp_path: Path) -> None:
    uploader.send(write_photos(tmp_path, 20, seed=1100))
    uploader.wait_for_number(3)
    uploader.tray.get_by_role("button", name="Show each photo").click()
    uploader.tray.get_by_role("button", name="Cancel all").click()
    uploader.page.get_by_role("button", name="Cancel uploads").click()
    expect(uploader.heading).to_contain_text("uploaded")
    finished = int(uploader.heading.inner_text().split()[0])
    # The service would confirm photos whose bytes have arrived.
    uploader.page.wait_for_timeout(5_000)
    assert len(uploader.stored()) == finished < 20
    uploader.page.reload()
    uploader.page.wait_for_timeout(1_500)
    expect(uploader.tray).to_be_hidden()


def test_files_that_a_visitor_drops_are_kept_for_the_sign_in(person: Person) -> None:
    uploader, cookies = Uploader(person), person.context.cookies()
    person.context.clear_cookies()
    person.open("/")
    drop_files(person, ["one.jpg", "two.jpg"])
    expect(person.page.get_by_role("heading", name="Sign in to upload")).to_be_visible()
    person.context.add_cookies(cookies)  # type: ignore[arg-type]
    person.open("/")
    expect(uploader.sheet.locator("h2")).to_have_text("Upload 2 photos")


def test_photos_that_another_app_shares_open_the_sheet(person: Person) -> None:
    uploader = Uploader(person)
    person.open("/library?order=newest")
    address = person.page.evaluate(
        """async () => {
          await navigator.serviceWorker.ready;
          while (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, 50));
          const form = new FormData();
          form.append("photos", new File(["bytes"], "Höhle 1.jpg", { type: "image/jpeg" }));
          return (await fetch("/share", { method: "POST", body: form })).url;
        }"""
    )
    person.page.goto(address)
    expect(uploader.sheet.locator(".sheet-row")).to_contain_text("Höhle 1.jpg")
    assert person.page.url.endswith("/library")
    person.page.evaluate("() => document.querySelector('dialog.sheet').close()")


def refuse_token(route: Route) -> None:
    """Answer as the service does after the session has ended."""
    route.fulfill(status=401, json={"error": "InvalidToken", "message": "The token is invalid.", "requestId": "1"})
