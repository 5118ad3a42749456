"""Albums and their entries."""

from chalicelib.domain.ids import AlbumId, PhotoId, Timestamp, UserId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Visibility


class Album(Model, frozen=True):
    """Photos of one person, in an order that they chose."""

    album_id: AlbumId
    user_id: UserId
    name: str
    created_at: Timestamp
    updated_at: Timestamp
    description: str = ""
    continent: str = ""
    country: str = ""
    years: str = ""
    visibility: Visibility = "public"
    cover_photo_id: PhotoId | None = None
    photo_count: int = 0
    """Photos in it that are not in the trash."""
    open_count: int = 0
    """Those of them that are not private."""
    link_count: int = 0
    """Share links that were not revoked, expired ones as well."""
    latest_photo_id: PhotoId | None = None
    """The photo that came in last, its cover while none is chosen; it may have left since."""
    deleted_at: Timestamp | None = None
    """Set while its photos are being taken out, after which its row goes as well."""
    trash_photos: bool = False
    """Whether its photos go into the trash with it."""
    due_at: Timestamp | None = None
    """Set until every photo in it knows its present name and visibility, or has left: when the sweep must look."""
    wording: int = 0
    """How often the name or the visibility has changed, or the album was deleted."""
    updated_through: PhotoId | None = None
    """The last photo, in the order of ids, that the propagation of the change `updated_for` has updated."""
    updated_for: int = 0
    """The `wording` of that change."""
    revision: int = 0

    @property
    def public(self) -> bool:
        """Whether everybody may find it."""
        return self.visibility == "public"

    @property
    def progress(self) -> PhotoId | None:
        """The photo after which the propagation of the latest change resumes. None if it has not begun."""
        return self.updated_through if self.updated_for == self.wording else None

    def visible_to(self, user_id: UserId | None) -> bool:
        """Whether this person, or a visitor, may know that the album exists."""
        if self.deleted_at is not None:
            return False
        return self.user_id == user_id or self.visibility != "private"


class Entry(Model, frozen=True):
    """A photo in an album's lists."""

    photo_id: PhotoId
    place: str
    """Where it is among the others: by its position, equals by their ids."""
