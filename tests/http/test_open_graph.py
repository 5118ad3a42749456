"""Open Graph tags: only public photos have them, and no text can break out of them."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.photos import Photo
from chalicelib.http import pages
from tests.support.cloud import Client, Cloud
from tests.support.faults import Fault, striking
from tests.support.images import photo as make_photo
from tests.support.rows import pending

JPEG = make_photo(64, 48)
BASE = "http://localhost:8000"
HOSTILE_TEXTS = [
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</head><body onload=alert(1)>",
    '" http-equiv="refresh" content="0;url=https://evil.example',
    "<!--",
    "]]>",
    "&quot;&#34;&amp;&lt;",
    "\\1 \\g<0> {title} %s </head>",
    "\u2028\u202e\x7f`${alert(1)}`",
]


class _Document(HTMLParser):
    """The `meta` elements of a document, and the names and attributes of all its elements."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: dict[str, str] = {}
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        name = values.get("property") or values.get("name") or ""
        if tag == "meta" and name.startswith(("og:", "twitter:")):
            assert name not in self.tags
            self.tags[name] = values["content"]
        self.elements.append((tag, tuple(values)))


def read_tags(document: str) -> dict[str, str]:
    """Return the Open Graph tags of a document."""
    return _Document(document).tags


@pytest.fixture
def photo(shared_cloud: Cloud, ann: Client) -> Iterator[Photo]:
    """A public photo, which is erased after the test."""
    uploaded = shared_cloud.upload(ann, JPEG, title="Quay & sea", description='A "calm" day')
    yield uploaded
    ann.delete(f"/photos/{uploaded.photo_id}", permanent="true")


def test_public_photo_has_open_graph_tags(shared_cloud: Cloud, photo: Photo) -> None:
    answer = shared_cloud.visitor.get(f"/p/{photo.photo_id}", utm_source="mail")
    address = f"{BASE}/p/{photo.photo_id}"
    assert read_tags(answer.body) == {
        "og:type": "website",
        "og:site_name": "Photoshare",
        "og:title": "Quay & sea",
        "og:description": 'A "calm" day',
        "og:url": address,
        "og:image": f"{address}/preview",
        "og:image:alt": "Quay & sea",
        "twitter:card": "summary_large_image",
    }
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.body.index("og:title") < answer.body.index("</head>")


def test_photo_without_texts_has_the_name_of_the_site(shared_cloud: Cloud, ann: Client, photo: Photo) -> None:
    ann.patch(f"/photos/{photo.photo_id}", {"title": "", "description": ""})
    tags = read_tags(shared_cloud.visitor.get(f"/p/{photo.photo_id}").body)
    assert tags["og:title"] == "Photoshare"
    assert "og:description" not in tags


@pytest.mark.parametrize("state", ["private", "unlisted", "trashed", "erased", "pending", "rejected"])
def test_hidden_photo_gets_the_same_page_as_an_unknown_photo(shared_cloud: Cloud, ann: Client, state: str) -> None:
    if state == "pending":
        photo_id = shared_cloud.grant(ann, title="Secret")["photoId"]
    else:
        content = b"no image" if state == "rejected" else JPEG
        photo_id = shared_cloud.upload(ann, content, title="Secret").photo_id
    path = f"/photos/{photo_id}"
    if state in ("private", "unlisted"):
        tagged = shared_cloud.visitor.get(f"/p/{photo_id}")
        assert ann.patch(path, {"visibility": state}).status == 200
        # A copy in a cache is not valid any more.
        again = shared_cloud.visitor.call("GET", f"/p/{photo_id}", headers={"If-None-Match": tagged.headers["ETag"]})
        assert again.status == 200
    elif state in ("trashed", "erased"):
        assert ann.delete(path, **({"permanent": "true"} if state == "erased" else {})).status == 204
    unknown = shared_cloud.visitor.get("/p/01900000-0000-7000-8000-000000000000")
    # The owner gets no tags either, because the route ignores access tokens.
    for client in (shared_cloud.visitor, ann):
        page = client.get(f"/p/{photo_id}")
        assert (page.status, page.headers, page.body) == (unknown.status, unknown.headers, unknown.body)
    assert read_tags(unknown.body) == {}


def test_preview_redirects_to_a_signed_url_until_the_photo_is_hidden(
    shared_cloud: Cloud, ann: Client, photo: Photo
) -> None:
    preview = f"/p/{photo.photo_id}/preview"
    answer = shared_cloud.visitor.get(preview)
    shown = shared_cloud.visitor.get(f"/photos/{photo.photo_id}").json["renditions"]["1024"]
    assert (answer.status, answer.headers["Location"], answer.headers["Cache-Control"]) == (302, shown, "no-store")
    ann.patch(f"/photos/{photo.photo_id}", {"visibility": "unlisted"})
    hidden = shared_cloud.visitor.get(preview)
    assert (hidden.status, hidden.json["error"]) == (404, "NotFound")


@pytest.mark.parametrize("photo_id", ["nonsense", "%22%3E", "x" * 500])
def test_preview_of_an_invalid_id_does_not_exist(shared_cloud: Cloud, photo_id: str) -> None:
    assert shared_cloud.visitor.get(f"/p/{photo_id}/preview").status == 404


def test_page_of_a_photo_needs_no_database(shared_cloud: Cloud, photo: Photo) -> None:
    with striking(Fault(0, "throttled"), shared_cloud.dynamodb) as fault:
        page = shared_cloud.visitor.get(f"/p/{photo.photo_id}")
    assert fault.struck == "GetItem"
    assert (page.status, read_tags(page.body)) == (200, {})


def test_only_pages_of_photos_read_the_database(shared_cloud: Cloud) -> None:
    before = len(shared_cloud.all_calls)
    for path in ("/", "/library", "/a/x", "/s/x", "/p/nonsense", "/sw.js", "/web/app.js"):
        assert shared_cloud.visitor.get(path).status == 200
    assert len(shared_cloud.all_calls) == before


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_text_stays_in_its_tag(shared_cloud: Cloud, ann: Client, photo: Photo, text: str) -> None:
    assert ann.patch(f"/photos/{photo.photo_id}", {"title": text, "description": text}).status == 200
    document = shared_cloud.visitor.get(f"/p/{photo.photo_id}").body
    tags = read_tags(document)
    assert tags["og:title"] == tags["og:description"] == tags["og:image:alt"] == text
    assert _Document(document).elements == list_expected_elements()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00")))
def test_no_text_adds_an_element_or_an_attribute(text: str) -> None:
    photo = pending(title=text or "x", description=text or "x")
    document = pages.build_photo_page(photo, BASE).content
    assert _Document(document).elements == list_expected_elements()


def list_expected_elements() -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of the page with the tags of a photo whose texts are harmless."""
    photo = pending(title="x", description="x")
    plain = _Document(pages.load_page(BASE).content).elements
    tagged = _Document(pages.build_photo_page(photo, BASE).content).elements
    # The seven properties and the card, and nothing else.
    assert sorted(tagged) == sorted([*plain, *[("meta", ("property", "content"))] * 7, ("meta", ("name", "content"))])
    return tagged
