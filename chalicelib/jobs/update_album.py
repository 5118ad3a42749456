"""Job: propagate changes of albums to their photos."""

from chalicelib.albums.propagation import Propagation
from chalicelib.domain.clock import Clock
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.messages import Queue, UpdateAlbumPhotos
from chalicelib.stores.protocols import AlbumStore

SWEEP_LIMIT = 5000
"""The maximum number of albums that one sweep enqueues. The next sweep enqueues the rest."""


class UpdateAlbumJob:
    """Update the photos of changed albums."""

    message_type = UpdateAlbumPhotos

    def __init__(self, albums: AlbumStore, propagation: Propagation, queue: Queue, clock: Clock) -> None:
        self._albums, self._propagation, self._queue, self._clock = albums, propagation, queue, clock

    def sweep(self) -> int:
        """Enqueue every album whose propagation is overdue."""
        album_ids = self._albums.list_due(format_timestamp(self._clock()), SWEEP_LIMIT)
        self._queue.send([UpdateAlbumPhotos(album_id) for album_id in album_ids])
        return len(album_ids)

    def handle(self, message: UpdateAlbumPhotos) -> None:
        """Update the photos of one album."""
        self._propagation.run(message.album_id)
