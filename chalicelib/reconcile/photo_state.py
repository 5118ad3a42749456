"""Everything that is stored about one photo, as the checks see it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import AlbumId, PhotoId, UserId, format_timestamp, get_upload_time, is_photo_id
from chalicelib.domain.photos import GRANT_LIFETIME, Photo
from chalicelib.storage.listings import Rendition, Version
from chalicelib.stores.row_audit import DerivedRow, RowId, StoredPhoto, StoredRating, WrongKeys

SETTLING_TIME = 2 * GRANT_LIFETIME
"""Younger photos and objects may belong to an upload that is under way. The reconciliation ignores them."""


class PhotoState(msgspec.Struct, frozen=True, kw_only=True):
    """The rows and objects of one photo, or those that are left of it."""

    user_id: UserId
    """The first part of the keys of the objects, or the owner in the row if there are no objects."""
    photo_id: PhotoId
    """The second part of the keys of the objects. The id is invalid if no grant named the keys."""
    now: datetime
    settling_time: timedelta = SETTLING_TIME
    is_user_known: bool = True
    """False if the user has neither an account nor a Cognito user."""
    stored: StoredPhoto | None = None
    wrong_keys: WrongKeys = WrongKeys()
    expected: Mapping[RowId, DerivedRow] = {}
    """The words, tags, entries and digest that should be stored."""
    derived: Mapping[RowId, DerivedRow] = {}
    """The words, tags, entries and digest that are stored."""
    albums: Mapping[AlbumId, Album] = {}
    """The albums of the photo's memberships and of its stored entries."""
    ratings: Sequence[StoredRating] = ()
    versions: Sequence[Version] = ()
    renditions: Sequence[Rendition] = ()

    @property
    def photo(self) -> Photo | None:
        """Return the photo, or None if its row does not exist or is unreadable."""
        return self.stored.photo if self.stored else None

    @property
    def prefix(self) -> str:
        """Return the common prefix of the keys of the objects."""
        return f"{self.user_id}/{self.photo_id}/"

    @property
    def settled_before(self) -> datetime:
        """Return the time before which an object must be written to be checked."""
        return self.now - self.settling_time

    @property
    def is_settled(self) -> bool:
        """Return whether no upload of this photo can be under way."""
        if not is_photo_id(self.photo_id):
            return True
        return get_upload_time(self.photo_id) <= format_timestamp(self.settled_before)
