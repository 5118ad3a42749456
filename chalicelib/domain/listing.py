"""Lists: which photos are in one, and a page of it. Pure."""

from typing import Literal

import msgspec

from chalicelib.domain.ids import UserId
from chalicelib.domain.model import Model
from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import tag_term


class Listing(Model, frozen=True):
    """One list of photos; who may ask for it is decided before."""

    scope: Literal["public", "owner", "trash"]
    owner: UserId | None = None
    """Whose photos; None for everybody's, which only `public` has."""
    tag: str | None = None

    def holds(self, photo: Photo) -> bool:
        """Whether `photo`, as it is now, belongs here."""
        if self.owner not in (None, photo.user_id):
            return False
        if self.tag and tag_term(self.tag) not in map(tag_term, photo.tags):
            return False
        if self.scope == "trash":
            return photo.status == "ready" and not photo.listed
        return photo.listed and (self.scope == "owner" or photo.visibility == "public")


class Page[Item](msgspec.Struct, frozen=True, rename="camel"):
    """One page of a list, and the cursor of the next page. The cursor is None on the last page."""

    items: list[Item]
    last_key: str | None
