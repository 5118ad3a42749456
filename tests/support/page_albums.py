"""Albums of the web page: what tests prepare through the API, and what they read from the page."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.chromium import Person

HOSTILE = "<img src=x onerror=alert(1)>\"'</script>{name}"


def create_album(person: Person, photo_ids: list[str] | None = None, **fields: Any) -> str:
    """Create an album with photos through the API, and return its id."""
    album = person.local.call(
        "POST", "/albums", {"name": "Dolomites", "visibility": "private"} | fields, token=person.token
    )
    album_id: str = album.json["albumId"]
    if photo_ids:
        items = [{"photoId": photo_id} for photo_id in photo_ids]
        answer = person.local.call("POST", f"/albums/{album_id}/photos", {"items": items}, token=person.token)
        assert [item["error"] for item in answer.json["items"]] == [None] * len(items)
    return album_id


def create_link(person: Person, album_id: str, **fields: Any) -> str:
    """Create a share link through the API, and return the path of its page."""
    url: str = person.local.call("POST", f"/albums/{album_id}/links", fields, token=person.token).json["url"]
    return url.removeprefix(person.local.url)


def list_stored(person: Person, album_id: str) -> list[str]:
    """Return the photos of an album in their order, as the API lists them."""
    page = person.local.call("GET", f"/albums/{album_id}/photos", token=person.token, limit="100")
    return [item["photoId"] for item in page.json["items"]]


def list_shown(page: Page) -> list[str]:
    """Return the photos that the grid shows, in the order of their places."""
    script = """tiles => tiles.map(tile => [tile.getBoundingClientRect(), tile.dataset.photoId])
        .sort(([a], [b]) => a.top - b.top || a.left - b.left).map(([, photoId]) => photoId)"""
    ids: list[str] = page.locator("main li.tile").evaluate_all(script)
    return ids


def toast(page: Page) -> Locator:
    """Return the message at the foot of the page."""
    return page.locator(".toast:not([hidden])")


def use_menu(page: Page, item: str) -> None:
    """Choose an entry of the album's menu."""
    page.locator(".album-actions").get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name=item).click()


def open_sharing(page: Page) -> Locator:
    """Open the dialog of the share links."""
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this album")
    expect(dialog).to_be_visible()
    return dialog


def fill_new_album(person: Person, name: str) -> str:
    """Put all photos that the library shows into a new album, show the album, and return its id."""
    page = person.page
    person.open("/library?order=newest")
    person.tiles().first.locator("a").focus()
    page.keyboard.press("Control+a")
    toolbar = page.get_by_role("toolbar")
    count = int(toolbar.get_by_role("status").inner_text().split()[0])
    toolbar.get_by_role("button", name="Add to album").click()
    page.get_by_role("dialog").get_by_role("button", name="New album").click()
    form = page.get_by_role("dialog", name="New album")
    form.get_by_label("Name").fill(name)
    form.get_by_role("button", name="Create the album").click()
    expect(toast(page)).to_contain_text(f"{count} photos were added to {name}.", timeout=20_000)
    toast(page).get_by_role("link", name="Show").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.url.rsplit("/", 1)[1]


def share_album(person: Person, password: str) -> str:
    """Create a share link with a password for the album that the page shows, and return its URL."""
    dialog = open_sharing(person.page)
    dialog.get_by_label("Password").fill(password)
    dialog.get_by_role("button", name="Create and copy link").click()
    return dialog.get_by_label("Link", exact=True).input_value()
