"""Photos, from the upload grant to the tombstone."""

from datetime import timedelta
from typing import Literal, Self

from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId, uploaded_at
from chalicelib.domain.model import Model

Visibility = Literal["public", "unlisted", "private"]
Status = Literal["pending", "ready", "rejected", "erased"]
MediaType = Literal[
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/tiff",
    "image/heic",
    "image/heif",
    "image/avif",
]

MAX_UPLOAD_BYTES = 50_000_000
GRANT_LIFETIME = timedelta(minutes=15)
TRASH_LIFETIME = timedelta(days=30)
MAX_ALBUMS = 8
"""Albums that one photo can be in: each is two rows of every transaction that changes its visibility."""
MAX_TERMS = 40
"""Words and tags that a photo can be found by: all of them can change in one transaction."""
_PRIOR_RATINGS, _PRIOR_MEAN = 5, 3


class Exif(Model, frozen=True):
    """What the camera noted. The position and nothing else in here is the owner's alone."""

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
        """What anyone may see."""
        return self.with_(latitude=None, longitude=None, altitude=None)


class Placement(Model, frozen=True):
    """A photo's place in an album, and what of the album a search must know."""

    name: str
    public: bool
    position: int
    """Photos of an album are sorted by it, equals by their ids."""


class Photo(Model, frozen=True):
    """One upload, from its grant to its tombstone."""

    photo_id: PhotoId
    user_id: UserId
    s3_key: str
    filename: str
    content_type: str
    status: Status
    visibility: Visibility = "public"
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    size: int = 0
    """Bytes: as declared while pending, and 0 where nothing was; then as stored."""
    sha256: str | None = None
    """64 hexadecimal digits: as declared while pending; then of the stored bytes."""
    version_id: str | None = None
    """The object version that was confirmed, the only one that is ever served."""
    width: int = 0
    height: int = 0
    taken_at: Timestamp | None = None
    exif: Exif = Exif()
    placeholder: str = ""
    renditions: dict[str, str] = {}
    """Rendition name (`256`, `1024`, `2048`, `full`) to object key."""
    copy_type: str = ""
    """The media type of `full`, the copy for others."""
    copy_size: int = 0
    """Its bytes."""
    rejection: str | None = None
    albums: dict[AlbumId, Placement] = {}
    """The albums that it is in, in the trash as well."""
    rating_sum: int = 0
    rating_count: int = 0
    charged: int = 0
    """Bytes that the owner's account is charged with for this photo."""
    trashed_at: Timestamp | None = None
    due_at: Timestamp | None = None
    """When the sweep must look at this row: an unused grant, a full trash, a rejection, a tombstone."""
    revision: int = 0

    @property
    def uploaded_at(self) -> Timestamp:
        """The time inside the id."""
        return uploaded_at(self.photo_id)

    @property
    def prefix(self) -> str:
        """What the keys of all its objects begin with, in both buckets."""
        return f"{self.user_id}/{self.photo_id}/"

    @property
    def listed(self) -> bool:
        """Whether lists may hold it: ready, and not in the trash."""
        return self.status == "ready" and self.trashed_at is None

    @property
    def counted(self) -> bool:
        """Whether it counts in its owner's usage: what is pending, ready or in the trash does."""
        return self.status in ("pending", "ready")

    @property
    def score(self) -> float:
        """The Bayesian mean of its ratings: that of five ratings of 3, and all real ones."""
        return (_PRIOR_RATINGS * _PRIOR_MEAN + self.rating_sum) / (_PRIOR_RATINGS + self.rating_count)

    @property
    def average(self) -> float | None:
        """The mean of its ratings, to two digits; None where there are none."""
        return round(self.rating_sum / self.rating_count, 2) if self.rating_count else None

    def rated(self, before: int | None, after: int | None) -> Self:
        """This photo once somebody's rating `before` has become `after`; None is no rating."""
        if not self.rating_count:
            # Its row was lost and rebuilt since, and the sums that held it are gone.
            before = None
        count = self.rating_count + (after is not None) - (before is not None)
        return self.with_(rating_sum=self.rating_sum + (after or 0) - (before or 0), rating_count=count)

    def visible_to(self, user_id: UserId | None) -> bool:
        """Whether this person, or a visitor, may know that the photo exists."""
        if self.status == "erased":
            return False
        return self.user_id == user_id or (self.listed and self.visibility != "private")

    @property
    def copy_name(self) -> str:
        """The file name of the copy for others: its own, with the extension that the copy really has."""
        if self.copy_type == self.content_type or "full" not in self.renditions:
            return self.filename
        stem = self.filename.rpartition(".")[0] or self.filename
        return f"{stem}.{self.renditions['full'].rpartition('.')[2]}"

    def tombstone(self, due_at: Timestamp) -> "Photo":
        """What stays when it is erased: enough to know that it must not come back, and nothing of the person.

        `due_at`: when the sweep looks whether any object is left; no grant may then be alive any more.
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
