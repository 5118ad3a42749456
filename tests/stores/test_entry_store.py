"""`PhotoStore` and `AlbumStore`: photos enter and leave albums, and the albums count them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.albums import Album
from chalicelib.domain.feed import RANKS, Span, compute_rank
from chalicelib.domain.ids import format_timestamp
from chalicelib.domain.photos import Membership, Photo
from tests.support.album_rows import add_album, build_memberships, mark_album_deleted, new_album, read_album
from tests.support.races import run_concurrently
from tests.support.rows import START, Backend, ids, pending

ALL_RANKS = Span(0, RANKS - 1)


def read_counts(backend: Backend, album: Album) -> tuple[int, int]:
    """Return the number of all photos in an album, and of those that others can see."""
    stored = read_album(backend, album)
    return stored.photo_count, stored.non_private_count


def list_ids(backend: Backend, album: Album, *, include_private: bool) -> list[str]:
    return entry_ids(backend.albums.list_entries(album.album_id, 100, include_private=include_private))


def entry_ids(entries: Any) -> list[str]:
    return [entry.photo_id for entry in entries]


LEAVING: dict[str, Callable[[Backend, Photo], object]] = {
    "removed from the album": lambda backend, photo: backend.put(photo, memberships={}),
    "trashed": lambda backend, photo: backend.put(photo, trashed_at=format_timestamp(START)),
    "erased": lambda backend, photo: backend.erase(photo),
}


@pytest.mark.parametrize("action", LEAVING)
@pytest.mark.parametrize(("visibility", "non_private_count"), [("public", 1), ("unlisted", 1), ("private", 0)])
def test_photo_is_listed_and_counted_while_it_is_in_the_album(
    backend: Backend, action: str, visibility: str, non_private_count: int
) -> None:
    album = add_album(backend)
    photo = backend.granted(memberships=build_memberships(album), visibility=visibility)
    assert (read_counts(backend, album), list_ids(backend, album, include_private=True)) == ((0, 0), [])
    photo = backend.put(photo, status="ready")
    assert read_counts(backend, album) == (1, non_private_count)
    assert list_ids(backend, album, include_private=True) == [photo.photo_id]
    assert list_ids(backend, album, include_private=False) == [photo.photo_id] * non_private_count
    LEAVING[action](backend, photo)
    assert read_counts(backend, album) == (0, 0)
    assert list_ids(backend, album, include_private=True) == list_ids(backend, album, include_private=False) == []


def test_hiding_or_showing_a_photo_changes_the_non_private_count(backend: Backend) -> None:
    album = add_album(backend)
    photo = backend.ready(memberships=build_memberships(album))
    photo = backend.put(photo, visibility="private")
    assert (read_counts(backend, album), list_ids(backend, album, include_private=False)) == ((1, 0), [])
    backend.put(photo, visibility="unlisted")
    assert (read_counts(backend, album), list_ids(backend, album, include_private=False)) == ((1, 1), [photo.photo_id])


def test_photo_that_becomes_ready_leaves_deleted_albums(backend: Backend) -> None:
    album, deleted, removed = (add_album(backend) for _ in range(3))
    photo = backend.granted(
        memberships=build_memberships(album) | build_memberships(deleted) | build_memberships(removed)
    )
    mark_album_deleted(backend, deleted)
    assert backend.albums.remove(mark_album_deleted(backend, removed))
    assert backend.store.replace(photo, photo.with_(status="ready"))
    assert backend.now(photo).memberships == build_memberships(album)
    assert read_counts(backend, album) == (1, 1)
    assert read_counts(backend, deleted) == (0, 0)
    assert backend.albums.get_album(removed.album_id) is None


def test_restored_photo_gets_the_current_name_and_visibility_of_its_album(backend: Backend) -> None:
    album = add_album(backend)
    photo = backend.put(backend.ready(memberships=build_memberships(album)), trashed_at=format_timestamp(START))
    before = read_album(backend, album)
    assert backend.albums.change(before, before.with_(name="Hills", visibility="private"))
    assert backend.store.replace(photo, photo.with_(trashed_at=None))
    membership = Membership(name="Hills", public=False, position=1)
    assert backend.now(photo).memberships == {album.album_id: membership}
    assert read_counts(backend, album) == (1, 1)


@pytest.mark.parametrize("visibility", ["public", "unlisted"])
@pytest.mark.parametrize(
    "change",
    [{"name": "A"}, {"name": "Z"}, {"visibility": "public"}, {"visibility": "unlisted"}, {"visibility": "private"}],
)
def test_photo_enters_an_album_with_the_current_name_and_visibility(
    backend: Backend, visibility: str, change: dict[str, str]
) -> None:
    album = add_album(backend, visibility=visibility)
    assert backend.albums.change(album, album.with_(**change))
    photo = backend.ready()
    assert backend.store.replace(photo, photo.with_(memberships=build_memberships(album)))
    current = read_album(backend, album)
    assert backend.now(photo).memberships == build_memberships(current)
    assert read_counts(backend, album) == (1, 1)


def test_photo_does_not_enter_an_album_that_does_not_exist(backend: Backend) -> None:
    album, photo = new_album(), backend.ready()
    assert backend.store.replace(photo, photo.with_(memberships=build_memberships(album)))
    assert backend.now(photo).memberships == {}
    assert backend.albums.get_album(album.album_id) is None


def test_stale_photo_does_not_enter_a_changed_album(backend: Backend) -> None:
    album = add_album(backend)
    photo = backend.ready()
    backend.put(photo, title="Quay")
    assert backend.albums.change(album, album.with_(name="Hills"))
    assert not backend.store.replace(photo, photo.with_(memberships=build_memberships(album)))
    assert read_counts(backend, album) == (0, 0)


def test_count_is_exact_under_concurrent_additions_and_removals(backend: Backend) -> None:
    album = add_album(backend)
    added = [backend.ready(minute=minute) for minute in range(8)]
    removed = [backend.ready(memberships=build_memberships(album), visibility="private") for _ in range(8)]
    additions = [
        partial(backend.store.replace, photo, photo.with_(memberships=build_memberships(album))) for photo in added
    ]
    removals = [partial(backend.store.replace, photo, photo.with_(memberships={})) for photo in removed]
    assert all(run_concurrently([call for pair in zip(additions, removals, strict=True) for call in pair]))
    assert read_counts(backend, album) == (8, 8)
    assert list_ids(backend, album, include_private=True) == ids(added)


def test_latest_photo_is_the_last_added_photo_that_others_can_see(backend: Backend) -> None:
    album = add_album(backend)
    first = backend.ready(memberships=build_memberships(album), visibility="private")
    assert read_album(backend, album).latest_photo_id == first.photo_id
    second = backend.ready(memberships=build_memberships(album))
    backend.ready(memberships=build_memberships(album), visibility="private")
    assert read_album(backend, album).latest_photo_id == second.photo_id
    third = backend.ready(memberships=build_memberships(album))
    backend.put(backend.put(second, visibility="private"), visibility="public")
    assert read_album(backend, album).latest_photo_id == third.photo_id, "a photo that is shown again is not new"


def test_photo_that_leaves_a_lost_album_does_not_recreate_it(backend: Backend) -> None:
    album = add_album(backend)
    photo = backend.ready("bob", memberships=build_memberships(album))
    while backend.deletions.purge_albums(album.user_id):
        pass
    backend.store.replace(photo, photo.with_(memberships={}))
    assert backend.albums.get_album(album.album_id) is None


def test_entries_are_sorted_by_position_and_then_by_id(backend: Backend) -> None:
    album = add_album(backend)
    positions = [2**53, 5, 10, 5, 0]
    photos = [
        backend.ready(minute=minute, memberships=build_memberships(album, position))
        for minute, position in enumerate(positions)
    ]
    expected = ids([photos[4], photos[1], photos[3], photos[2], photos[0]])
    assert list_ids(backend, album, include_private=True) == expected
    entries = backend.albums.list_entries(album.album_id, 2, include_private=False)
    assert entry_ids(entries) == expected[:2]
    rest = backend.albums.list_entries(album.album_id, 9, include_private=False, after=entries[-1].sort_key)
    assert entry_ids(rest) == expected[2:]
    firsts = backend.albums.list_first_entries([(album.album_id, True), (add_album(backend).album_id, True)])
    assert [entry_ids(entries) for entries in firsts] == [expected[:1], []]


def test_entries_by_rank_and_members_are_complete_and_sorted(backend: Backend) -> None:
    album, other = add_album(backend), add_album(backend)
    photos = [backend.ready(minute=minute, memberships=build_memberships(album, 9 - minute)) for minute in range(5)]
    private = backend.ready(minute=9, memberships=build_memberships(album), visibility="private")
    backend.ready(memberships=build_memberships(other))
    by_rank = [photo.photo_id for photo in sorted([*photos, private], key=lambda photo: compute_rank(photo.photo_id))]
    (all_entries,) = backend.albums.list_entries_by_rank(album.album_id, [ALL_RANKS], include_private=True)
    (non_private_entries,) = backend.albums.list_entries_by_rank(album.album_id, [ALL_RANKS], 3, include_private=False)
    assert entry_ids(all_entries) == by_rank
    assert entry_ids(non_private_entries) == [photo_id for photo_id in by_rank if photo_id != private.photo_id][:3]
    assert backend.albums.list_member_ids(album.album_id, 9) == [*ids(photos), private.photo_id]
    assert backend.albums.list_member_ids(album.album_id, 2, after=photos[1].photo_id) == ids(photos[2:4])


def test_photos_are_read_once_each_and_missing_ones_are_omitted(backend: Backend) -> None:
    album = add_album(backend)
    photos = [backend.ready(minute=number) for number in range(3)]
    photo_ids = [*ids(photos), photos[0].photo_id, pending().photo_id]
    assert backend.store.get_photos(photo_ids) == {photo.photo_id: photo for photo in photos}
    assert backend.store.get_photos([]) == {}
    assert backend.albums.read_with_photos(album.album_id, photo_ids) == (album, backend.store.get_photos(photo_ids))
    assert backend.albums.read_with_photos(new_album().album_id, []) == (None, {})
