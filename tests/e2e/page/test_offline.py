"""The page without a network: it opens, says that it is offline, and goes on when the network is back."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import Person

pytestmark = pytest.mark.xdist_group("page")

_WAIT_FOR_WORKER = """() => new Promise((resolve) => {
  if (navigator.serviceWorker.controller) resolve();
  navigator.serviceWorker.addEventListener("controllerchange", () => resolve());
})"""
_READ_COPIES = """async () => {
  const [name] = (await caches.keys()).filter((each) => each.startsWith("page-"));
  return (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname);
}"""


def wait_for_worker(page: Page) -> None:
    """Wait until the service worker controls the page, so it has kept copies of the first view."""
    page.evaluate(_WAIT_FOR_WORKER)


@pytest.mark.parametrize("path", ["/", "/library?order=newest"])
def test_page_opens_offline_and_goes_on_online(person: Person, path: str) -> None:
    [photo_id] = person.upload(visibility="public", title="Lighthouse")
    person.open(path)
    wait_for_worker(person.page)
    person.open(path)
    expect(person.page.locator("main li.tile").first).to_be_visible()
    person.expected_offline = True
    person.context.set_offline(True)
    person.open(path)
    expect(person.page.get_by_role("status").get_by_text("You are offline.")).to_be_visible()
    expect(person.page.get_by_text("The service cannot be reached").first).to_be_visible()
    person.context.set_offline(False)
    expect(person.page.get_by_text("You are offline.")).to_be_hidden()
    expect(person.page.get_by_role("button", name="Account")).to_be_visible()
    if path != "/":
        expect(person.tile(photo_id)).to_be_visible()
    expect(person.page.locator("main li.tile").first).to_be_visible()


def test_worker_keeps_the_first_view_but_no_photos_and_no_answers(person: Person) -> None:
    person.upload(visibility="public")
    person.open("/")
    wait_for_worker(person.page)
    person.open("/library")
    expect(person.page.locator("main li.tile img.loaded").first).to_be_visible()
    copies = person.page.evaluate(_READ_COPIES)
    assert {"/", "/web/app.js", "/web/views/explore.js", "/web/styles/base.css"} <= set(copies)
    assert [path for path in copies if path != "/" and not path.startswith("/web/")] == []


def test_worker_keeps_no_file_of_another_release(person: Person) -> None:
    person.open("/")
    wait_for_worker(person.page)
    newer = {"ETag": '"newer"', "Content-Type": "text/javascript"}
    person.context.route("**/web/views/missing.js", lambda route: route.fulfill(body="export {}", headers=newer))
    person.page.evaluate("fetch('/web/views/missing.js').then((answer) => answer.text())")
    person.context.unroute("**/web/views/missing.js")
    assert "/web/views/missing.js" not in person.page.evaluate(_READ_COPIES)
    person.page.evaluate("fetch('/web/views/missing.js').then((answer) => answer.text())")
    assert "/web/views/missing.js" in person.page.evaluate(_READ_COPIES)
