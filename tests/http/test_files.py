"""Files of the web page: revalidation by ETag, and HEAD requests."""

from typing import Any

import pytest

import app as service
from tests.support.bare_requests import BareRequest
from tests.support.cloud import Cloud
from tests.support.permissions import PAGE_ADDRESSES, PAGE_FILES

PATHS = ["/", "/library", "/web/app.js", "/web/styles/base.css", "/web/icons/icon.svg", "/sw.js", "/openapi.json"]


@pytest.mark.parametrize(
    "field", ["{}", "W/{}", "*", " * ", '"x", {}', '"x",{},"y"', 'W/"x", W/{}', '"a,b" , {}', "{},", '"", {}']
)
@pytest.mark.parametrize("path", PATHS)
def test_file_is_not_sent_again_if_the_client_has_it(shared_cloud: Cloud, path: str, field: str) -> None:
    etag = shared_cloud.visitor.get(path).headers["ETag"]
    answer = shared_cloud.visitor.call("GET", path, headers={"If-None-Match": field.format(etag)})
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, "", etag)


@pytest.mark.parametrize("field", ["", '"x"', 'W/"x"', '"*"', '"x", "y"', "x", "{0}x", '"x{0}', "** "])
def test_file_is_sent_if_the_client_has_another_version(shared_cloud: Cloud, field: str) -> None:
    inner = shared_cloud.visitor.get("/").headers["ETag"].strip('"')
    answer = shared_cloud.visitor.call("GET", "/", headers={"If-None-Match": field.format(inner)})
    assert answer.status == 200
    assert answer.body.startswith("<!doctype html>")


def test_repeated_header_counts_as_one_list() -> None:
    from chalicelib.http.parsing import matches_etag

    class TwoFields(BareRequest):
        def to_original_event(self) -> Any:
            return {"multiValueHeaders": {"if-None-match": ['"a"', 'W/"b"']}}

    assert matches_etag(TwoFields(), '"a"')
    assert matches_etag(TwoFields(), '"b"')
    assert not matches_etag(TwoFields(), '"c"')


@pytest.mark.parametrize("path", PATHS)
def test_head_request_gets_the_headers_of_the_file(shared_cloud: Cloud, path: str) -> None:
    get, head = (shared_cloud.visitor.call(method, path) for method in ("GET", "HEAD"))
    assert (head.status, head.headers) == (200, get.headers)
    again = shared_cloud.visitor.call("HEAD", path, headers={"If-None-Match": get.headers["ETag"]})
    assert again.status == 304


def test_api_gateway_gets_a_head_route_for_each_file() -> None:
    files = {*PAGE_ADDRESSES, *PAGE_FILES, "/p/{photo_id}/preview", "/openapi.json"}
    assert {path for path, methods in service.app.routes.items() if "HEAD" in methods} == files
