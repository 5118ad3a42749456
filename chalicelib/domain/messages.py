"""Messages of the job queue, and the queue as use cases see it."""

from collections.abc import Sequence
from typing import Annotated, Protocol

import msgspec

from chalicelib.domain.ids import AlbumId, PhotoId, UserId

_QueuedUserId = Annotated[UserId, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,64}$(?!\n)")]

# The tags are older than the class names. They must not change, because queued messages contain them.


class CleanUpPhoto(msgspec.Struct, frozen=True, tag="settle", tag_field="job", rename="camel"):
    """Do what is due for a photo.

    Confirm or remove an overdue upload, erase a photo whose time in the trash is over, remove what is left of an erased
    photo, make a wanted rotation, or delete the renditions from before a rotation.
    """

    photo_id: PhotoId


class PurgeAccount(msgspec.Struct, frozen=True, tag="cancel", tag_field="job", rename="camel"):
    """Remove all data of a cancelled account."""

    user_id: _QueuedUserId


class EmptyTrash(msgspec.Struct, frozen=True, tag="empty", tag_field="job", rename="camel"):
    """Erase the photos that were in the trash of a user when the user requested it."""

    user_id: _QueuedUserId


class ReindexPhotos(msgspec.Struct, frozen=True, tag="reindex", tag_field="job", rename="camel"):
    """Reindex the photos of a user that an earlier release has changed last."""

    user_id: _QueuedUserId


class UpdateAlbumPhotos(msgspec.Struct, frozen=True, tag="tidy", tag_field="job", rename="camel"):
    """Copy the name and visibility of a changed album to its photos, or remove them from a deleted album."""

    album_id: AlbumId


Message = CleanUpPhoto | EmptyTrash | PurgeAccount | ReindexPhotos | UpdateAlbumPhotos


class Queue(Protocol):
    """The job queue. A message is delivered at least once."""

    def send(self, messages: Sequence[Message]) -> None:
        """Enqueue all of `messages`.

        Raises:
            Busy: the queue did not accept some of them.
        """

    def try_send(self, messages: Sequence[Message]) -> None:
        """Enqueue `messages` for a change that is already stored. If the queue fails, log it and return.

        The sweep must find the work without the messages.
        """
