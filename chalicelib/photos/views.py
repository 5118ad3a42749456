"""Views of photos: the JSON that clients receive."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.domain.accounts import Caller, is_user
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import LocalTime, PhotoId, Timestamp, UserId, UtcOffset
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Exif, Photo, RejectionDetails, Rotation, Status, Visibility
from chalicelib.storage.bucket import PhotoBuckets


class RatingView(Model, omit_defaults=False, frozen=True):
    """The rating of a photo. `average` is null until the photo has a rating."""

    average: float | None
    count: int


class PhotoView(Model, omit_defaults=False, frozen=True):
    """A photo with the fields that every viewer can see.

    `takenLocal` is the time on a clock at the place of the photo, and `takenOffset` is the clock's offset from UTC.
    `takenAt` is the moment in UTC. If the offset is null, `takenAt` is the local time read as UTC. All three are
    null if the time is unknown. Older photos have only `takenAt`.
    """

    photo_id: PhotoId
    user_id: UserId
    s3_key: str
    filename: str
    content_type: str
    size: int
    width: int
    height: int
    rotation: Rotation
    uploaded_at: Timestamp
    taken_at: Timestamp | None
    taken_local: LocalTime | None
    taken_offset: UtcOffset | None
    title: str
    description: str
    tags: tuple[str, ...]
    visibility: Visibility
    status: Status
    rating: RatingView
    exif: Exif
    placeholder: str
    renditions: dict[str, str]


class _OwnPhotoFields(PhotoView, omit_defaults=False, frozen=True):
    """The fields of a photo for its owner."""

    sha256: str | None
    rejection: str | None
    rejection_details: RejectionDetails | None
    trashed_at: Timestamp | None
    wanted_rotation: Rotation | None
    """The rotation that a job still has to make, or None."""


class OwnPhotoView(_OwnPhotoFields, omit_defaults=False, frozen=True):
    """A photo, including the fields that only its owner can see."""


class PendingPhotoView(_OwnPhotoFields, omit_defaults=False, frozen=True):
    """A photo that is still being processed, with the fields of the owner's view."""


AnyPhotoView = OwnPhotoView | PhotoView


class DownloadView(Model, frozen=True):
    """A URL to download a photo. `expiresIn` is in seconds. `size` is in bytes."""

    url: str
    expires_in: int
    filename: str
    content_type: str
    size: int


class MonthView(Model, omit_defaults=False, frozen=True):
    """The number of photos in one month of the order `taken`."""

    month: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    count: Annotated[int, Meta(ge=1)]


class MonthsView(Model, omit_defaults=False, frozen=True):
    """The months that have photos, newest first."""

    items: list[MonthView]


class PhotoPresenter:
    """Build the views of photos, with signed URLs of their renditions."""

    def __init__(self, bucket: PhotoBuckets, clock: Clock) -> None:
        self._bucket, self._clock = bucket, clock

    def build_view(self, photo: Photo, by: Caller | None) -> AnyPhotoView:
        """Return the view of a photo for the caller. `by` is None for a visitor."""
        return (
            self.build_own_view(photo)
            if is_user(by, photo.user_id)
            else self._build_common_view(photo, photo.exif.without_position())
        )

    def build_own_view(self, photo: Photo) -> OwnPhotoView:
        """Return the view of a photo for its owner."""
        return OwnPhotoView(**self._build_own_fields(photo))

    def build_pending_view(self, photo: Photo) -> PendingPhotoView:
        """Return the view of a photo that is still being processed, for its owner."""
        return PendingPhotoView(**self._build_own_fields(photo))

    def _build_own_fields(self, photo: Photo) -> dict[str, Any]:
        return {
            **msgspec.structs.asdict(self._build_common_view(photo, photo.exif)),
            "sha256": photo.sha256,
            "rejection": photo.rejection,
            "rejection_details": photo.rejection_details,
            "trashed_at": photo.trashed_at,
            "wanted_rotation": photo.wanted_rotation,
        }

    def build_page(self, page: Page[Photo], by: Caller | None) -> Page[AnyPhotoView]:
        """Return the views of a page of photos for the caller. `by` is None for a visitor."""
        return Page([self.build_view(photo, by) for photo in page.items], page.last_key)

    def build_shared_page(self, page: Page[Photo]) -> Page[PhotoView]:
        """Return the views of a page of photos for a visitor with a share link."""
        return Page(
            [self._build_common_view(photo, photo.exif.without_position()) for photo in page.items], page.last_key
        )

    def build_own_page(self, page: Page[Photo]) -> Page[OwnPhotoView]:
        """Return the views of a page of the caller's own photos."""
        return Page([self.build_own_view(photo) for photo in page.items], page.last_key)

    def build_download_view(self, photo: Photo, by: Caller | None) -> DownloadView:
        """Return a download URL of a ready photo: of the original for the owner, else of the full-size copy."""
        if is_user(by, photo.user_id):
            presigned_url = self._bucket.presign_original(photo, self._clock())
            filename, content_type, size = photo.original_name, photo.content_type, photo.size
        else:
            presigned_url = self._bucket.presign_copy(photo, self._clock())
            filename, content_type, size = photo.copy_name, photo.copy_type, photo.copy_size
        return DownloadView(
            url=presigned_url.url,
            expires_in=presigned_url.expires_in,
            filename=filename,
            content_type=content_type,
            size=size,
        )

    def sign_rendition_url(self, photo: Photo, names: tuple[str, ...]) -> str | None:
        """Return the signed URL of the photo's first rendition among `names`, or None if it has none of them."""
        name = next((name for name in names if name in photo.renditions), None)
        return self._bucket.sign_rendition_url(photo, name, self._clock()) if name else None

    def _build_common_view(self, photo: Photo, exif: Exif) -> PhotoView:
        now = self._clock()
        return PhotoView(
            photo_id=photo.photo_id,
            user_id=photo.user_id,
            s3_key=photo.s3_key,
            filename=photo.filename,
            content_type=photo.content_type,
            size=photo.size,
            width=photo.width,
            height=photo.height,
            rotation=photo.rotation,
            uploaded_at=photo.uploaded_at,
            taken_at=photo.taken_at,
            taken_local=photo.taken_local,
            taken_offset=photo.taken_offset,
            title=photo.title,
            description=photo.description,
            tags=photo.tags,
            visibility=photo.visibility,
            status=photo.status,
            rating=RatingView(average=photo.average, count=photo.rating_count),
            exif=exif,
            placeholder=photo.placeholder,
            renditions={
                name: self._bucket.sign_rendition_url(photo, name, now) for name in photo.renditions if name != "full"
            },
        )
