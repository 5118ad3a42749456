"""Texts that depend on the language, and on the kind of a quota."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person, write_photos
from tests.support.page_albums import create_album, open_sharing
from tests.support.uploading import Uploader

pytestmark = pytest.mark.xdist_group("page")


def exceed_quota(person: Person, path: str, **limits: int) -> None:
    """Answer the POST requests of a path as the service does if a quota is exceeded."""
    body = {"error": "QuotaExceeded", "message": "Quota exceeded.", "requestId": "1", "details": limits}

    def answer(route: Any) -> None:
        if route.request.method == "POST":
            route.fulfill(status=429, json=body, headers={"Retry-After": "60"})
        else:
            route.continue_()

    person.expected_statuses |= {429}
    person.page.route(path, answer)


def test_quota_of_albums_is_explained(person: Person, tmp_path: Path) -> None:
    exceed_quota(person, "**/albums", albums=1000)
    text = "You have as many albums as an account may have. Delete one first."
    person.open("/a")
    person.page.locator(".albums-head").get_by_role("button", name="New album").click()
    dialog = person.page.get_by_role("dialog", name="New album")
    dialog.get_by_label("Name").fill("One more")
    dialog.get_by_role("button", name="Create the album").click()
    expect(dialog.get_by_role("alert")).to_have_text(text)
    dialog.get_by_role("button", name="Cancel").click()
    uploader = Uploader(person)
    uploader.choose(write_photos(tmp_path, 1, seed=1400))
    uploader.sheet.locator(".select select").select_option("new")
    uploader.sheet.get_by_role("textbox", name="Name of the new album").fill("One more")
    uploader.sheet.locator("footer .primary").click()
    expect(uploader.sheet.get_by_role("alert")).to_have_text(text)
    uploader.sheet.get_by_role("button", name="Cancel").click()


def test_quota_of_links_is_explained(person: Person) -> None:
    person.open(f"/a/{create_album(person)}")
    exceed_quota(person, "**/links", links=100)
    dialog = open_sharing(person.page)
    dialog.get_by_role("button", name="Create and copy link").click()
    expect(dialog.get_by_role("alert")).to_have_text("This album has as many links as it may have. Revoke one first.")


def test_quota_of_photos_is_explained(person: Person, tmp_path: Path) -> None:
    exceed_quota(person, "**/upload", photos=10_000, bytes=50_000_000_000)
    person.open("/library")
    uploader = Uploader(person)
    uploader.send(write_photos(tmp_path, 1, seed=1410))
    uploader.failures.get_by_role("button", name="See why").click()
    text = "Your account is full. Erase photos and empty the bin, then try again."
    expect(uploader.tray.locator("li small")).to_have_text(text)


@pytest.mark.parametrize(("language", "day"), [("en", "Wed 28"), ("de", "Mi 28")])
def test_days_have_no_dots_and_commas(visitor: Person, language: str, day: str) -> None:
    visitor.open("/")
    visitor.page.evaluate("language => localStorage.setItem('photoshare.language', language)", language)
    visitor.open("/")
    format_day = """async () => (await import("/web/core/format.js")).formatDay(new Date("2026-10-28T12:00:00Z"))"""
    assert visitor.page.evaluate(format_day) == day
