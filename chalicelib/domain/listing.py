"""Lists of photos and their pages. This module does no I/O."""

from typing import Literal

import msgspec

from chalicelib.domain.ids import UserId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import normalize_tag

LIST_LAG_SECONDS = 2.0
"""The pause before a second look at lists. By then, they contain all writes before the first look."""


class Listing(Model, frozen=True):
    """One list of photos. The use cases check who may read it."""

    scope: Literal["public", "owner", "trash"]
    owner: UserId | None = None
    """The owner of the photos. None for the photos of all users, which requires the scope `public`."""
    tag: str | None = None

    def contains(self, photo: Photo) -> bool:
        """Return whether the photo belongs to this list."""
        if self.owner not in (None, photo.user_id):
            return False
        if self.tag and normalize_tag(self.tag) not in map(normalize_tag, photo.tags):
            return False
        if self.scope == "trash":
            return photo.status == "ready" and not photo.listed
        return photo.listed and (self.scope == "owner" or photo.visibility == "public")


class Page[Item](msgspec.Struct, frozen=True, rename="camel"):
    """One page of a list, and the cursor of the next page. The cursor is None on the last page."""

    items: list[Item]
    last_key: str | None
