"""The operations of the model on albums, share links and accounts."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.support.cloud import Answer
from tests.support.fault_runs import require_success
from tests.support.links import get_path
from tests.support.model.machine import PEOPLE, Trouble, choose, picks, troubles, visibilities, words
from tests.support.model.rules import PhotoRules
from tests.support.model.world import Album, Link, World

LINK_LIFETIME = timedelta(hours=1)


class AlbumRules(PhotoRules):
    """Create, fill, change, share and delete albums, and cancel accounts."""

    @rule(pick=picks, name=words, visibility=visibilities, trouble=troubles)
    def create_album(self, pick: int, name: str, visibility: str, trouble: Trouble | None) -> None:
        """Create an album."""
        owner, key = choose(self.people, pick), self.key()
        body = {"name": name, "visibility": visibility}
        answer = self.act(
            lambda: require_success(self.client(owner).post("/albums", body, **{"Idempotency-Key": key})),
            trouble,
            must_retry=True,
        )
        self.world.albums[answer.json["albumId"]] = Album(owner, name, visibility)

    def _find_pairs(self) -> list[tuple[str, str]]:
        """Return the pairs of an album and a photo of the same person that can be put into it."""
        return [
            (album_id, photo_id)
            for album_id, album in self.world.albums.items()
            for photo_id, photo in self.world.photos.items()
            if photo.owner == album.owner and (photo.listed or photo.status == "pending")
        ]

    @precondition(lambda self: self._find_pairs())
    @rule(pick=picks, position=st.sampled_from([None, 5, 9]), trouble=troubles)
    def add(self, pick: int, position: int | None, trouble: Trouble | None) -> None:
        """Add a photo to an album, or move it in the album."""
        album_id, photo_id = choose(self._find_pairs(), pick)
        now = int(self.now.timestamp() * 1000)

        def apply(world: World) -> None:
            albums = world.photos[photo_id].albums
            albums[album_id] = albums.get(album_id, now) if position is None else position

        path, body = f"/albums/{album_id}/photos/{photo_id}", {"position": position}
        self.change(self.world.albums[album_id].owner, lambda client: client.call("PUT", path, body), apply, trouble)

    def _find_entries(self) -> list[tuple[str, str]]:
        return [(album_id, key) for key, photo in self.world.photos.items() for album_id in photo.albums]

    @precondition(lambda self: self._find_entries())
    @rule(pick=picks, trouble=troubles)
    def remove(self, pick: int, trouble: Trouble | None) -> None:
        """Remove a photo from an album."""
        album_id, photo_id = choose(self._find_entries(), pick)

        def apply(world: World) -> None:
            world.photos[photo_id].albums.pop(album_id)

        path, owner = f"/albums/{album_id}/photos/{photo_id}", self.world.albums[album_id].owner
        self.change(owner, lambda client: client.delete(path), apply, trouble, 404)

    @precondition(lambda self: self.world.albums)
    @rule(pick=picks, name=words, visibility=visibilities, trouble=troubles)
    def change_album(self, pick: int, name: str, visibility: str, trouble: Trouble | None) -> None:
        """Rename an album, and change who can see it."""
        album_id = choose(list(self.world.albums), pick)
        owner, body = self.world.albums[album_id].owner, {"name": name, "visibility": visibility}
        answer = self.act(lambda: require_success(self.client(owner).patch(f"/albums/{album_id}", body)), trouble)
        if trouble:
            # Exception: the copies in the photos follow later.
            self.settle()
        if answer is None:
            shown = self.client(owner).get(f"/albums/{album_id}").json
            current = self.world.albums[album_id]
            assert (shown["name"], shown["visibility"]) in [(name, visibility), (current.name, current.visibility)]
            name, visibility = shown["name"], shown["visibility"]
        self.world.albums[album_id] = Album(owner, name, visibility)
        self.look(owner)

    @precondition(lambda self: self.world.albums)
    @rule(pick=picks, photos=st.sampled_from(["keep", "delete"]), trouble=troubles)
    def delete_album(self, pick: int, photos: str, trouble: Trouble | None) -> None:
        """Delete an album, perhaps with its photos."""
        album_id = choose(list(self.world.albums), pick)
        owner = self.world.albums[album_id].owner
        repeated = (404,) if trouble else ()

        def send() -> Answer:
            return require_success(self.client(owner).delete(f"/albums/{album_id}", photos=photos), *repeated)

        answer = self.act(send, trouble)
        deleted_at = self.now
        if answer is not None or self.client(owner).get(f"/albums/{album_id}").status == 404:
            self.world.drop_album(album_id, trash_at=deleted_at if photos == "delete" else None)
        if trouble:
            # Exception: the photos leave the album later.
            self.settle()
        self.look(owner)

    @precondition(lambda self: self.world.albums)
    @rule(pick=picks, expires=st.booleans(), trouble=troubles)
    def create_link(self, pick: int, expires: bool, trouble: Trouble | None) -> None:
        """Share an album."""
        album_id, key = choose(list(self.world.albums), pick), self.key()
        owner, expires_at = self.world.albums[album_id].owner, self.now + LINK_LIFETIME if expires else None
        body: dict[str, Any] = {"expiresAt": expires_at.isoformat()} if expires_at else {}
        path = f"/albums/{album_id}/links"
        answer = self.act(
            lambda: require_success(self.client(owner).post(path, body, **{"Idempotency-Key": key})),
            trouble,
            must_retry=True,
        )
        self.world.links[get_path(answer.json["url"])] = Link(album_id, answer.json["linkId"], expires_at)

    @precondition(lambda self: self.world.links)
    @rule(pick=picks, trouble=troubles)
    def revoke_link(self, pick: int, trouble: Trouble | None) -> None:
        """Revoke a share link."""
        path = choose(list(self.world.links), pick)
        link = self.world.links[path]
        address, owner = f"/albums/{link.album}/links/{link.link_id}", self.world.albums[link.album].owner

        def apply(world: World) -> None:
            del world.links[path]

        self.change(owner, lambda client: client.delete(address), apply, trouble, 404)
        if path not in self.world.links:
            assert self.cloud.visitor.get(path).status == 404

    @precondition(lambda self: {*PEOPLE} <= {*self.people})
    @rule(pick=st.integers(0, 2), trouble=troubles)
    def cancel(self, pick: int, trouble: Trouble | None) -> None:
        """Cancel one account in each run. Another person takes its place."""
        person = self.people.pop(pick)
        self.act(
            lambda: require_success(self.client(person).delete("/account"), *((401,) if trouble else ())),
            trouble,
            must_retry=True,
        )
        assert self.client(person).get("/photos").status == 401
        # Exception: the data is listed until the job has run.
        self.frozen.shift(timedelta(minutes=61))
        self.run_sweep(trouble)
        self.world.forget(person)
        self.people.insert(pick, f"person-{next(self.names)}")
