"""Photos, from the upload grant to the tombstone."""

from datetime import timedelta
from typing import Literal, Self

from msgspec import field

from chalicelib.domain.ids import AlbumId, LocalTime, PhotoId, Timestamp, UserId, UtcOffset, get_upload_time
from chalicelib.domain.media_types import name_download
from chalicelib.domain.model import Model

Visibility = Literal["public", "unlisted", "private"]
Rotation = Literal[0, 90, 180, 270]
"""Degrees clockwise from the upright original."""
Status = Literal["pending", "ready", "rejected", "erased"]

MAX_UPLOAD_BYTES = 200_000_000
GRANT_LIFETIME = timedelta(minutes=15)
TRASH_LIFETIME = timedelta(days=30)
TOMBSTONE_LIFETIME = timedelta(days=90)
TOMBSTONE_SECONDS = int(TOMBSTONE_LIFETIME.total_seconds())
MAX_ALBUMS = 8
"""The largest number of albums of one photo. Each adds two writes to a change of the photo's visibility."""
MAX_TERMS = 40
"""The largest number of words and tags that find one photo. One change of the photo can replace all of them.

AWS contract DDB-2.
"""
MAX_RATING = 5
_PRIOR_RATINGS, _PRIOR_MEAN = 5, 3
_SECONDS, _MONTH = len("2026-01-31T12:00:00"), len("2026-01")


class Exif(Model, frozen=True):
    """Camera metadata. Only the owner of the photo can see `latitude`, `longitude` and `altitude`."""

    camera: str | None = None
    lens: str | None = None
    iso: int | None = None
    aperture: float | None = None
    """The f-number."""
    shutter: str | None = None
    """Seconds, as photographers write them: `1/250`, `2.5`."""
    focal_length: float | None = None
    """Millimetres, as engraved on the lens."""
    latitude: float | None = None
    """Degrees north, WGS 84."""
    longitude: float | None = None
    """Degrees east."""
    altitude: float | None = None
    """Metres above the sea."""

    def without_position(self) -> "Exif":
        """Return the metadata that every viewer may see."""
        return self.with_(latitude=None, longitude=None, altitude=None)


class Membership(Model, frozen=True):
    """A photo's position in an album, and copies of the album's name and visibility for the search."""

    name: str
    public: bool
    position: int
    """The photos of an album are sorted by position, then by id."""


class RejectionDetails(Model, omit_defaults=False, frozen=True):
    """The limit that a rejected upload exceeds."""

    limit: int
    actual: int
    unit: str
    """The unit of both numbers, such as `bytes` or `pixels`."""


class Photo(Model, frozen=True):
    """One upload, from its grant to its tombstone.

    The names in `field(name=...)` are those of stored rows. They must not change.
    """

    photo_id: PhotoId
    user_id: UserId
    s3_key: str
    filename: str
    content_type: str
    """The media type of the bytes. While the photo is pending, the type that the declaration suggests."""
    status: Status
    visibility: Visibility = "public"
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    size: int = 0
    """Bytes. While the photo is pending, the declared size, or 0 if none was declared. Then the stored size."""
    sha256: str | None = None
    """64 hexadecimal digits. While the photo is pending, as declared. Then of the stored bytes."""
    version_id: str | None = None
    """The confirmed version of the object. No other version is served."""
    width: int = 0
    height: int = 0
    taken_at: Timestamp | None = None
    """The moment. If `taken_offset` is None, the local time read as UTC."""
    taken_local: LocalTime | None = None
    """None if the time is unknown, and on rows that are older than this field."""
    taken_offset: UtcOffset | None = None
    """The offset of the local time from UTC. None if it is unknown."""
    imports_metadata: bool = False
    """True while the photo is pending if its file may fill the title, description and tags."""
    exif: Exif = Exif()
    placeholder: str = ""
    renditions: dict[str, str] = {}
    """Rendition name (`256`, `1024`, `2048`, `full`) to object key."""
    rotation: Rotation = 0
    """The rotation of the renditions. `width`, `height` and `placeholder` are those of the rotated photo."""
    wanted_rotation: Rotation | None = None
    """The rotation that a job still has to make, or None."""
    copy_type: str = ""
    """The media type of the rendition `full`, which other users download."""
    copy_size: int = 0
    """The size of `full` in bytes."""
    rejection: str | None = None
    rejection_details: RejectionDetails | None = None
    memberships: dict[AlbumId, Membership] = field(default_factory=dict, name="albums")
    """The photo's positions in its albums. A photo in the trash keeps them."""
    rating_sum: int = 0
    rating_count: int = 0
    charged_bytes: int = field(default=0, name="charged")
    """Bytes that the owner's account is charged with for this photo."""
    trashed_at: Timestamp | None = None
    due_at: Timestamp | None = None
    """The time when the photo is due for the sweep. Set while it is pending, in the trash, rejected or erased."""
    rotation_due_at: Timestamp | None = None
    """The time when the sweep repeats a rotation, or deletes the renditions from before a rotation."""
    attempts: int = 0
    """The attempts to process the photo that have failed, or are under way. The first attempt is not counted."""
    attempted_at: Timestamp | None = None
    """The time of the last counted attempt."""
    rebuilt: bool = False
    """True if the row was lost and rebuilt from the original. Rows of its albums and tags may have survived."""
    revision: int = 0
    outdated_taken_key: str | None = None
    """The `taken_key` with which stored rows list and count the photo, if it is outdated. Empty if they do neither.

    None if the rows are up to date. Only rows that an earlier release wrote are outdated.
    """

    @property
    def sweep_at(self) -> Timestamp | None:
        """Return the time when the photo is due for the sweep for any reason, or None."""
        return min((time for time in (self.due_at, self.rotation_due_at) if time), default=None)

    @property
    def uploaded_at(self) -> Timestamp:
        """Return the time that the id contains."""
        return get_upload_time(self.photo_id)

    @property
    def local_time(self) -> LocalTime:
        """Return the local time to the second, or the upload time in UTC if the photo has no time."""
        return LocalTime((self.taken_local or self.taken_at or self.uploaded_at)[:_SECONDS])

    @property
    def local_month(self) -> str:
        """Return the month of the local time, such as `2026-08`."""
        return self.local_time[:_MONTH]

    @property
    def taken_key(self) -> str:
        """Return the sort key of the order `taken`: the local time, then the id."""
        return f"{self.local_time}#{self.photo_id}"

    @property
    def prefix(self) -> str:
        """Return the common prefix of the keys of the photo's objects in both buckets."""
        return f"{self.user_id}/{self.photo_id}/"

    @property
    def listed(self) -> bool:
        """Return whether lists may contain the photo: it is ready and not in the trash."""
        return self.status == "ready" and self.trashed_at is None

    @property
    def counted(self) -> bool:
        """Return whether the photo counts in its owner's usage. Photos in the trash count too."""
        return self.status in ("pending", "ready")

    @property
    def score(self) -> float:
        """Return the Bayesian mean of the ratings: the mean of five ratings of 3 and all real ratings."""
        return (_PRIOR_RATINGS * _PRIOR_MEAN + self.rating_sum) / (_PRIOR_RATINGS + self.rating_count)

    @property
    def average(self) -> float | None:
        """Return the mean of the ratings to two digits, or None if the photo has no ratings."""
        return round(self.rating_sum / self.rating_count, 2) if self.rating_count else None

    def with_rating(self, before: int | None, after: int | None) -> Self:
        """Return the photo after one user's rating changed from `before` to `after`. None is no rating."""
        if not self.rating_count:
            # An earlier release has rebuilt the photo without its ratings.
            before = None
        count = self.rating_count + (after is not None) - (before is not None)
        # The same holds for a part of the ratings. Keep the sum possible until `make reconcile` counts the ratings.
        total = self.rating_sum + (after or 0) - (before or 0)
        return self.with_(rating_sum=min(max(total, count), MAX_RATING * count), rating_count=count)

    def is_visible_to(self, user_id: UserId | None) -> bool:
        """Return whether this user, or a visitor if None, may know that the photo exists."""
        if self.status == "erased":
            return False
        return self.user_id == user_id or (self.listed and self.visibility != "private")

    @property
    def original_name(self) -> str:
        """Return the file name of the original for a download, with an extension of its type."""
        return name_download(self.filename, self.content_type)

    @property
    def copy_name(self) -> str:
        """Return the file name of the copy for others: the photo's own, with an extension of the copy's type."""
        return name_download(self.filename, self.copy_type or self.content_type)

    def to_tombstone(self, due_at: Timestamp) -> "Photo":
        """Return the tombstone that replaces the photo. It keeps only the ids and the revision.

        At `due_at` the sweep removes leftover objects. All upload grants must have expired by then.
        """
        return Photo(
            photo_id=self.photo_id,
            user_id=self.user_id,
            s3_key=self.prefix,
            filename="",
            content_type="",
            status="erased",
            visibility="private",
            due_at=due_at,
            revision=self.revision,
        )
