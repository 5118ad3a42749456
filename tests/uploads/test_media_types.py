"""The bytes of an upload determine its type. The declared type and the extension only decide about the grant."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import images
from tests.support.cloud import Client, Cloud
from tests.support.invariants import rows, sound
from tests.support.uploads import put_object

JPEG, PNG, HEIC = images.photo(64, 48), images.photo(64, 48, format="PNG"), images.HEIC


def read_download(client: Client, photo_id: str) -> tuple[str, str, dict[str, list[str]]]:
    """Return the file name and the type of a download, and the query of its URL."""
    answer = client.get(f"/photos/{photo_id}/download")
    assert answer.status == 200, answer
    return answer.json["filename"], answer.json["contentType"], parse_qs(urlsplit(answer.json["url"]).query)


@pytest.mark.parametrize(
    ("declared", "filename"),
    [
        *(
            (declared, "a.jpg")
            for declared in ("image/jpg", "image/pjpeg", "IMAGE/JPEG", " Image/Jpeg ", "image/x-jpeg")
        ),
        *((declared, "a.jpg") for declared in ("image/jpeg; charset=binary", "image/jpeg;q=1", "image/x-citrix-jpeg")),
        *((declared, "a.png") for declared in ("image/x-png", "image/apng")),
        *((declared, "a.tif") for declared in ("image/tif", "image/x-tiff", "image/x-tif")),
        *((f"image/{name}-sequence", f"a.{name}") for name in ("heic", "heif", "avif")),
        *((declared, "a.HEIC") for declared in ("", None, "application/octet-stream", "binary/octet-stream")),
        *(("", name) for name in ("a.hif", "a.JFIF", "a.b.TIFF", "photo", ".heic", "Trip 5.2019", "Mr. Smith")),
        ("image/png", "a.pdf"),
    ],
)
def test_grant_is_given_for_every_spelling_of_a_supported_type(
    shared_cloud: Cloud, ann: Client, declared: str | None, filename: str
) -> None:
    grant = shared_cloud.grant(ann, contentType=declared, filename=filename)
    shared_cloud.put(grant, JPEG)
    photo = ann.post(f"/photos/{grant['photoId']}/complete").json
    assert (photo["status"], photo["contentType"], photo["filename"]) == ("ready", "image/jpeg", filename)
    assert sound(shared_cloud, ann)


def test_grant_is_given_without_a_content_type(ann: Client) -> None:
    assert ann.post("/upload", {"filename": "a.heic"}).json["headers"]["Content-Type"] == "image/heic"
    assert ann.post("/upload", {"filename": "a"}).json["headers"]["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("declared", "filename"),
    [
        *((declared, "a.jpg") for declared in ("image/svg+xml", "text/html", "application/pdf", "video/mp4", "*/*")),
        *(
            (declared, "a.jpg")
            for declared in ("jpeg", "image/", "image/jpeg, image/png", "image/x-adobe-dng", "; a=b/c")
        ),
        *(("", name) for name in ("a.svg", "a.PDF", "a.mp4", "a.jpg.exe")),
        *((declared, "a.mov") for declared in (None, "application/octet-stream; x=y")),
    ],
)
def test_other_types_and_extensions_are_rejected(
    shared_cloud: Cloud, ann: Client, declared: str | None, filename: str
) -> None:
    if declared == "; a=b/c":
        filename = "a.svg"
    answer = ann.post("/upload", {"filename": filename, "contentType": declared})
    assert (answer.status, answer.json["error"]) == (415, "UnsupportedType")
    assert "image/jpeg" in answer.json["details"]["supported"]
    assert rows(shared_cloud, ann.user_id) == []


@pytest.mark.parametrize(
    ("declared", "signed"),
    [
        ("image/jpg", "image/jpg"),
        ("IMAGE/JPEG", "IMAGE/JPEG"),
        (" image/jpeg;  charset=binary ", "image/jpeg; charset=binary"),
        ("application/octet-stream", "application/octet-stream"),
        ('image/jpeg; a="é"', "image/jpeg"),
        ("image/jpeg; " + "; " * 40 + "é", "image/jpeg"),
        ("image/jpeg;\r\nX-Evil: 1", "image/jpeg"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_grant_signs_the_declared_type_if_a_header_can_carry_it(
    shared_cloud: Cloud, ann: Client, method: str, declared: str, signed: str
) -> None:
    grant = shared_cloud.grant(ann, contentType=declared, method=method)
    assert (grant.get("headers") or grant["fields"])["Content-Type"] == signed


@pytest.mark.parametrize(
    ("content", "named", "media_type", "download"),
    [
        (HEIC, "IMG_1.JPG", "image/heic", "IMG_1.heic"),
        (JPEG, "IMG_1.heic", "image/jpeg", "IMG_1.jpg"),
        (PNG, "scan.jpeg", "image/png", "scan.png"),
        (HEIC, "IMG_1.HIF", "image/heic", "IMG_1.HIF"),
        (JPEG, "photo", "image/jpeg", "photo.jpg"),
        (JPEG, "page.html", "image/jpeg", "page.html.jpg"),
        (JPEG, "Trip 5.2019", "image/jpeg", "Trip 5.2019.jpg"),
    ],
)
def test_row_and_downloads_have_the_type_of_the_bytes(
    shared_cloud: Cloud, ann: Client, content: bytes, named: str, media_type: str, download: str
) -> None:
    for declared in ("image/jpeg", "image/heic"):
        photo = shared_cloud.upload(ann, content, filename=named, contentType=declared)
        assert (photo.status, photo.content_type, photo.filename) == ("ready", media_type, named)
        filename, content_type, query = read_download(ann, photo.photo_id)
        assert (filename, content_type) == (download, media_type)
        assert query["response-content-type"] == [media_type]
        assert query["response-content-disposition"][0].startswith(f'attachment; filename="{download}"')
        assert read_download(shared_cloud.visitor, photo.photo_id)[:2] == (photo.copy_name, "image/jpeg")
        assert photo.copy_name.lower().endswith((".jpg", ".jpeg"))


def test_type_of_the_stored_object_does_not_matter(shared_cloud: Cloud, ann: Client) -> None:
    grant = shared_cloud.grant(ann, contentType="image/png")
    put_object(shared_cloud, grant["s3Key"], JPEG)
    assert ann.post(f"/photos/{grant['photoId']}/complete").json["contentType"] == "image/jpeg"
    assert read_download(ann, grant["photoId"])[2]["response-content-type"] == ["image/jpeg"]


@pytest.mark.parametrize("declared", ["image/jpeg", "", "image/heic"])
def test_file_that_is_no_photo_is_still_rejected(shared_cloud: Cloud, ann: Client, declared: str) -> None:
    for content in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\0\0\0\x18ftypmp42" + bytes(16)):
        grant: dict[str, Any] = shared_cloud.grant(ann, contentType=declared)
        shared_cloud.put(grant, content)
        answer = ann.post(f"/photos/{grant['photoId']}/complete")
        assert (answer.status, answer.json["error"]) == (422, "NotAnImage")
