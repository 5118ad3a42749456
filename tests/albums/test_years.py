"""The years of an album are an array in every response, even for older clients and older rows."""

from typing import Any

import pytest

from tests.support.cloud import Client, Cloud


def read_years(client: Client, album_id: str) -> list[Any]:
    """Return the years of an album in each response that contains them."""
    listed = client.get("/albums", scope="mine").json["items"]
    url = client.post(f"/albums/{album_id}/links", {}).json["url"]
    shared = client.get("/shared/" + url.rpartition("/")[2]).json
    return [client.get(f"/albums/{album_id}").json["years"], *(album["years"] for album in listed), shared["years"]]


@pytest.mark.parametrize(
    ("sent", "years"),
    [
        ([], []),
        ("", []),
        ([2019, 2021, 2019], [2019, 2021]),
        ("2019-2021", [2019, 2020, 2021]),
        ("2019", [2019]),
        ([1, 9999], [1, 9999]),
    ],
)
def test_years_can_be_sent_as_an_array_or_a_text(ann: Client, sent: Any, years: list[int]) -> None:
    created = ann.post("/albums", {"name": "Sea", "years": sent})
    assert (created.status, created.json["years"]) == (201, years)
    album_id = created.json["albumId"]
    assert read_years(ann, album_id) == [years] * 3
    assert ann.patch(f"/albums/{album_id}", {"years": [1999]}).json["years"] == [1999]
    assert ann.patch(f"/albums/{album_id}", {"years": sent}).json["years"] == years


def test_album_without_years_has_an_empty_array(ann: Client) -> None:
    assert ann.post("/albums", {"name": "Sea"}).json["years"] == []


@pytest.mark.parametrize(("text", "years"), [("1999–2001", [1999, 2000, 2001]), ("long ago", [])])
def test_older_row_has_its_years_as_an_array(shared_cloud: Cloud, ann: Client, text: str, years: list[int]) -> None:
    album_id = ann.post("/albums", {"name": "Sea"}).json["albumId"]
    shared_cloud.dynamodb.update_item(
        TableName=shared_cloud.settings.album_table,
        Key={"albumId": {"S": album_id}, "record": {"S": "album"}},
        UpdateExpression="SET years = :years",
        ExpressionAttributeValues={":years": {"S": text}},
    )
    assert read_years(ann, album_id) == [years] * 3
    assert ann.patch(f"/albums/{album_id}", {"name": "Hills"}).json["years"] == years
    assert read_years(ann, album_id) == [years] * 3
