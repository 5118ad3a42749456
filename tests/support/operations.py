"""Every operation of the service, in the order of the tables in docs/reference/costs.md."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec

import app as service
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.messages import CleanUpPhoto
from tests.support.cloud import Cloud, created
from tests.support.cognito import Cognito
from tests.support.images import photo as make_photo

JPEG = make_photo(320, 240)
_EVENT_FIELDS = ("version", "account", "region", "detail-type", "source", "time", "id", "resources")
SCHEDULED_EVENT: dict[str, Any] = dict.fromkeys(_EVENT_FIELDS, "") | {"detail": {}}
LARGE_GALLERY = "in a gallery of 60 photos: "
OWNER = "6f1c2b8e-93d4-4a57-8e0b-2d7c51a9f3e4"
"""An id as Cognito makes it. The ids of users are in many rows, so a short id would hide costs."""
WORDS = {
    "filename": "DSC_0815.jpg",
    "title": "The harbour before the storm",
    "description": "Taken from the north pier.",
    "tags": ["sea", "storm"],
}

Operation = tuple[str, Callable[[], Any]]


class Operations:
    """Every operation, in the order of the table. Each operation depends on the previous operations."""

    def __init__(self, cloud: Cloud) -> None:
        Cognito(cloud).answers["GetUser"] = {"UserAttributes": [{"Name": "email", "Value": "ann@example.com"}]}
        self.cloud, self.ann, self.bob, self.visitor = cloud, cloud.person(OWNER), cloud.person("bob"), cloud.visitor
        self.album_id = self.ann.post("/albums", {"name": "Sea"}).json["albumId"]
        self.album = f"/albums/{self.album_id}"
        _add_photos(cloud, 15, self.album_id)
        self.other = self.ann.post("/albums", {"name": "Hills"}).json["albumId"]
        self.link = self.ann.post(f"{self.album}/links").json
        self.photo = ""
        """The path of the first uploaded photo."""
        self.second = ""
        """The path of the photo whose upload a request confirms."""

    def all(self) -> Iterator[Operation]:
        for group in (self.uploads, self.photos, self.ratings_and_entries, self.trash, self.albums, self.links):
            yield from group()
        ann, visitor = self.ann, self.visitor
        yield "GET /account", lambda: ann.get("/account")
        yield "POST /logout/everywhere", lambda: ann.post("/logout/everywhere")
        passwords = {"currentPassword": "x", "newPassword": "y"}
        yield "POST /password/change", lambda: ann.post("/password/change", passwords)
        yield "hourly schedule, nothing due", lambda: service.sweep(SCHEDULED_EVENT, None)
        _add_photos(self.cloud, 45, self.album_id)
        yield f"{LARGE_GALLERY}GET /search of one word as a visitor", lambda: visitor.get("/search", q="filler")
        yield (
            f"{LARGE_GALLERY}GET /search of two words as a visitor",
            lambda: visitor.get("/search", q="filler evening"),
        )
        yield (
            f"{LARGE_GALLERY}GET /albums/{{album_id}}/photos as a visitor",
            lambda: visitor.get(f"{self.album}/photos"),
        )
        yield from self.batches()
        yield "DELETE /account", lambda: ann.delete("/account")

    def uploads(self) -> Iterator[Operation]:
        ann, body = self.ann, {"contentType": "image/jpeg", **WORDS}
        digest = sha256(JPEG).hexdigest()
        body_in_album = body | {"sha256": "ab" * 32, "albumId": self.album_id}
        yield "POST /upload", lambda: ann.post("/upload", body)
        yield (
            "POST /upload with sha256, Idempotency-Key and albumId",
            lambda: ann.post("/upload", body_in_album, **{"Idempotency-Key": "k"}),
        )
        grant = self.cloud.grant(ann, **WORDS)
        yield "S3 event, one photo", _prepare_event(self.cloud, grant)
        self.photo = f"/photos/{grant['photoId']}"
        yield "POST /upload of a duplicate", lambda: ann.post("/upload", body | {"sha256": digest})
        second = self.cloud.grant(ann, **WORDS)
        self.cloud.put(second, JPEG)
        self.second = f"/photos/{second['photoId']}"
        yield "POST /photos/{photo_id}/complete", lambda: ann.post(f"/photos/{second['photoId']}/complete")

    def photos(self) -> Iterator[Operation]:
        ann, visitor, path = self.ann, self.visitor, self.photo
        yield "GET /photos/{photo_id} as a visitor", lambda: visitor.get(path)
        yield "GET /photos/{photo_id}", lambda: ann.get(path)
        yield "GET /photos/{photo_id}/download", lambda: ann.get(f"{path}/download")
        renamed = {"title": "The harbour after the storm"}
        yield "PATCH /photos/{photo_id} of the title", lambda: ann.patch(path, renamed)
        yield "PATCH /photos/{photo_id} of the time", lambda: ann.patch(path, {"takenLocal": "2024-06-30T12:00:00"})
        yield "PATCH /photos/{photo_id} to private", lambda: ann.patch(path, {"visibility": "private"})
        ann.patch(path, {"visibility": "public"})
        yield "PATCH /photos/{photo_id} of the rotation", lambda: ann.patch(self.second, {"rotation": 90})
        job = msgspec.json.encode(CleanUpPhoto(PhotoId(self.second.rpartition("/")[2]))).decode()
        yield "job, one rotation", lambda: self.cloud.work(job, datetime.now(UTC))
        page = path.replace("/photos/", "/p/")
        yield "GET /p/{photo_id}", lambda: visitor.get(page)
        yield "GET /p/{photo_id}/preview", lambda: visitor.get(f"{page}/preview")
        for order in ("newest", "oldest", "top"):
            yield f"GET /photos?order={order} as a visitor", partial(visitor.get, "/photos", order=order)
        yield "GET /photos?order=taken&scope=mine", lambda: ann.get("/photos", order="taken", scope="mine")
        yield "GET /photos/months?scope=mine", lambda: ann.get("/photos/months", scope="mine")
        yield "GET /photos?order=newest&tag= as a visitor", lambda: visitor.get("/photos", order="newest", tag="sea")
        yield "GET /search of one word as a visitor", lambda: visitor.get("/search", q="filler")
        yield "GET /search of two words as a visitor", lambda: visitor.get("/search", q="filler pier")
        yield "GET /search of three words as a visitor", lambda: visitor.get("/search", q="filler common pier")

    def ratings_and_entries(self) -> Iterator[Operation]:
        ann, bob, path = self.ann, self.bob, self.photo
        yield "PUT /photos/{photo_id}/rating", lambda: bob.call("PUT", f"{path}/rating", {"rating": 4})
        yield "GET /photos/{photo_id}/rating", lambda: bob.get(f"{path}/rating")
        yield "DELETE /photos/{photo_id}/rating", lambda: bob.delete(f"{path}/rating")
        entry = f"/albums/{self.other}{path}"
        yield "PUT /albums/{album_id}/photos/{photo_id}", lambda: ann.call("PUT", entry)
        yield "DELETE /albums/{album_id}/photos/{photo_id}", lambda: ann.delete(entry)

    def trash(self) -> Iterator[Operation]:
        ann, path = self.ann, self.photo
        yield "DELETE /photos/{photo_id}", lambda: ann.delete(path)
        yield "GET /trash", lambda: ann.get("/trash")
        yield "DELETE /trash", lambda: ann.delete("/trash")
        yield "POST /photos/{photo_id}/restore", lambda: ann.post(f"{path}/restore")
        yield "DELETE /photos/{photo_id}?permanent=true", lambda: ann.delete(path, permanent="true")

    def albums(self) -> Iterator[Operation]:
        ann, visitor, album = self.ann, self.visitor, self.album
        yield "POST /albums", lambda: ann.post("/albums", {"name": "Town"})
        yield "GET /albums as a visitor", lambda: visitor.get("/albums")
        yield "GET /albums/{album_id} as a visitor", lambda: visitor.get(album)
        yield "GET /albums/{album_id}/photos as a visitor", lambda: visitor.get(f"{album}/photos")
        yield "GET /albums/{album_id}/photos", lambda: ann.get(f"{album}/photos")
        yield "GET /albums/{album_id}/photos?order=taken", lambda: ann.get(f"{album}/photos", order="taken")
        yield "PATCH /albums/{album_id} of its country", lambda: ann.patch(album, {"country": "Denmark"})
        yield "DELETE /albums/{album_id}, empty", lambda: ann.delete(f"/albums/{self.other}")

    def links(self) -> Iterator[Operation]:
        ann, visitor, album, link = self.ann, self.visitor, self.album, self.link
        token = link["url"].rpartition("/")[2]
        yield "POST /albums/{album_id}/links", lambda: ann.post(f"{album}/links")
        yield "GET /albums/{album_id}/links", lambda: ann.get(f"{album}/links")
        yield "GET /shared/{token}", lambda: visitor.get(f"/shared/{token}")
        yield "GET /shared/{token}/photos", lambda: visitor.get(f"/shared/{token}/photos")
        yield (
            "GET /shared/{token}/photos?order=taken",
            lambda: visitor.get(f"/shared/{token}/photos", order="taken"),
        )
        shared = visitor.get(f"/shared/{token}/photos", limit=1).json["items"][0]["photoId"]
        yield (
            "GET /shared/{token}/photos/{photo_id}/download",
            lambda: visitor.get(f"/shared/{token}/photos/{shared}/download"),
        )
        yield "GET /s/{token}/photos", lambda: visitor.get(f"/s/{token}/photos")
        yield "GET /s/{token}/photos/{photo_id}/download", lambda: visitor.get(f"/s/{token}/photos/{shared}/download")
        yield "DELETE /albums/{album_id}/links/{link_id}", lambda: ann.delete(f"{album}/links/{link['linkId']}")

    def batches(self) -> Iterator[Operation]:
        ann, photos = self.ann, f"{self.album}/photos"
        # Photos whose ids have the same last digit share a counter of months, which is measured only once.
        by_digit: dict[str, str] = {}
        while len(by_digit) < 10:
            photo_id = self.cloud.upload(ann, JPEG, **WORDS).photo_id
            by_digit.setdefault(photo_id[-1], photo_id)
        photo_ids = [*by_digit.values()]
        body = {"photoIds": photo_ids}
        entries = {"items": [{"photoId": photo_id} for photo_id in photo_ids]}
        changes = {"items": [{"photoId": photo_id, "changes": {"visibility": "private"}} for photo_id in photo_ids]}
        yield "POST /albums/{album_id}/photos of ten photos", lambda: ann.post(photos, entries)
        yield "POST /albums/{album_id}/photos/remove of ten photos", lambda: ann.post(f"{photos}/remove", body)
        yield "PATCH /photos of ten photos to private", lambda: ann.patch("/photos", changes)
        yield "POST /trash of ten photos", lambda: ann.post("/trash", body)
        yield "POST /trash/restore of ten photos", lambda: ann.post("/trash/restore", body)
        ann.post("/trash", body)
        yield "POST /trash/erase of ten photos", lambda: ann.post("/trash/erase", body)


def _prepare_event(cloud: Cloud, grant: dict[str, Any]) -> Callable[[], None]:
    """Upload a photo. Return a function that delivers its S3 event."""
    record = created(grant["s3Key"], cloud.put(grant, JPEG))
    return lambda: cloud.deliver(record)


def _add_photos(cloud: Cloud, count: int, album_id: str) -> None:
    """Add photos with typical rows. All photos have the same words, and half of them have one more word."""
    photo = cloud.upload(cloud.person(OWNER), JPEG, albumId=album_id, **WORDS | {"title": "Filler common"})
    for number in range(1, count):
        title = "Filler common" if number % 2 else "Filler common evening"
        grant = cloud.grant(cloud.person(OWNER), albumId=album_id, **WORDS | {"title": title})
        pending = cloud.photo(grant["photoId"])
        facts = {name: getattr(photo, name) for name in ("exif", "width", "height", "renditions", "sha256", "size")}
        assert cloud.store.replace(pending, pending.with_(status="ready", version_id="v", **facts))
