"""Albums and their entries."""

from msgspec import field

from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Visibility


class Album(Model, frozen=True):
    """An album: photos of one user, in the order that the user chose.

    The names in `field(name=...)` are those of stored rows. They must not change.
    """

    album_id: AlbumId
    user_id: UserId
    name: str
    created_at: Timestamp
    updated_at: Timestamp
    description: str = ""
    continent: str = ""
    country: str = ""
    years: tuple[int, ...] = ()
    visibility: Visibility = "public"
    cover_photo_id: PhotoId | None = None
    photo_count: int = 0
    """The photos in the album that are not in the trash."""
    non_private_count: int = field(default=0, name="openCount")
    """The photos of `photo_count` that are not private."""
    link_count: int = 0
    """Share links that were not revoked, including expired ones."""
    latest_photo_id: PhotoId | None = None
    """The photo that was added last, even if it has left since. It is the cover unless one is chosen."""
    deleted_at: Timestamp | None = None
    """Set while a deleted album still has photos. The album is removed when its last photo has left."""
    moves_photos_to_trash: bool = field(default=False, name="trashPhotos")
    """True if the deletion moves the photos to the trash."""
    due_at: Timestamp | None = None
    """The time when the album is due for the sweep. Set until the latest change is propagated to all photos."""
    change_number: int = field(default=0, name="wording")
    """A counter. Each change of the name or visibility, and the deletion, adds one."""
    updated_through: PhotoId | None = None
    """The last photo, in the order of ids, that the propagation of `updated_change_number` has updated."""
    updated_change_number: int = field(default=0, name="updatedFor")
    """The `change_number` to which `updated_through` belongs."""
    revision: int = 0

    @property
    def public(self) -> bool:
        """Return whether the public lists show the album."""
        return self.visibility == "public"

    @property
    def progress(self) -> PhotoId | None:
        """Return the photo after which the propagation of the latest change resumes, or None if it has not begun."""
        return self.updated_through if self.updated_change_number == self.change_number else None

    def is_visible_to(self, user_id: UserId | None) -> bool:
        """Return whether this user, or a visitor if None, may know that the album exists."""
        if self.deleted_at is not None:
            return False
        return self.user_id == user_id or self.visibility != "private"


class Entry(Model, frozen=True):
    """A photo in an album's lists."""

    photo_id: PhotoId
    sort_key: str
    """The sort key of the album's photos: by position, then by id."""
