"""Hostile texts of users in every view, and the secrets of the page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.chromium import Person, write_photos
from tests.support.rest import PASSWORD

pytestmark = pytest.mark.xdist_group("tours")

HOSTILE = "<img src=x onerror=window.hacked=1>\"'><script>window.hacked=1</script>{{7*7}}javascript:window.hacked=1"
SHORT = "<svg onload=window.hacked=1>"


def create_hostile_album(person: Person) -> tuple[str, str, str]:
    """Upload a photo and create an album with hostile texts. Return their ids, and the token of a share link."""
    [photo_id] = person.upload(visibility="public", filename=f"{SHORT}.jpg", title=HOSTILE, description=HOSTILE)
    changes = {"tags": [SHORT, "javascript:alert(1)"]}
    assert person.local.call("PATCH", f"/photos/{photo_id}", changes, person.token).status == 200
    body = {"name": HOSTILE, "description": HOSTILE, "country": SHORT, "continent": SHORT}
    album = person.local.call("POST", "/albums", body, person.token)
    assert album.status == 201, album
    album_id = album.json["albumId"]
    assert person.local.call("PUT", f"/albums/{album_id}/photos/{photo_id}", token=person.token).status == 200
    link = person.local.call("POST", f"/albums/{album_id}/links", token=person.token)
    return photo_id, album_id, link.json["url"].rsplit("/", 1)[1]


def test_hostile_texts_never_run_in_any_view(
    person: Person, open_browser: Callable[..., Person], tmp_path: Path
) -> None:
    photo_id, album_id, token = create_hostile_album(person)
    addresses = ["/", "/library", "/library?order=newest", f"/p/{photo_id}", "/a", f"/a/{album_id}", "/bin", "/me"]
    addresses += [f"/find?q={SHORT}", f"/find?tag={SHORT}", f"/find?user={SHORT}&from={SHORT}", f"/s/{token}"]
    addresses += [f"/sign-in?returnTo={SHORT}", "/sign-in?returnTo=javascript:window.hacked=1"]
    for browser in (person, open_browser()):
        # Lists with invalid filters return 400, and visitors have no session.
        browser.expected_statuses |= {400, 401}
        for address in addresses:
            browser.open(address)
            browser.page.wait_for_load_state("networkidle")
            assert browser.page.evaluate("window.hacked") is None, address
            assert browser.page.locator("script:not([src]), main img[src=x], svg[onload]").count() == 0, address
    assert person.page.evaluate("window.hacked") is None
    person.open("/library")
    [file] = write_photos(tmp_path / "files", 1, seed=77)
    hostile = tmp_path / "files" / "<svg onload=hacked=1>.jpg"
    hostile.write_bytes(Path(file).read_bytes())
    with person.page.expect_file_chooser() as chooser:
        person.page.locator(".bar-upload").click()
    chooser.value.set_files(str(hostile))
    expect(person.page.locator("dialog[open]")).to_contain_text("<svg onload")
    assert person.page.evaluate("window.hacked") is None


def test_page_keeps_its_tokens_away_from_web_storage(person: Person) -> None:
    person.open("/library")
    person.page.wait_for_load_state("networkidle")
    stored = person.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])"
    )
    assert "eyJ" not in stored
    assert "refresh" not in stored.lower()
    assert not any("eyJ" in url or "access_token" in url for url in person.requests)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/../..//evil.example"],
)
def test_sign_in_never_returns_to_another_site(person: Person, target: str) -> None:
    person.context.clear_cookies()
    person.open(f"/sign-in?returnTo={target}")
    person.page.fill("input[name=email]", person.email)
    person.page.fill("input[name=password]", PASSWORD)
    person.expected_statuses |= {401}
    person.page.click("main button.primary")
    person.page.wait_for_timeout(500)
    assert person.page.url.startswith(person.local.url)
