"""The stars of the viewer."""

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.support.chromium import Person

pytestmark = pytest.mark.xdist_group("page")


def test_rating_that_is_given_before_the_earlier_one_is_known_stays(person: Person) -> None:
    _, photo_id = person.upload(2, seed=341, visibility="private", title="Boat")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if route.request.method == "GET" and not held:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    person.page.route("**/rating", hold)
    person.open("/library?order=newest")
    person.tile(photo_id).locator("a").click()
    viewer = person.page.locator("dialog.viewer[open]")
    expect(viewer.locator(".viewer-frame img.loaded[alt='Boat']")).to_be_visible()
    person.page.keyboard.press("i")
    panel = viewer.locator(".viewer-panel")
    expect(panel).to_be_visible()
    person.page.keyboard.press("4")
    expect(panel.locator(".star.on")).to_have_count(4)
    ((route, response),) = held
    with person.page.expect_response("**/rating"):
        route.fulfill(response=response)
    for key, status in (("ArrowRight", "Boat, 2 of 2"), ("ArrowLeft", "Boat, 1 of 2")):
        person.page.keyboard.press(key)
        expect(viewer.locator("p.unseen[role=status]")).to_have_text(status)
    expect(panel.locator(".star.on")).to_have_count(4)
