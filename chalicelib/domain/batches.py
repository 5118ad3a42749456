"""Request types of batches: the photos of one request, each with its own result."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from chalicelib.domain.ids import PhotoId
from chalicelib.domain.requests import Body, Id, Input, PhotoChanges, Position

MAX_BATCH_SIZE = 50
"""The largest number of photos in one batch. A batch of this size must finish long before API Gateway's timeout."""
_SIZE = Meta(min_length=1, max_length=MAX_BATCH_SIZE)
_UNIQUE = Meta(extra_json_schema={"uniqueItems": True})


class PhotoIdBatch(Body, frozen=True):
    """Up to 50 different photos."""

    photo_ids: Annotated[list[Id], _SIZE, _UNIQUE]

    def __post_init__(self) -> None:
        _reject_duplicates(self.photo_ids)

    @property
    def ids(self) -> list[PhotoId]:
        """Return the ids of the photos."""
        return [PhotoId(photo_id) for photo_id in self.photo_ids]


class PhotoChangeItem(Input, frozen=True):
    """A photo and its changes. `changes` has the form of the body of `PATCH /photos/{photoId}`."""

    photo_id: Id
    changes: PhotoChanges


class PhotoChangeBatch(Body, frozen=True):
    """Changes to up to 50 different photos. Each photo can have different changes."""

    items: Annotated[list[PhotoChangeItem], _SIZE]

    def __post_init__(self) -> None:
        _reject_duplicates([item.photo_id for item in self.items])


class EntryItem(Input, frozen=True):
    """A photo to add to an album. The default position is the end for a new photo, and the current one for others."""

    photo_id: Id
    position: Position | None = None


class EntryBatch(Body, frozen=True):
    """Up to 50 different photos to add to an album, in their order."""

    items: Annotated[list[EntryItem], _SIZE]

    def __post_init__(self) -> None:
        _reject_duplicates([item.photo_id for item in self.items])


def _reject_duplicates(photo_ids: Sequence[str]) -> None:
    # The items of a batch run at the same time, so two changes to one photo would have no order.
    if len(set(photo_ids)) < len(photo_ids):
        raise ValueError("The batch contains a photo twice")
