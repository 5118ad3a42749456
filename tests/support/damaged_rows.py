"""Damage rows without the stores. Each database has its own implementation, so the tests name no database."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from chalicelib.domain.albums import Album
from chalicelib.domain.ids import PhotoId
from chalicelib.domain.photos import Photo
from tests.support.cloud import Cloud
from tests.support.dynamodb_damage import DynamoDamage
from tests.support.postgres_damage import PostgresDamage

if TYPE_CHECKING:
    from tests.support.damage import Damage


class DamagedRows(Protocol):
    """The rows of a deployment. A method that returns a string returns the name of the finding that it causes."""

    @property
    def seeds(self) -> list[tuple["Callable[[Damage], list[str]]", str]]:
        """Return the functions that seed damage that only this database can have, with the kinds of findings."""

    def snapshot(self) -> object:
        """Return all rows except the row of the reconciliation's run."""

    def lose(self, photo: Photo) -> None:
        """Delete the row of a photo, but not the rows that follow from it."""

    def make_unreadable(self, photo: Photo) -> None:
        """Remove a part of the row of a photo that every photo needs."""

    def forget_due(self, photo_id: str) -> None:
        """Remove the time when a photo is due for the sweep."""

    def forget_sweep(self, photo_id: str) -> None:
        """Remove a photo from the index of the sweep. The photo is still due."""

    def set_rating_sum(self, photo: Photo) -> None:
        """Store a wrong sum of the ratings of a photo."""

    def raise_revision(self, photo_id: str) -> None:
        """Change the revision of a photo."""

    def put_rating(self, photo_id: PhotoId, user_id: str) -> None:
        """Write a rating."""

    def delete_word(self, photo: Photo, word: str) -> str:
        """Delete the row of a word."""

    def put_word(self, owner: str, photo_id: PhotoId, word: str) -> str:
        """Write the row of a word."""

    def delete_digest(self, photo: Photo) -> str:
        """Delete the digest of a photo."""

    def put_digest(self, owner: str, sha256: str, photo_id: PhotoId) -> str:
        """Write a digest."""

    def delete_entry(self, album_id: str, photo_id: PhotoId) -> None:
        """Delete the row of a photo in an album."""

    def put_entry(self, album_id: str, photo_id: PhotoId) -> None:
        """Write the row of a photo in an album."""

    def delete_album(self, album_id: str) -> None:
        """Delete an album, but not its entries and links."""

    def put_album(self, album: Album) -> None:
        """Write an album. Replace the album with the same id."""

    def publish_album(self, album_id: str) -> None:
        """Put a private album into the public index."""

    def put_link(self, album_id: str, link_id: str) -> None:
        """Write a share link."""

    def set_counts(self, owner: str, **counts: int) -> None:
        """Change counts of an account: `photo_count`, `bytes` or `album_count`."""

    def add_albums(self, owner: str, count: int) -> None:
        """Add to the number of albums of an account."""

    def delete_account(self, owner: str) -> None:
        """Delete an account, but not its other records."""

    def forget_expiry(self, owner: str) -> None:
        """Remove the time when a cancelled account expires."""

    def set_month(self, photo: Photo, count: int) -> None:
        """Change the count of photos of the month of a photo."""

    def put_month(self, owner: str) -> None:
        """Write a count of two photos in January 1999."""

    def take_lease(self) -> None:
        """Give the lease of the run to another process."""

    def before_reads(self, kind: Literal["page", "rows"], callback: Callable[[], None]) -> Any:
        """Return a context manager that calls `callback` before each read of a page, or of many photos."""

    def before_repair(self, photo_id: str, callback: Callable[[], None]) -> Any:
        """Return a context manager that calls `callback` before each repair of the row of a photo."""


def open_rows(cloud: Cloud) -> DamagedRows:
    """Return the rows of a deployment."""
    return PostgresDamage(cloud) if cloud.settings.database_url else DynamoDamage(cloud)
