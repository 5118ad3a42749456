"""The operations of the model, each with its request and its effect."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.support.cloud import created
from tests.support.fault_runs import require_success
from tests.support.model.machine import CONTENTS, Machine, Trouble, choose, picks, troubles, visibilities, words
from tests.support.model.world import GRANT, TRASH, Photo, World


class PhotoRules(Machine):
    """Upload, change, rate and erase photos."""

    def find(self, **facts: Any) -> list[str]:
        """Return the ids of the photos with these facts."""
        photos = self.world.photos.items()
        return [key for key, photo in photos if all(getattr(photo, name) == value for name, value in facts.items())]

    @rule(
        pick=picks,
        visibility=visibilities,
        tag=words,
        declared=st.sampled_from([None, *CONTENTS[:2]]),
        trouble=troubles,
    )
    def grant(self, pick: int, visibility: str, tag: str, declared: bytes | None, trouble: Trouble | None) -> None:
        """Request an upload grant, sometimes for an album, and sometimes with the digest of the file."""
        owner, key = choose(self.people, pick), self.key()
        own = [album_id for album_id, album in self.world.albums.items() if album.owner == owner]
        album_id = choose([None, *own], pick // 3)
        body: dict[str, Any] = {
            "filename": "x.jpg",
            "contentType": "image/jpeg",
            "visibility": visibility,
            "tags": [tag],
        }
        body |= {"albumId": album_id} if album_id else {}
        body |= {"size": len(declared), "sha256": sha256(declared).hexdigest()} if declared else {}
        answer = self.act(
            lambda: require_success(self.client(owner).post("/upload", body, **{"Idempotency-Key": key})),
            trouble,
            must_retry=True,
        ).json
        same = [key for key in self.find(owner=owner, content=declared) if self.world.photos[key].listed]
        assert ("duplicate" in answer) == bool(declared and same)
        if "duplicate" in answer:
            assert answer["photoId"] in same
            return
        photo = Photo(owner, visibility, tag, self.now, declared, due_at=self.now + 2 * GRANT)
        photo.albums = {album_id: int(self.now.timestamp() * 1000)} if album_id else {}
        self.world.photos[answer["photoId"]], self.grants[answer["photoId"]] = photo, answer

    def _open_grants(self) -> list[str]:
        grants = self.world.photos.items()
        return [key for key, photo in grants if photo.granted_at + GRANT > self.now and photo.owner in self.people]

    @precondition(lambda self: self._open_grants())
    @rule(pick=picks, content=st.sampled_from([CONTENTS[0], *CONTENTS]))
    def put(self, pick: int, content: bytes) -> None:
        """Upload under a grant, perhaps again, perhaps after the photo was confirmed or erased."""
        photo_id = choose(self._open_grants(), pick)
        version = self.cloud.put(self.grants[photo_id], content)
        self.world.photos[photo_id].versions[version] = content
        self.events.append((photo_id, version))

    @precondition(lambda self: self.events)
    @rule(pick=picks, trouble=troubles, again=st.booleans())
    def deliver(self, pick: int, trouble: Trouble | None, again: bool) -> None:
        """Deliver any event, in any order. S3 can deliver it again later."""
        photo_id, version = event = choose(self.events, pick)
        record = created(self.grants[photo_id]["s3Key"], version)
        self.act(lambda: self.cloud.deliver(record), trouble, must_retry=True)
        self.world.confirm(photo_id, version, self.now)
        if not again:
            self.events.remove(event)

    @precondition(lambda self: self.find(status="pending"))
    @rule(pick=picks, trouble=troubles)
    def complete(self, pick: int, trouble: Trouble | None) -> None:
        """Confirm an upload by request."""
        photo_id = choose(self.find(status="pending"), pick)
        photo = self.world.photos[photo_id]
        path, also = f"/photos/{photo_id}/complete", (409, 422)
        answer = self.act(
            lambda: require_success(self.client(photo.owner).post(path), *also),
            trouble,
            must_retry=True,
        )
        uploaded = bool(photo.versions)
        self.world.confirm_newest(photo_id, self.now)
        assert answer.status == {"ready": 200, "rejected": 422, "pending": 409}[photo.status], (answer, uploaded)

    @precondition(lambda self: self.find(status="ready"))
    @rule(pick=picks, visibility=visibilities, trouble=troubles)
    def change_visibility(self, pick: int, visibility: str, trouble: Trouble | None) -> None:
        """Change who can see a photo."""
        photo_id = choose(self.find(status="ready"), pick)

        def apply(world: World) -> None:
            world.photos[photo_id].visibility = visibility

        owner, body = self.world.photos[photo_id].owner, {"visibility": visibility}
        self.change(owner, lambda client: client.patch(f"/photos/{photo_id}", body), apply, trouble)

    @precondition(lambda self: self.world.photos)
    @rule(pick=picks, method=st.sampled_from(["PATCH", "DELETE"]))
    def intrude(self, pick: int, method: str) -> None:
        """Try to change a photo of another person."""
        photo_id = choose(list(self.world.photos), pick)
        photo = self.world.photos[photo_id]
        stranger = choose([person for person in self.people if person != photo.owner], pick // 7)
        body = {"visibility": "private"} if method == "PATCH" else None
        answer = self.client(stranger).call(method, f"/photos/{photo_id}", body)
        assert answer.status == (403 if photo.seen_by(stranger) else 404)

    @precondition(lambda self: self.world.list_photos(lambda _: True))
    @rule(pick=picks, stars=st.sampled_from([None, 1, 3, 5]), trouble=troubles)
    def rate(self, pick: int, stars: int | None, trouble: Trouble | None) -> None:
        """Rate a photo, or remove the rating."""
        photo_id = choose(self.world.list_photos(lambda _: True), pick)
        photo = self.world.photos[photo_id]
        rater = choose([person for person in self.people if photo.seen_by(person)], pick // 5)
        method, body = ("PUT", {"rating": stars}) if stars else ("DELETE", None)

        def apply(world: World) -> None:
            world.photos[photo_id].ratings.pop(rater, None)
            world.photos[photo_id].ratings |= {rater: stars} if stars else {}

        self.change(rater, lambda client: client.call(method, f"/photos/{photo_id}/rating", body), apply, trouble)

    @precondition(lambda self: self.find(status="ready", trashed=False))
    @rule(pick=picks, trouble=troubles)
    def trash(self, pick: int, trouble: Trouble | None) -> None:
        """Move a photo to the trash."""
        photo_id = choose(self.find(status="ready", trashed=False), pick)

        def apply(world: World) -> None:
            world.photos[photo_id].trashed, world.photos[photo_id].due_at = True, self.now + TRASH

        owner = self.world.photos[photo_id].owner
        self.change(owner, lambda client: client.delete(f"/photos/{photo_id}"), apply, trouble)

    @precondition(lambda self: self.find(trashed=True))
    @rule(pick=picks, trouble=troubles)
    def restore(self, pick: int, trouble: Trouble | None) -> None:
        """Restore a photo from the trash."""
        photo_id = choose(self.find(trashed=True), pick)

        def apply(world: World) -> None:
            world.photos[photo_id].trashed, world.photos[photo_id].due_at = False, None

        owner = self.world.photos[photo_id].owner
        self.change(owner, lambda client: client.post(f"/photos/{photo_id}/restore"), apply, trouble, 409)

    def _living(self) -> list[str]:
        return [key for key, photo in self.world.photos.items() if photo.status != "erased"]

    @precondition(lambda self: self._living())
    @rule(pick=picks, trouble=troubles)
    def erase(self, pick: int, trouble: Trouble | None) -> None:
        """Erase a photo, in any state."""
        photo_id = choose(self._living(), pick)
        path, owner = f"/photos/{photo_id}", self.world.photos[photo_id].owner
        self.change(
            owner, lambda client: client.delete(path, permanent="true"), lambda w: w.erase(photo_id), trouble, 404
        )

    @precondition(lambda self: self.find(trashed=True))
    @rule(pick=picks, trouble=troubles)
    def empty_trash(self, pick: int, trouble: Trouble | None) -> None:
        """Erase everything in the trash of a person. Exception: after a fault, the sweep starts the job."""
        owner = self.world.photos[choose(self.find(trashed=True), pick)].owner
        self.act(lambda: require_success(self.client(owner).delete("/trash")), trouble, must_retry=True)
        self.run_jobs(trouble)
        if trouble:
            self.settle()
        for photo_id in self.find(owner=owner, trashed=True):
            self.world.erase(photo_id)

    @rule(minutes=st.sampled_from([1, 10, 20, 40, 420, 31 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        """Move the clock. Exception: the sweep runs at least once a month, because tombstones expire after 90 days."""
        self.frozen.shift(timedelta(minutes=minutes))
        if minutes > 420:
            self.run_sweep()

    @rule(trouble=troubles)
    def sweep(self, trouble: Trouble | None) -> None:
        """Run the sweep and its jobs."""
        self.run_sweep(trouble)

    @invariant()
    def compare(self) -> None:
        """Compare what one person sees."""
        self.frozen.shift(timedelta(seconds=1))
        self.look_by_turns()
