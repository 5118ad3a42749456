"""Unrelated and malformed S3 events are ignored, and a record that fails does not stop the others."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app as service
from chalicelib.domain.errors import Busy
from tests.support.cloud import Client, Cloud, created
from tests.support.fault_runs import name_operation
from tests.support.faults import Answer, hooked, refusal
from tests.support.images import photo as make_photo
from tests.support.invariants import broken, left_over

JPEG = make_photo(64, 48)
FEW_EXAMPLES = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def upload_record(shared_cloud: Cloud, ann: Client) -> dict[str, Any]:
    """The event record of an upload that is not confirmed yet."""
    grant = shared_cloud.grant(ann)
    return created(grant["s3Key"], shared_cloud.put(grant, JPEG))


def deliver_and_record_calls(cloud: Cloud, event: Any) -> list[str]:
    """Deliver an event and return the AWS calls of the service."""
    cloud.all_calls.clear()
    service.confirm_upload(event, None)
    return [*map(name_operation, cloud.all_calls)]


def test_record_of_a_new_upload_is_processed(shared_cloud: Cloud, upload_record: dict[str, Any]) -> None:
    assert "write" in deliver_and_record_calls(shared_cloud, {"Records": [upload_record]})


@pytest.mark.parametrize(
    "key",
    [
        "",
        "photo.jpg",
        "ann/photo.jpg",
        "ann/not-an-id/photo.jpg",
        "ann/{id}/v1/256.webp",
        "ann/{id}/",
        "/{id}/photo.jpg",
        "ann/{ID}/photo.jpg",
        "ann/ffffffff-ffff-7fff-bfff-ffffffffffff/photo.jpg",
        "../{id}",
    ],
)
def test_key_that_no_grant_can_have_is_ignored(shared_cloud: Cloud, upload_record: dict[str, Any], key: str) -> None:
    photo_id = upload_record["s3"]["object"]["key"].split("%2F")[1]
    record = created(key.replace("{id}", photo_id).replace("{ID}", photo_id.upper()))
    assert deliver_and_record_calls(shared_cloud, {"Records": [record]}) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("s3", "bucket", "name"), "another-bucket"),
        (("s3", "bucket", "name"), None),
        (("eventName",), "ObjectRemoved:DeleteMarkerCreated"),
        (("eventName",), "s3:TestEvent"),
        (("eventName",), ""),
        (("eventName",), 5),
        (("s3",), None),
        (("s3", "object"), "key"),
        (("s3", "object", "key"), None),
        (("s3", "object", "key"), 5),
        (("s3", "object", "key"), []),
    ],
)
def test_malformed_or_unrelated_record_is_ignored(
    shared_cloud: Cloud, upload_record: dict[str, Any], path: tuple[str, ...], value: Any
) -> None:
    record = deepcopy(upload_record)
    parent = record
    for name in path[:-1]:
        parent = parent[name]
    parent[path[-1]] = value
    assert deliver_and_record_calls(shared_cloud, {"Records": [record]}) == []
    del parent[path[-1]]
    assert deliver_and_record_calls(shared_cloud, {"Records": [record]}) == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": []},
        {"Records": None},
        {"Records": "Records"},
        {"Records": {"s3": 1}},
        {"Records": [None, 5, "x", [], {}]},
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photoshare", "RequestId": "1"},
    ],
)
def test_event_without_records_is_ignored(shared_cloud: Cloud, event: Any) -> None:
    assert deliver_and_record_calls(shared_cloud, event) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@FEW_EXAMPLES
@given(st.lists(JSON | st.fixed_dictionaries({"eventName": JSON, "s3": JSON}), max_size=4))
def test_records_of_random_json_are_ignored(shared_cloud: Cloud, nonsense: list[Any]) -> None:
    assert deliver_and_record_calls(shared_cloud, {"Records": nonsense}) == []


def test_valid_records_around_malformed_ones_are_processed(shared_cloud: Cloud, ann: Client) -> None:
    grants = [shared_cloud.grant(ann) for _ in range(2)]
    first, last = [created(grant["s3Key"], shared_cloud.put(grant, JPEG)) for grant in grants]
    service.confirm_upload({"Records": [first, None, 5, {"s3": "x", "eventName": []}, last]}, None)
    assert {shared_cloud.photo(grant["photoId"]).status for grant in grants} == {"ready"}


def test_event_name_with_the_s3_prefix_is_accepted(shared_cloud: Cloud, upload_record: dict[str, Any]) -> None:
    record = {**upload_record, "eventName": "s3:ObjectCreated:CompleteMultipartUpload"}
    assert "write" in deliver_and_record_calls(shared_cloud, {"Records": [record]})


def test_event_without_a_version_confirms_the_newest_version(
    shared_cloud: Cloud, ann: Client, upload_record: dict[str, Any]
) -> None:
    del upload_record["s3"]["object"]["versionId"]
    shared_cloud.deliver(upload_record)
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []


def fail_reads(cloud: Cloud, key: str) -> Any:
    """Make S3 return an error for each read of the object with `key` in its path."""

    def before(params: Any, **_: Any) -> Answer | None:
        return refusal(500, "InternalError") if key in params["url_path"] else None

    return hooked("before-call.s3.GetObject", lambda _: before, cloud.s3)


@pytest.mark.parametrize("failing_index", [0, 1, 2])
def test_failed_record_does_not_stop_the_others_and_is_retried(
    shared_cloud: Cloud, ann: Client, failing_index: int
) -> None:
    grants = [shared_cloud.grant(ann) for _ in range(3)]
    records = [created(grant["s3Key"], shared_cloud.put(grant, JPEG)) for grant in grants]

    def statuses() -> Iterator[str]:
        return (shared_cloud.photo(grant["photoId"]).status for grant in grants)

    with fail_reads(shared_cloud, grants[failing_index]["photoId"]), pytest.raises(ExceptionGroup) as raised:
        shared_cloud.deliver(*records)
    assert [type(error) for error in raised.value.exceptions] == [Busy]
    assert list(statuses()) == ["pending" if index == failing_index else "ready" for index in range(3)]
    shared_cloud.deliver(*records)
    assert set(statuses()) == {"ready"}
    assert broken(shared_cloud, ann.user_id) == left_over(shared_cloud, ann.user_id) == []


class BrokenBody:
    """A response body whose connection breaks in the middle."""

    def __enter__(self) -> "BrokenBody":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self) -> bytes:
        from botocore.exceptions import IncompleteReadError

        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)


def test_interrupted_read_of_an_original_is_retried_and_rejects_nothing(
    shared_cloud: Cloud, ann: Client, upload_record: dict[str, Any]
) -> None:
    def after(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Body"] = BrokenBody()

    path = f"/photos/{upload_record['s3']['object']['key'].split('%2F')[1]}"
    with hooked("after-call.s3.GetObject", lambda _: after, shared_cloud.s3):
        with pytest.raises(ExceptionGroup) as raised:
            shared_cloud.deliver(upload_record)
        assert [type(error) for error in raised.value.exceptions] == [Busy]
        answer = ann.post(f"{path}/complete")
        assert (answer.status, answer.json["error"]) == (503, "Busy")
        assert answer.headers["Retry-After"]
    assert ann.get(path).json["status"] == "pending"
    shared_cloud.deliver(upload_record)
    assert ann.get(path).json["status"] == "ready"
