"""Choices of an operation, all of which follow from one number."""

from collections.abc import Sequence

from tests.support.histories.history import History

VISIBILITIES = ("public", "unlisted", "private")


class Choice:
    """Choices that follow from one number."""

    def __init__(self, history: History, number: int) -> None:
        self._history, self._number = history, number

    def of[Item](self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        self._number, rest = divmod(self._number, len(items))
        return items[rest]

    def photo(self) -> str:
        """Return a photo, which may be erased."""
        return self.of(self._history.photos)

    def photos(self, of: str = "") -> list[str]:
        """Return up to three different photos, mostly of the owner of the album `of` if given."""
        every = self._history.photos
        owned = [photo_id for photo_id in every if of and self._history.owners[photo_id] == self._history.owners[of]]
        are_owned = self.of((True, True, False))
        photos = owned if owned and are_owned else every
        return [*dict.fromkeys(self.of(photos) for _ in range(3))]

    def album(self) -> str:
        """Return an album, which may be deleted."""
        return self.of(self._history.albums)

    def user(self, of: str) -> str:
        """Return mostly the owner of a photo or album, and sometimes another user."""
        owner = self._history.owners[of]
        return owner if self.of((True, True, True, False)) else self.of(self._history.people)
