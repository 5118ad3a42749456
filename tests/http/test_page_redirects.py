"""Links to paths of the API: browsers are redirected to the page, and programs get JSON."""

from typing import Any

import pytest

from chalicelib.http.parsing import accepts_html
from tests.support.albums import create_album
from tests.support.bare_requests import BareRequest
from tests.support.cloud import Client, Cloud
from tests.support.images import photo as make_photo

BASE = "http://localhost:8000"
CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
ADDRESSES = {"/photos/{}": "/p/{}", "/albums/{}": "/a/{}", "/shared/{}": "/s/{}"}
HTML = [CHROMIUM, "text/html", "TEXT/HTML", "application/json, text/html;q=0.1", "text/html;charset=utf-8;q=1.0"]
OTHER = [
    *("*/*", "text/*", "application/json", "application/xhtml+xml", "text/htmlx", "x/text/html", ""),
    *(
        "text/html;q=0",
        "text/html; q=0.0",
        "text/html ; Q=0.000, */*",
        "text/html;level=1;q=0",
        "text/plain;x=text/html",
    ),
]


@pytest.mark.parametrize("accept", HTML)
@pytest.mark.parametrize(("path", "address"), ADDRESSES.items())
@pytest.mark.parametrize(
    "value", ["01900000-0000-7000-8000-000000000000", "nonsense", "..%2f%2fevil.example", "%0d%0a"]
)
def test_browser_is_redirected_to_the_page(
    shared_cloud: Cloud, accept: str, path: str, address: str, value: str
) -> None:
    before = len(shared_cloud.all_calls)
    answer = shared_cloud.visitor.call("GET", path.format(value), headers={"Accept": accept}, utm_source="mail")
    target = BASE + address.format(value.replace("%2f", "%2F").replace("%0d%0a", "%0D%0A"))
    assert (answer.status, answer.headers["Location"], answer.headers["Vary"]) == (303, target, "Origin, Accept")
    assert (answer.body, answer.headers["Cache-Control"]) == ("", "no-store")
    assert len(shared_cloud.all_calls) == before


@pytest.mark.parametrize("accept", [*OTHER, None])
def test_program_gets_json(shared_cloud: Cloud, ann: Client, accept: str | None) -> None:
    album = create_album(ann, visibility="public")
    photo = shared_cloud.upload(ann, make_photo(64, 48))
    token = ann.post(f"{album}/links").json["url"].rpartition("/")[2]
    for path in (album, f"/photos/{photo.photo_id}", f"/shared/{token}"):
        answer = shared_cloud.visitor.call("GET", path, headers={} if accept is None else {"Accept": accept})
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.headers["Vary"] == "Origin, Accept"


def test_error_also_varies_by_accept(shared_cloud: Cloud) -> None:
    for path in ADDRESSES:
        answer = shared_cloud.visitor.get(path.format("nonsense"))
        assert (answer.status, answer.headers["Vary"]) == (404, "Origin, Accept")


@pytest.mark.parametrize("path", ["/photos", "/albums", "/shared/x/photos", "/photos/x/download", "/albums/x/photos"])
def test_other_paths_are_not_redirected(shared_cloud: Cloud, path: str) -> None:
    answer = shared_cloud.visitor.call("GET", path, headers={"Accept": CHROMIUM})
    assert answer.status in (200, 404)
    assert answer.headers["Vary"] == "Origin"


def test_browser_does_not_turn_a_change_into_a_redirect(ann: Client) -> None:
    album = create_album(ann)
    assert ann.call("DELETE", album, headers={"Accept": CHROMIUM}).status == 204


def test_accept_can_be_sent_in_several_lines() -> None:
    class TwoLines(BareRequest):
        def to_original_event(self) -> Any:
            return {"multiValueHeaders": {"accept": ["application/json", "text/html"]}}

    assert accepts_html(TwoLines())
    assert not accepts_html(BareRequest())


def test_new_share_link_is_an_address_of_the_page(shared_cloud: Cloud, ann: Client) -> None:
    url = ann.post(f"{create_album(ann)}/links").json["url"]
    assert url.startswith(f"{BASE}/s/")
    assert shared_cloud.visitor.get(url.removeprefix(BASE)).status == 200


def test_programs_can_append_the_paths_of_the_api_to_the_url_of_a_link(shared_cloud: Cloud, ann: Client) -> None:
    album, photo = create_album(ann), shared_cloud.upload(ann, make_photo(64, 48))
    assert ann.call("PUT", f"{album}/photos/{photo.photo_id}").status == 200
    path = ann.post(f"{album}/links", {"password": "open sesame"}).json["url"].removeprefix(BASE)
    opened = {"X-Link-Password": "open sesame"}
    for visitor_path in (f"{path}/photos", f"{path}/photos/{photo.photo_id}/download"):
        assert shared_cloud.visitor.get(visitor_path).json["error"] == "LinkPasswordRequired"
        answer = shared_cloud.visitor.call("GET", visitor_path, headers=opened)
        by_api = shared_cloud.visitor.call("GET", visitor_path.replace("/s/", "/shared/"), headers=opened)
        assert (answer.status, answer.json.keys()) == (200, by_api.json.keys())
