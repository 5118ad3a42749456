"""Share links on the page: the owner creates and revokes them, a visitor uses them on a phone."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.support.chromium import PHONE, Person
from tests.support.page_albums import HOSTILE, create_album, create_link, open_sharing, toast

pytestmark = pytest.mark.xdist_group("tours")

PASSWORD = "Käse & 100 %"
# The service hashes a password slowly on purpose.
PATIENCE = 20_000


@pytest.fixture
def phone(open_browser: Callable[..., Person]) -> Person:
    """A visitor with a phone."""
    person = open_browser(**PHONE)
    person.expected_statuses |= {401, 404}
    return person


def test_visitor_opens_a_link_with_a_password_until_it_is_revoked(person: Person, phone: Person) -> None:
    photo_ids = person.upload(3, seed=500, visibility="private")
    album_id = create_album(person, photo_ids)
    person.open(f"/a/{album_id}")
    dialog = open_sharing(person.page)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Create and copy link").click()
    url = dialog.get_by_label("Link", exact=True).input_value()
    expect(dialog).to_contain_text("The link is shown only now")
    path = url.removeprefix(person.local.url)

    phone.open(path)
    page = phone.page
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Open the album").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not it. Try again.", timeout=PATIENCE)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Open the album").click()
    expect(page.get_by_role("heading", name="Dolomites")).to_be_visible(timeout=PATIENCE)
    expect(phone.tiles()).to_have_count(3, timeout=PATIENCE)
    expect(phone.tile(photo_ids[0]).locator("img.loaded")).to_be_visible()
    page.reload()
    expect(phone.tiles()).to_have_count(3, timeout=PATIENCE)

    dialog.get_by_role("button", name="Revoke").click()
    person.page.get_by_role("dialog", name="Revoke this link?").get_by_role("button", name="Revoke").click()
    expect(toast(person.page)).to_contain_text("The link was revoked.")
    page.reload()
    expect(page.locator("main")).to_contain_text("This link has ended")
    expect(page.locator("main")).to_contain_text("Ask for a new one.")


def test_photo_of_a_link_has_an_address_that_survives_a_reload(person: Person, phone: Person) -> None:
    photo_ids = person.upload(2, seed=510, visibility="private")
    path = create_link(person, create_album(person, photo_ids))
    phone.open(path)
    page = phone.page
    phone.tile(photo_ids[1]).locator("a").tap()
    expect(page).to_have_url(f"{person.local.url}{path}?photo={photo_ids[1]}")
    page.reload()
    expect(page).to_have_url(f"{person.local.url}{path}?photo={photo_ids[1]}")
    expect(page.locator("dialog.viewer")).to_be_visible()
    with page.expect_download() as download:
        page.locator("dialog.viewer").get_by_role("button", name="Download").click()
    assert download.value.suggested_filename
    page.go_back()
    expect(page).to_have_url(f"{person.local.url}{path}")
    expect(phone.tiles()).to_have_count(2)


def test_slideshow_begins_with_the_first_photo(person: Person, phone: Person) -> None:
    photo_ids = person.upload(2, seed=550, visibility="private")
    path = create_link(person, create_album(person, photo_ids))
    phone.open(path)
    phone.page.locator(".shared-foot").get_by_role("button", name="Slideshow").tap()
    expect(phone.page).to_have_url(f"{person.local.url}{path}?photo={photo_ids[0]}")
    expect(phone.page).to_have_url(f"{person.local.url}{path}?photo={photo_ids[1]}", timeout=15_000)


def test_visit_that_begins_at_a_photo_goes_back_to_the_album(person: Person, phone: Person) -> None:
    [photo_id] = person.upload(seed=520, visibility="private")
    path = create_link(person, create_album(person, [photo_id]))
    phone.open(f"{path}?photo={photo_id}")
    expect(phone.tiles()).to_have_count(1)
    phone.page.go_back()
    expect(phone.page).to_have_url(f"{person.local.url}{path}")
    expect(phone.tiles()).to_have_count(1)


def test_token_stays_on_the_page(person: Person, phone: Person) -> None:
    photo_ids = person.upload(2, seed=530, visibility="private")
    path = create_link(person, create_album(person, photo_ids))
    token = path.rsplit("/", 1)[1]
    headers: list[dict[str, str]] = []
    phone.page.on("request", lambda request: headers.append(request.headers))
    phone.open(path)
    expect(phone.tile(photo_ids[0]).locator("img.loaded")).to_be_visible()
    own = {f"{person.local.url}{path}", f"{person.local.url}/shared/{token}"}
    bearers = {url.split("?")[0].removesuffix("/photos") for url in phone.requests if quote(token) in url}
    assert bearers <= own
    assert not any(token in value for sent in headers for name, value in sent.items() if name == "referer")
    expect(phone.page.locator(f"a[href*='{token}']:not(.tile a)")).to_have_count(0)


def test_hostile_texts_of_a_link_stay_texts(person: Person, phone: Person) -> None:
    [photo_id] = person.upload(seed=540, visibility="private", title=HOSTILE)
    path = create_link(person, create_album(person, [photo_id], name=HOSTILE, description=HOSTILE), password=HOSTILE)
    phone.open(path)
    phone.page.get_by_label("Password", exact=True).fill(HOSTILE)
    phone.page.get_by_role("button", name="Open the album").click()
    expect(phone.page.get_by_role("heading", name=HOSTILE)).to_be_visible(timeout=PATIENCE)
    expect(phone.tiles()).to_have_count(1, timeout=PATIENCE)


def test_visitor_selects_and_downloads_photos(person: Person, open_browser: Callable[..., Person]) -> None:
    photo_ids = person.upload(3, seed=560, visibility="private")
    visitor = open_browser()
    visitor.open(create_link(person, create_album(person, photo_ids)))
    for photo_id in photo_ids[:2]:
        visitor.tile(photo_id).hover()
        visitor.tile(photo_id).locator(".tick").click()
    toolbar = visitor.page.get_by_role("toolbar")
    expect(toolbar.get_by_role("button")).to_have_count(2)
    with visitor.page.expect_download():
        toolbar.get_by_role("button", name="Download").click()
    expect(toast(visitor.page)).to_contain_text("2 photos downloaded.")


def test_visitor_chooses_an_order_that_survives_a_reload(person: Person, phone: Person) -> None:
    photo_ids = person.upload(3, seed=570, visibility="private")
    path = create_link(person, create_album(person, [photo_ids[1], photo_ids[0], photo_ids[2]]))
    phone.open(path)
    expect(phone.tiles().first).to_have_attribute("data-photo-id", photo_ids[1])
    chip = phone.page.get_by_role("button", name="Date taken")
    chip.tap()
    expect(phone.tiles().first).not_to_have_attribute("data-photo-id", photo_ids[1])
    assert phone.page.url == f"{person.local.url}{path}"
    phone.page.reload()
    expect(chip).to_have_attribute("aria-pressed", "true")


def test_unknown_link_has_ended(phone: Person) -> None:
    phone.open("/s/unknown")
    expect(phone.page.locator("main")).to_contain_text("This link has ended")


def test_visitor_is_asked_to_rate_only_if_a_photo_can_be_rated(person: Person, phone: Person) -> None:
    private = person.upload(2, seed=580, visibility="private")
    unlisted = person.upload(1, seed=590, visibility="unlisted")
    invitation = phone.page.locator(".invitation")
    phone.open(create_link(person, create_album(person, private)))
    expect(phone.tiles()).to_have_count(2)
    expect(invitation).to_contain_text("Keep your own photos here")
    expect(invitation).not_to_contain_text("Rate")
    phone.tile(private[0]).locator("a").tap()
    expect(phone.page.locator("dialog.viewer img.loaded").first).to_be_visible()
    phone.page.keyboard.press("i")
    panel = phone.page.locator(".viewer-panel")
    expect(panel).to_contain_text("No ratings yet")
    expect(panel.get_by_role("link", name="Sign in to rate")).to_have_count(0)
    phone.open(create_link(person, create_album(person, [*private, *unlisted])))
    expect(invitation).to_contain_text("Rate these photos, or keep your own here")
