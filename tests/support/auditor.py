"""Check rows, objects and messages without the code of the service.

The auditor reads everything through boto3. It repeats the format of the rows on purpose. If the stores write a wrong
row and accept the row when they read it, only the auditor detects the error. Call it after all work has ended.
"""

import os
import re
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import boto3
from boto3.dynamodb.types import TypeDeserializer

Kind = Literal["lost", "orphan", "drift", "stuck"]
Row = dict[str, Any]

_TABLES = ("photo", "account", "term", "album", "entry", "rating")
_DUE = ("dueAt", "rotationDueAt", "sweepAt")


class Version(NamedTuple):
    """A version of an object, or a delete marker, which has the size -1."""

    key: str
    version_id: str
    size: int


class Violation(NamedTuple):
    """A broken invariant."""

    kind: Kind
    text: str


class Source:
    """Rows, objects and messages, read through boto3. The names come from the environment of the functions."""

    def __init__(self) -> None:
        self._dynamodb, self._s3, self._sqs = boto3.client("dynamodb"), boto3.client("s3"), boto3.client("sqs")
        self._digests: dict[Version, str] = {}

    def scan(self, name: str) -> list[Row]:
        """Return all rows of a table."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=os.environ[f"{name.upper()}_TABLE"])
        decode = TypeDeserializer().deserialize
        return [{name: decode(value) for name, value in item.items()} for page in pages for item in page["Items"]]

    def list_versions(self, bucket: str) -> list[Version]:
        """Return all versions and delete markers of a bucket."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=os.environ[f"{bucket}_BUCKET"])
        entries = [entry for page in pages for name in ("Versions", "DeleteMarkers") for entry in page.get(name, [])]
        return [Version(entry["Key"], entry["VersionId"], entry.get("Size", -1)) for entry in entries]

    def digest(self, version: Version) -> str:
        """Return the SHA-256 of an original. Versions are immutable, so read each of them once."""
        if version not in self._digests:
            place = {"Bucket": os.environ["ORIGINALS_BUCKET"], "Key": version.key, "VersionId": version.version_id}
            self._digests[version] = sha256(self._s3.get_object(**place)["Body"].read()).hexdigest()
        return self._digests[version]

    def count_messages(self) -> dict[str, int]:
        """Return the number of messages in each queue, dead-letter queues included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = {}
        for url in self._sqs.list_queues().get("QueueUrls", []):
            attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            counts[url.rpartition("/")[2]] = sum(int(attributes[name]) for name in names)
        return counts


class Audit:
    """All rows and objects at one moment."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.rows = {name: source.scan(name) for name in _TABLES}
        # Rows omit defaults.
        self.photos: dict[str, Row] = {row["photoId"]: _complete(row) for row in self.rows["photo"]}
        self.albums = {row["albumId"]: row for row in self.rows["album"] if row["record"] == "album"}
        self.links = [row for row in self.rows["album"] if row["record"].startswith("link#")]
        self.accounts = {row["userId"]: row for row in self.rows["account"] if row["record"] == "account"}
        self.ratings = {(row["photoId"], row["userId"]): int(row["rating"]) for row in self.rows["rating"]}
        self.entries = {(row["albumId"], row["photoId"]): row for row in self.rows["entry"]}
        self.originals = source.list_versions("ORIGINALS")
        self.renditions = {key: size for key, _, size in source.list_versions("RENDITIONS")}

    def violations(self, now: str) -> list[Violation]:
        """Return all violations. `now` is the time of the last sweep, in the form of the rows."""
        checks: dict[Kind, list[Iterator[str]]] = {
            "lost": [self._find_lost()],
            "orphan": [self._find_orphaned_objects(), self._find_orphaned_rows(), self._find_rest_of_cancelled()],
            "drift": [self._find_usage_drift(), self._find_album_drift(), self._find_photo_drift()],
            "stuck": [self._find_stuck(now)],
        }
        return [Violation(kind, text) for kind, parts in checks.items() for part in parts for text in part]

    def summarize(self) -> dict[str, Any]:
        """Return the state without ids and times. Two runs of one operation must end in the same state."""
        photos = [
            (
                *(row.get("metadata", {}).get("title", ""), row["status"], row["visibility"], "trashedAt" in row),
                *(len(row.get("albums", {})), int(row.get("ratingSum", 0)), int(row.get("rotation", 0))),
            )
            for row in self.photos.values()
        ]
        albums = [
            (row["name"], row["visibility"], int(row["photoCount"]), int(row.get("linkCount", 0)))
            for row in self.albums.values()
        ]
        ratings, cancelled = Counter(self.ratings.values()), sum("cancelledAt" in row for row in self.accounts.values())
        return {"photos": Counter(photos), "albums": Counter(albums), "ratings": ratings, "cancelled": cancelled}

    def _list_photos(self, status: str) -> list[Row]:
        return [row for row in self.photos.values() if row["status"] == status]

    def _find_lost(self) -> Iterator[str]:
        versions = {*self.originals}
        for row in self._list_photos("ready"):
            version = Version(row["s3Key"], row["versionId"], int(row["size"]))
            if version not in versions:
                yield f"the original of {row['photoId']} is missing or has another size"
            elif self._source.digest(version) != row["sha256"]:
                yield f"the original of {row['photoId']} has other bytes"
            if {*row["renditions"]} != {"256", "1024", "2048", "full"}:
                yield f"{row['photoId']} has the renditions {sorted(row['renditions'])}"
            yield from (f"{key} is missing or empty" for key in _list_renditions(row) if not self.renditions.get(key))

    def _find_orphaned_objects(self) -> Iterator[str]:
        used = {(row["s3Key"], row["versionId"]) for row in self._list_photos("ready")}
        # Exception: the original of a rejected photo can stay until the sweep removes the row, after 30 days.
        waiting = {row["s3Key"] for row in self._list_photos("rejected") if "dueAt" in row}
        unused = [version for version in self.originals if version[:2] not in used and version.key not in waiting]
        yield from (f"original {key} {version}" for key, version, _ in unused)
        renditions = {key for row in self._list_photos("ready") for key in _list_renditions(row)}
        yield from (f"rendition {key}" for key in self.renditions if key not in renditions)

    def _find_orphaned_rows(self) -> Iterator[str]:
        alive = {photo_id for photo_id, row in self.photos.items() if row["status"] != "erased"}
        listed = {photo_id for photo_id, row in self.photos.items() if _is_listed(row)}
        yield from (f"rating of {photo_id}" for photo_id, _ in self.ratings if photo_id not in alive)
        yield from (f"link of {row['albumId']}" for row in self.links if row["albumId"] not in self.albums)
        yield from (
            f"term {row['ownerPart']} {row['wordPhoto']}" for row in self.rows["term"] if row["photoId"] not in listed
        )
        expected = {(album, photo_id) for photo_id in listed for album in self.photos[photo_id].get("albums", {})}
        yield from (f"entry {key}" for key in self.entries.keys() - expected)
        yield from (f"entry {key} in no album" for key in self.entries if key[0] not in self.albums)
        records = {row["record"] for row in self.rows["account"] if row["record"].startswith("sha256#")}
        digests = {f"sha256#{self.photos[photo_id]['sha256']}#{photo_id}" for photo_id in listed}
        yield from (f"digest {record}" for record in records - digests)

    def _find_rest_of_cancelled(self) -> Iterator[str]:
        for user_id in [user_id for user_id, row in self.accounts.items() if "cancelledAt" in row]:
            for name, rows in self.rows.items():
                found = [row for row in rows if user_id in str(row) and row.get("record") != "account"]
                yield from (f"row of {user_id} in {name}" for _ in found)
            keys = [key for key, *_ in self.originals] + [*self.renditions]
            yield from (f"object {key} of a cancelled account" for key in keys if key.startswith(f"{user_id}/"))

    def _find_usage_drift(self) -> Iterator[str]:
        owners = {row["userId"] for row in [*self.photos.values(), *self.albums.values()]} | {*self.accounts}
        for owner in owners:
            account, photos = self.accounts.get(owner, {}), [r for r in self.photos.values() if r["userId"] == owner]
            counted = [row for row in photos if row["status"] in ("pending", "ready")]
            albums = [row for row in self.albums.values() if row["userId"] == owner and "deletedAt" not in row]
            expected = (len(counted), sum(int(row.get("charged", 0)) for row in photos), len(albums))
            stored = tuple(int(account.get(name, 0)) for name in ("photoCount", "bytes", "albumCount"))
            if stored != expected:
                yield f"{owner} is charged {stored} photos, bytes and albums instead of {expected}"
            months = Counter(_get_month(row) for row in photos if _is_listed(row))
            if (counts := self._count_months(owner)) != months:
                yield f"{owner} has the months {counts} instead of {months}"
        yield from (
            f"{row['photoId']} is not charged its size"
            for row in self._list_photos("ready")
            if row["charged"] != row["size"]
        )

    def _count_months(self, owner: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        for row in self.rows["account"]:
            if row["userId"] == owner and row["record"].startswith("months#"):
                year = row["record"].split("#")[1]
                counts.update({f"{year}-{name}": int(row[name]) for name in row.keys() - {"userId", "record"}})
        return Counter({month: count for month, count in counts.items() if count})

    def _find_album_drift(self) -> Iterator[str]:
        for album_id, album in self.albums.items():
            entries = [row for key, row in self.entries.items() if key[0] == album_id]
            links = sum(row["albumId"] == album_id for row in self.links)
            expected = (len(entries), sum("openKey" in row for row in entries), links)
            stored = tuple(int(album.get(name, 0)) for name in ("photoCount", "openCount", "linkCount"))
            if stored != expected:
                yield f"album {album_id} counts {stored} photos, open photos and links instead of {expected}"

    def _find_photo_drift(self) -> Iterator[str]:
        for photo_id, row in self.photos.items():
            ratings = [value for key, value in self.ratings.items() if key[0] == photo_id]
            stored = (int(row.get("ratingSum", 0)), int(row.get("ratingCount", 0)))
            if stored != (sum(ratings), len(ratings)):
                yield f"{photo_id} has the sum {stored} of the ratings {ratings}"
            if ("publicKey" in row) != (_is_listed(row) and row["visibility"] == "public"):
                yield f"{photo_id} has the wrong public keys"
            if not _is_listed(row):
                continue
            yield from self._find_drift_of_listed(row)

    def _find_drift_of_listed(self, row: Row) -> Iterator[str]:
        photo_id = row["photoId"]
        for album_id, copy in row.get("albums", {}).items():
            album, entry = self.albums.get(album_id, {}), self.entries.get((album_id, photo_id))
            if (copy["name"], copy["public"]) != (album.get("name"), album.get("visibility") == "public"):
                yield f"{photo_id} has an old copy of the album {album_id}"
            if entry is None or ("openKey" in entry) != (row["visibility"] != "private"):
                yield f"{photo_id} has a wrong entry in {album_id}"
        metadata = row.get("metadata", {})
        terms = {_get_word(term): term for term in self.rows["term"] if term["photoId"] == photo_id}
        if {*terms} != (expected := _list_words(row)):
            yield f"{photo_id} is found by {sorted(terms)} instead of {sorted(expected)}"
        for tag in metadata.get("tags", ()):
            if ("publicTag" in terms.get(tag, {})) != (row["visibility"] == "public"):
                yield f"{photo_id} has wrong public keys of the tag {tag}"
        digest = f"sha256#{row['sha256']}#{photo_id}"
        if not any(account["record"] == digest for account in self.rows["account"]):
            yield f"{photo_id} has no digest"

    def _find_stuck(self, now: str) -> Iterator[str]:
        for name, rows in self.rows.items():
            for row in rows:
                if any(row.get(due, "~") <= now for due in _DUE):
                    yield f"row {row} of {name} is due"
        yield from (f"{row['photoId']} is pending" for row in self._list_photos("pending"))
        yield from (f"{row['photoId']} waits to be rotated" for row in self.photos.values() if "wantedRotation" in row)
        yield from (f"{album_id} is deleted" for album_id, row in self.albums.items() if "deletedAt" in row)
        yield from (f"{row} waits" for row in self.rows["account"] if row["record"] in ("trash", "reindex"))
        yield from (f"{count} messages in {name}" for name, count in self._source.count_messages().items() if count)


def _complete(row: Row) -> Row:
    """Return the row of a photo with its defaults, the whole key of the original, and a hexadecimal digest."""
    row = {"visibility": "public"} | row
    if "/" not in row["s3Key"]:
        row["s3Key"] = f"{row['userId']}/{row['photoId']}/{row['s3Key'] or row['filename']}"
    if "sha256" in row:
        row["sha256"] = urlsafe_b64decode(f"{row['sha256']}=").hex()
    return row


def _get_word(term: Row) -> str:
    """Return the word of a row, or both keys if the partition or the photo does not match the word."""
    word, _, photo_id = term["wordPhoto"].rpartition("#")
    is_right = term["ownerPart"].endswith(f"#{word[:2]}") and photo_id == term["photoId"]
    return word if is_right else f"{term['ownerPart']} {term['wordPhoto']}"


def _is_listed(row: Row) -> bool:
    return row["status"] == "ready" and "trashedAt" not in row


def _list_words(row: Row) -> set[str]:
    """Return the words of a photo. This is right only for texts of plain English words without accents."""
    metadata = row.get("metadata", {})
    texts = [metadata.get(name, "") for name in ("title", "description")] + [*metadata.get("tags", ())]
    texts += [metadata.get("exif", {}).get(name, "") for name in ("camera", "lens")]
    texts += [row["filename"].rpartition(".")[0]]
    texts += [copy["name"] for copy in row.get("albums", {}).values()]
    return {word for text in texts for word in re.findall(r"[a-z0-9]*\d\.\d+|[a-z0-9]+", text.lower())}


def _get_month(row: Row) -> str:
    return str(row.get("takenLocal") or row.get("takenAt") or row["uploadedAt"])[:7]


def _list_renditions(row: Row) -> list[str]:
    folder = f"{row['userId']}/{row['photoId']}/{row['versionId']}/"
    # A value such as `.webp` is the extension of a file that has the name of the rendition.
    names = [f"{name}{short}" if short.startswith(".") else short for name, short in row.get("renditions", {}).items()]
    return [name[1:] if name.startswith("/") else folder + name for name in names]
