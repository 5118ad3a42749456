"""The AWS calls that each request makes."""

from typing import Any

from tests.support.cloud import Cloud
from tests.support.images import photo as make_photo
from tests.support.lists import add_photos

JPEG = make_photo(64, 48)


def test_each_request_makes_the_expected_aws_calls(cloud: Cloud) -> None:
    ann = cloud.person("ann")

    def record_calls(method: str, path: str, body: object = None, **query: Any) -> list[str]:
        cloud.calls.clear()
        assert ann.call(method, path, body, **query).status < 300
        return list(cloud.calls)

    upload = {"filename": "a.jpg", "contentType": "image/jpeg"}
    assert record_calls("POST", "/upload", upload) == ["GetItem", "TransactWriteItems"]
    path = f"/photos/{cloud.upload(ann, JPEG).photo_id}"
    assert record_calls("GET", path) == ["GetItem", "GetItem"]
    assert record_calls("POST", f"{path}/complete") == ["GetItem", "GetItem"]
    assert record_calls("GET", f"{path}/download") == ["GetItem", "GetItem"]
    assert record_calls("GET", "/photos", order="newest") == ["GetItem", "Query"]
    assert record_calls("GET", "/photos", order="top") == ["GetItem", "Query"]
    assert record_calls("PATCH", path, {"title": "x"}) == ["GetItem", "GetItem", "TransactWriteItems"]
    assert record_calls("DELETE", path) == ["GetItem", "GetItem", "TransactWriteItems"]


def test_request_of_a_visitor_reads_no_account(cloud: Cloud) -> None:
    path = f"/photos/{cloud.upload(cloud.person('ann'), JPEG).photo_id}"
    cloud.calls.clear()
    cloud.visitor.get(path)
    assert cloud.calls == ["GetItem"]


def test_random_pages_need_at_most_20_queries_on_average_and_no_scan(cloud: Cloud) -> None:
    add_photos(cloud, 120)
    cloud.calls.clear()
    # A first page needs 13 queries on average. It needs several times as many if the estimate of the density is poor.
    for _ in range(20):
        assert len(cloud.visitor.get("/photos").json["items"]) == 10
    assert set(cloud.calls) == {"Query"}
    assert len(cloud.calls) <= 20 * 20
