"""The addresses of the web page, and the links inside the page."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import app as service
from chalicelib.domain.errors import NotFound
from chalicelib.http import files, pages
from tests.support.cloud import Cloud
from tests.support.permissions import PAGE_ADDRESSES
from tests.support.routes import PHOTO_ID

LINK_ATTRIBUTES = {"href", "src", "action"}


class _Links(HTMLParser):
    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(document)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in LINK_ATTRIBUTES]


def read_links(document: str) -> list[str]:
    """Return every link of a document that leaves the document."""
    return [link for link in _Links(document).found if not link.startswith("#")]


@pytest.mark.parametrize("address", PAGE_ADDRESSES)
@pytest.mark.parametrize("value", [PHOTO_ID, "nonsense", "%3Cscript%3E", "..%2f", "x" * 500])
def test_every_page_address_returns_the_page(shared_cloud: Cloud, address: str, value: str) -> None:
    path = address.format(photo_id=value, album_id=value, token=value)
    answer = shared_cloud.visitor.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    page = shared_cloud.visitor.get("/")
    assert (answer.headers["ETag"], answer.body) == (page.headers["ETag"], page.body)


@pytest.mark.parametrize("path", ["/library/x", "/p", "/s", "/me/x", "/sign-in/x", "/p/1/2", "/index.html", "/web"])
def test_other_paths_do_not_exist(shared_cloud: Cloud, path: str) -> None:
    assert shared_cloud.visitor.get(path).status == 404


@pytest.mark.parametrize("prefix", ["", "/api", "/deep/stage"])
def test_links_of_the_page_start_with_the_path_of_the_base_url(prefix: str) -> None:
    links = read_links(pages.load_page(f"https://photos.example{prefix}").content)
    assert f"{prefix}/web/app.js" in links
    assert all(link.startswith(f"{prefix}/") for link in links)
    assert [link.removeprefix(prefix) for link in links] == read_links(pages.load_page("https://x.example").content)


def test_path_of_the_base_url_is_escaped() -> None:
    links = read_links(pages.load_page('https://photos.example/"><script>').content)
    assert all(link.startswith('/"><script>/') for link in links)


def test_links_of_the_page_exist(shared_cloud: Cloud) -> None:
    base = urlsplit(shared_cloud.settings.base_url).path
    for link in read_links(shared_cloud.visitor.get(f"/p/{PHOTO_ID}").body):
        assert shared_cloud.visitor.get(link.removeprefix(base)).status < 400, link


@pytest.mark.parametrize(
    "path",
    [
        *("/web/..", "/web/../files.py", "/web/%2e%2e/files.py", "/web/..%2ffiles.py", "/web/icons/..%2fapp.js"),
        *("/web/icons", "/web/icons/", "/web/icons/app.js", "/web/app.js/app.js", "/web/./app.js", "/web//app.js"),
        *("/web/%2fetc%2fpasswd", "/web/%00", "/web/icons/%00", "/web/APP.JS", "/web/icon.svg", "/web/*"),
    ],
)
def test_only_the_files_of_the_page_are_served(shared_cloud: Cloud, path: str) -> None:
    assert shared_cloud.visitor.get(path).status == 404


@pytest.mark.parametrize(
    ("folder", "name"), [("..", "http"), ("..", "web"), (".", "app.js"), ("web", "app.js"), ("", "..")]
)
def test_parent_folders_are_not_served(folder: str, name: str) -> None:
    with pytest.raises(NotFound):
        files.load_web_file(name, folder)


def test_service_worker_is_at_the_root(shared_cloud: Cloud) -> None:
    answer = shared_cloud.visitor.get("/sw.js")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        "text/javascript; charset=utf-8",
        "no-cache",
    )


def test_service_worker_knows_all_files_of_its_release(shared_cloud: Cloud) -> None:
    worker = shared_cloud.visitor.get("/sw.js").body
    [line] = [line for line in worker.splitlines() if line.startswith("const RELEASE = ")]
    release = json.loads(line.removeprefix("const RELEASE = ").removesuffix(";"))
    web = Path(files.__file__).parent.parent / "web"
    assert release["files"].keys() == {
        str(path.relative_to(web)) for path in web.rglob("*.*") if path.suffix in files.CONTENT_TYPES
    } - {"sw.js"}
    for path, etag in release["files"].items():
        assert files.load_web_file(*reversed(path.split("/"))).etag == etag, path
    assert re.fullmatch("[0-9a-f]{32}", release["id"])


@pytest.mark.parametrize(
    "content", [b"", b"--x\r\nContent-Disposition: form-data; name=f\r\n\r\n\xff\xd8\r\n--x--\r\n"]
)
def test_share_without_the_service_worker_changes_nothing_and_leads_to_the_library(
    shared_cloud: Cloud, content: bytes
) -> None:
    before = len(shared_cloud.all_calls)
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Origin": "null"}
    answer = shared_cloud.visitor.call("POST", "/share", content, headers)
    assert (answer.status, answer.headers["Location"]) == (303, "http://localhost:8000/library?shared=missed")
    assert (answer.body, answer.cookies, len(shared_cloud.all_calls)) == ("", {}, before)


def test_policy_of_the_page_allows_its_manifest_and_its_worker(shared_cloud: Cloud) -> None:
    policy = shared_cloud.visitor.get("/").headers["Content-Security-Policy"]
    directives = dict(directive.strip().partition(" ")[::2] for directive in policy.split(";"))
    assert directives["manifest-src"] == directives["worker-src"] == "'self'"
    assert {*directives} == {
        *("default-src", "script-src", "style-src", "img-src", "connect-src", "manifest-src", "worker-src"),
        *("form-action", "base-uri", "frame-ancestors"),
    }


def test_parameters_in_the_same_place_have_the_same_name() -> None:
    names: dict[str, set[str]] = {}
    for path in service.app.routes:
        parts = path.split("/")
        for position, part in enumerate(parts):
            if part.startswith("{"):
                names.setdefault("/".join(parts[:position]), set()).add(part)
    assert [place for place, different in names.items() if len(different) > 1] == []
