"""The facts of the model: what exists, and what each person should see. Plain Python, without code of the service."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

GRANT, TRASH = timedelta(minutes=15), timedelta(days=30)
MAX_BYTES = 200_000_000
VISITOR = ""


@dataclass
class Photo:
    """A photo from its grant to its end. `versions` has the content of each stored version."""

    owner: str
    visibility: str
    tag: str
    granted_at: datetime
    declared: bytes | None = None
    status: str = "pending"
    content: bytes = b""
    confirmed: str = ""
    versions: dict[str, bytes] = field(default_factory=dict)
    due_at: datetime | None = None
    trashed: bool = False
    albums: dict[str, int] = field(default_factory=dict)
    ratings: dict[str, int] = field(default_factory=dict)

    @property
    def listed(self) -> bool:
        """Return whether lists contain the photo."""
        return self.status == "ready" and not self.trashed

    def seen_by(self, viewer: str) -> bool:
        """Return whether this person may read the photo."""
        exists = self.status in ("pending", "ready", "rejected")
        return exists and (viewer == self.owner or (self.listed and self.visibility != "private"))


@dataclass
class Album:
    """An album."""

    owner: str
    name: str
    visibility: str

    def seen_by(self, viewer: str) -> bool:
        """Return whether this person may read the album."""
        return viewer == self.owner or self.visibility != "private"


@dataclass
class Link:
    """A share link."""

    album: str
    link_id: str
    expires_at: datetime | None


@dataclass
class World:
    """Everything that exists."""

    photos: dict[str, Photo] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    is_good: Callable[[bytes], bool] = bool

    def confirm(self, photo_id: str, version: str, now: datetime) -> None:
        """Process a stored version, as its event does."""
        photo = self.photos[photo_id]
        if photo.status == "pending":
            content = photo.versions[version]
            if not self.is_good(content) or photo.declared not in (None, content):
                photo.status, photo.versions, photo.due_at = "rejected", {}, now + TRASH
                return
            photo.status, photo.content, photo.confirmed, photo.due_at = "ready", content, version, None
        elif photo.status != "ready":
            photo.versions.clear()
        elif version != photo.confirmed:
            photo.versions.pop(version, None)

    def confirm_newest(self, photo_id: str, now: datetime) -> None:
        """Process the newest version and delete the others, as a confirmation by request does."""
        photo = self.photos[photo_id]
        if photo.status == "pending" and photo.versions:
            self.confirm(photo_id, list(photo.versions)[-1], now)
            photo.versions = {key: content for key, content in photo.versions.items() if key == photo.confirmed}

    def erase(self, photo_id: str) -> None:
        """Erase a photo."""
        photo = self.photos[photo_id]
        photo.status, photo.trashed, photo.due_at = "erased", False, None
        photo.versions, photo.albums, photo.ratings = {}, {}, {}

    def drop_album(self, album_id: str, *, trash_at: datetime | None) -> None:
        """Delete an album, and move its photos to the trash if there is a time for it."""
        del self.albums[album_id]
        self.links = {path: link for path, link in self.links.items() if link.album != album_id}
        for photo in self.photos.values():
            if photo.albums.pop(album_id, None) is not None and trash_at and photo.listed:
                photo.trashed, photo.due_at = True, trash_at + TRASH

    def forget(self, person: str) -> None:
        """Remove a cancelled account and all its data."""
        for album_id in [key for key, album in self.albums.items() if album.owner == person]:
            self.drop_album(album_id, trash_at=None)
        for photo_id, photo in self.photos.items():
            photo.ratings.pop(person, None)
            if photo.owner == person:
                self.erase(photo_id)

    def sweep(self, now: datetime) -> None:
        """Settle everything that is due."""
        for photo_id, photo in self.photos.items():
            if photo.due_at and photo.due_at <= now:
                if photo.status == "pending":
                    self.confirm_newest(photo_id, now)
                    if photo.status == "pending":
                        self.erase(photo_id)
                else:
                    self.erase(photo_id)

    def list_photos(self, matches: Callable[[Photo], bool]) -> list[str]:
        """Return the ids of the listed photos that match, newest first."""
        return sorted((key for key, photo in self.photos.items() if photo.listed and matches(photo)), reverse=True)

    def list_album(self, album_id: str, viewer: str | None) -> list[str]:
        """Return the photos of an album in their order. A viewer of None has a share link."""
        is_owner = viewer in (None, self.albums[album_id].owner)
        shown = self.list_photos(lambda photo: album_id in photo.albums and (is_owner or photo.visibility != "private"))
        return sorted(shown, key=lambda photo_id: (self.photos[photo_id].albums[album_id], photo_id))

    def find(self, word: str, viewer: str, *, public: bool) -> list[str]:
        """Return the photos that a search for a tag or for the name of an album finds."""

        def matches(photo: Photo) -> bool:
            names = {
                self.albums[album].name
                for album in photo.albums
                if not public or self.albums[album].visibility == "public"
            }
            is_mine = photo.visibility == "public" if public else photo.owner == viewer
            return is_mine and word in {photo.tag, *names}

        return self.list_photos(matches)

    def show_lists(self, viewer: str, word: str, now: datetime) -> Iterator[tuple[str, Any]]:
        """Yield what a person should see in each list."""
        public = self.list_photos(lambda photo: photo.visibility == "public")
        yield "public", public
        yield "top", sorted(public)
        yield "search", self.find(word, viewer, public=True)
        yield "tag", [photo_id for photo_id in public if self.photos[photo_id].tag == word]
        yield "public albums", self._show_albums(viewer, lambda album: album.visibility == "public")
        for path, link in self.links.items():
            expired = link.expires_at is not None and link.expires_at <= now
            yield f"link {path}", None if expired else self.list_album(link.album, None)
        if viewer != VISITOR:
            yield from self._show_own_lists(viewer, word)

    def _show_own_lists(self, viewer: str, word: str) -> Iterator[tuple[str, Any]]:
        mine = self.list_photos(lambda photo: photo.owner == viewer)
        photos = [(key, photo) for key, photo in self.photos.items() if photo.owner == viewer]
        yield "mine", mine
        yield "taken", mine
        yield "trash", sorted((key for key, photo in photos if photo.trashed), reverse=True)
        months = Counter(f"{self.photos[key].granted_at:%Y-%m}" for key in mine)
        yield "months", dict(months)
        counted = [photo for _, photo in photos if photo.status in ("pending", "ready")]
        yield (
            "usage",
            (len(counted), sum(len(photo.content or photo.declared or b"") or MAX_BYTES for photo in counted)),
        )
        yield "own search", self.find(word, viewer, public=False)
        yield "own albums", self._show_albums(viewer, lambda album: album.owner == viewer)
        for album_id, album in self.albums.items():
            if album.owner == viewer:
                links = sorted(link.link_id for link in self.links.values() if link.album == album_id)
                yield f"links of {album_id}", links

    def _show_albums(self, viewer: str, matches: Callable[[Album], bool]) -> dict[str, tuple[str, str, int]]:
        return {
            key: (album.name, album.visibility, len(self.list_album(key, viewer)))
            for key, album in self.albums.items()
            if matches(album)
        }

    def show_photo(self, photo_id: str, viewer: str) -> Any:
        """Return what a person should see of one photo, or None."""
        photo = self.photos[photo_id]
        if not photo.seen_by(viewer):
            return None
        values = list(photo.ratings.values())
        average = round(sum(values) / len(values), 2) if values else None
        facts = (photo.status, photo.visibility, photo.trashed, average, len(values))
        return (*facts, photo.ratings.get(viewer)) if viewer != VISITOR else facts
