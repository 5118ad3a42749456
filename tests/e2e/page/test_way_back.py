"""Joining and signing in: both lead back to the page that was shown."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.support.chromium import PHONE, Person
from tests.support.page_albums import create_album, create_link
from tests.support.rest import PASSWORD

pytestmark = pytest.mark.xdist_group("page")


def enter(person: Person, email: str) -> None:
    """Fill the form of the sign-in, and send it."""
    person.page.get_by_label("E-mail").fill(email)
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.page.locator("main form button.primary").click()


def test_sign_in_of_the_bar_leads_back(person: Person, visitor: Person) -> None:
    visitor.open("/find?q=harbour")
    visitor.page.locator(".bar-account").get_by_role("link", name="Sign in").click()
    expect(visitor.page).to_have_url(f"{visitor.local.url}/sign-in?returnTo=%2Ffind%3Fq%3Dharbour")
    enter(visitor, person.email)
    expect(visitor.page).to_have_url(f"{visitor.local.url}/find?q=harbour")


def test_invitation_of_a_link_leads_back_without_telling_its_token(
    person: Person, open_browser: Callable[..., Person]
) -> None:
    [photo_id] = person.upload(seed=1200, visibility="private")
    path = create_link(person, create_album(person, [photo_id]))
    token = path.rsplit("/", 1)[1]
    phone = open_browser(**PHONE)
    phone.open(path)
    phone.page.locator(".invitation").get_by_role("link", name="Join").tap()
    expect(phone.page).to_have_url(f"{phone.local.url}/join?back=tab")
    phone.page.locator("main").get_by_role("link", name="Sign in").tap()
    expect(phone.page).to_have_url(f"{phone.local.url}/sign-in?back=tab")
    hosted = phone.page.locator("main a[data-leaves]").get_attribute("href") or ""
    assert token not in hosted
    assert quote(token) not in hosted
    enter(phone, person.email)
    expect(phone.page).to_have_url(f"{phone.local.url}{path}")
    expect(phone.tile(photo_id)).to_be_visible()
    assert not any("returnTo" in url and quote(token) in url for url in phone.requests)


def test_visit_after_the_hosted_sign_in_goes_on_to_the_link(person: Person, visitor: Person) -> None:
    [photo_id] = person.upload(seed=1210, visibility="private")
    path = create_link(person, create_album(person, [photo_id]))
    visitor.open(path)
    visitor.page.locator(".bar-account").get_by_role("link", name="Sign in").click()
    expect(visitor.page).to_have_url(f"{visitor.local.url}/sign-in?back=tab")
    visitor.sign_in(person.email)
    visitor.page.reload()
    expect(visitor.page).to_have_url(f"{visitor.local.url}{path}")


def test_sign_in_over_a_photo_of_a_link_leads_back_to_it(person: Person, visitor: Person) -> None:
    [photo_id] = person.upload(seed=1220, visibility="unlisted")
    path = create_link(person, create_album(person, [photo_id]))
    visitor.open(path)
    visitor.tile(photo_id).locator("a").click()
    visitor.page.locator(".viewer-frame img.loaded").first.wait_for()
    visitor.page.keyboard.press("i")
    visitor.page.locator(".viewer-panel").get_by_role("link", name="Sign in to rate").click()
    enter(visitor, person.email)
    expect(visitor.page).to_have_url(f"{visitor.local.url}{path}?photo={photo_id}")
    expect(visitor.page.locator("dialog.viewer")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page).to_have_url(f"{visitor.local.url}{path}")
    expect(visitor.tile(photo_id)).to_be_visible()
