"""`AlbumStore` and `ShareLinkStore`: each promise of the contracts."""

from datetime import timedelta
from functools import partial

import pytest

from chalicelib.domain import errors
from chalicelib.domain.accounts import Account, Limits
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import LinkId, UserId, format_timestamp
from chalicelib.domain.share_links import ShareLink
from tests.support.album_rows import add_album, build_memberships, mark_album_deleted, new_album, new_link, read_album
from tests.support.races import run_concurrently
from tests.support.rows import START, Backend, pending

ANN = UserId("ann")


# --- Albums


def test_album_is_read_as_it_was_written(backend: Backend) -> None:
    album = add_album(backend, description="d", continent="e", country="f", years=(1999, 2001), visibility="private")
    assert read_album(backend, album) == album
    assert backend.albums.get_album(new_album().album_id) is None


def test_adding_an_album_opens_the_account_and_uses_no_photo_quota(backend: Backend) -> None:
    album = add_album(backend)
    assert backend.accounts.get_account(ANN) == Account(user_id=ANN, created_at=album.created_at)
    backend.store.add_pending(pending(), Limits(photos=1, bytes=1000))
    assert backend.usage() == (1, 1000)


def test_album_limit_holds_under_concurrent_requests(backend: Backend) -> None:
    def try_to_add(album: Album) -> bool:
        try:
            backend.albums.add(album, 5)
        except errors.QuotaExceeded:
            return False
        return True

    assert sum(run_concurrently([partial(try_to_add, new_album()) for _ in range(16)])) == 5
    assert len(backend.albums.list_albums(ANN, 100)) == 5
    mark_album_deleted(backend, backend.albums.list_albums(ANN, 1)[0])
    assert try_to_add(new_album()), "a deleted album does not count"
    with pytest.raises(errors.QuotaExceeded) as raised:
        backend.albums.add(new_album(), 5)
    assert raised.value.details == {"albums": 5}


def test_only_the_first_deletion_of_an_album_frees_its_place(backend: Backend) -> None:
    album = add_album(backend)
    assert backend.albums.change(album, album.with_(description="d"))
    with pytest.raises(errors.QuotaExceeded):
        backend.albums.add(new_album(), 1)
    deleted = mark_album_deleted(backend, album)
    assert backend.albums.change(deleted, deleted.with_(description="e"))
    assert backend.albums.add(new_album(), 1)
    with pytest.raises(errors.QuotaExceeded):
        backend.albums.add(new_album(), 1)


def test_adding_an_album_to_a_cancelled_account_is_refused(backend: Backend) -> None:
    backend.cancel(ANN)
    with pytest.raises(errors.InvalidToken):
        backend.albums.add(new_album(), 5)
    assert backend.albums.list_albums(ANN, 9) == []


def test_change_of_a_stale_album_is_refused(backend: Backend) -> None:
    before = add_album(backend)
    assert backend.albums.change(before, before.with_(name="Hills"))
    assert not backend.albums.change(before, before.with_(name="Lakes"))
    assert read_album(backend, before) == before.with_(name="Hills", revision=1)


def test_change_keeps_the_counts_and_the_latest_photo(backend: Backend) -> None:
    album = add_album(backend)
    photo = backend.ready(memberships=build_memberships(album))
    assert backend.albums.change(album, album.with_(description="d"))
    after = read_album(backend, album)
    assert (after.photo_count, after.non_private_count, after.latest_photo_id) == (1, 1, photo.photo_id)


def test_lists_contain_only_matching_albums_newest_first(backend: Backend) -> None:
    first, second, third = (add_album(backend, minute=minute) for minute in range(3))
    private = add_album(backend, minute=3, visibility="private")
    unlisted = add_album(backend, minute=4, visibility="unlisted")
    bobs_album = add_album(backend, "bob", minute=5)
    deleted = mark_album_deleted(backend, add_album(backend, minute=6))
    assert backend.albums.list_albums(ANN, 9) == [unlisted, private, third, second, first]
    assert backend.albums.list_albums(None, 9) == [bobs_album, third, second, first]
    assert backend.albums.list_albums(None, 2, after=bobs_album.album_id) == [third, second]
    assert backend.albums.list_albums(None, 9, after=first.album_id) == []
    assert deleted.deleted_at


def test_hidden_album_leaves_the_public_list_until_it_is_public_again(backend: Backend) -> None:
    album = add_album(backend)
    for visibility, expected in (("private", 0), ("unlisted", 0), ("public", 1)):
        before = read_album(backend, album)
        assert backend.albums.change(before, before.with_(visibility=visibility))
        assert len(backend.albums.list_albums(None, 9)) == expected


def test_album_is_due_until_it_is_marked_as_updated(backend: Backend) -> None:
    album = add_album(backend)
    assert backend.albums.change(album, album.with_(due_at=format_timestamp(START), change_number=1))
    assert backend.albums.list_due(format_timestamp(START - timedelta(seconds=1)), 9) == []
    assert backend.albums.list_due(format_timestamp(START), 9) == [album.album_id]
    backend.albums.mark_updated(album)
    assert backend.albums.list_due(format_timestamp(START), 9) == [album.album_id], (
        "the update was for an older version of the album"
    )
    backend.albums.mark_updated(album.with_(change_number=2))
    assert backend.albums.list_due(format_timestamp(START), 9) == [album.album_id]
    stored = read_album(backend, album)
    backend.albums.mark_updated(stored)
    assert backend.albums.list_due(format_timestamp(START), 9) == []
    assert not backend.albums.change(stored, stored.with_(change_number=2)), "the stored album is not due any more"


def test_progress_is_stored_for_the_latest_change_until_all_photos_are_updated(backend: Backend) -> None:
    start, later = format_timestamp(START), format_timestamp(START + timedelta(minutes=1))
    album, photo = add_album(backend, due_at=start), pending()
    backend.albums.store_progress(album.with_(change_number=1), photo.photo_id, later)
    assert read_album(backend, album) == album, "the progress was for another change"
    backend.albums.store_progress(album, photo.photo_id, later)
    assert (read_album(backend, album).progress, backend.albums.list_due(start, 9)) == (photo.photo_id, [])
    assert backend.albums.change(album, album.with_(description="d"))
    stored = read_album(backend, album)
    assert (stored.progress, stored.due_at) == (photo.photo_id, later), "a change keeps the stored progress"
    backend.albums.mark_updated(stored)
    backend.albums.store_progress(stored, photo.photo_id, later)
    assert (read_album(backend, album).progress, read_album(backend, album).due_at) == (None, None)


def test_progress_for_an_older_change_is_not_stored(backend: Backend) -> None:
    album = add_album(backend, due_at=format_timestamp(START), change_number=1)
    backend.albums.store_progress(album.with_(change_number=0), pending().photo_id, format_timestamp(START))
    assert read_album(backend, album) == album


def test_album_that_is_being_deleted_stays_due(backend: Backend) -> None:
    deleted = mark_album_deleted(backend, add_album(backend, due_at=format_timestamp(START)))
    backend.albums.mark_updated(deleted)
    assert backend.albums.list_due(format_timestamp(START), 9) == [deleted.album_id]


def test_due_returns_all_due_albums_up_to_the_limit(backend: Backend) -> None:
    albums = [add_album(backend, due_at=format_timestamp(START)) for _ in range(40)]
    assert sorted(backend.albums.list_due(format_timestamp(START), 100)) == sorted(album.album_id for album in albums)
    assert len(backend.albums.list_due(format_timestamp(START), 7)) == 7


def test_only_a_deleted_and_empty_album_can_be_removed(backend: Backend) -> None:
    album = add_album(backend)
    assert not backend.albums.remove(album)
    photo = backend.ready(memberships=build_memberships(album))
    assert not backend.albums.remove(album)
    deleted = mark_album_deleted(backend, album)
    assert not backend.albums.remove(deleted)
    backend.put(photo, memberships={})
    assert backend.albums.remove(deleted)
    assert backend.albums.get_album(album.album_id) is None
    assert not backend.albums.remove(deleted)


# --- Links


def test_links_are_stored_listed_and_counted(backend: Backend) -> None:
    album = add_album(backend)
    links = [new_link(album, minute) for minute in range(3)]
    for link in links:
        backend.links.add_link(link, 3)
    with pytest.raises(errors.QuotaExceeded) as raised:
        backend.links.add_link(new_link(album), 3)
    assert raised.value.details == {"links": 3}
    assert backend.links.list_links(album.album_id, 9) == links
    assert backend.links.list_links(album.album_id, 1, after=links[0].link_id) == [links[1]]
    assert backend.links.read_with_link(album.album_id, links[2].link_id) == (album.with_(link_count=3), links[2])
    assert backend.links.remove_link(album.album_id, links[2].link_id)
    assert not backend.links.remove_link(album.album_id, links[2].link_id)
    assert backend.links.read_with_link(album.album_id, links[2].link_id) == (album.with_(link_count=2), None)


def test_link_limit_holds_under_concurrent_requests(backend: Backend) -> None:
    album = add_album(backend)

    def try_to_add(link: ShareLink) -> bool:
        try:
            backend.links.add_link(link, 4)
        except errors.QuotaExceeded:
            return False
        return True

    assert sum(run_concurrently([partial(try_to_add, new_link(album)) for _ in range(16)])) == 4
    assert len(backend.links.list_links(album.album_id, 100)) == 4


def test_missing_or_deleted_album_gets_no_link(backend: Backend) -> None:
    for album in (new_album(), mark_album_deleted(backend, add_album(backend))):
        with pytest.raises(errors.NotFound):
            backend.links.add_link(new_link(album), 3)
        assert backend.links.list_links(album.album_id, 9) == []


def test_wrong_passwords_are_limited_per_window_under_concurrent_requests(backend: Backend) -> None:
    album = add_album(backend)
    link = new_link(album)
    backend.links.add_link(link, 9)
    assert sum(run_concurrently([partial(backend.links.count_wrong_password, link, 7, 5) for _ in range(16)])) == 5
    assert not backend.links.count_wrong_password(link, 7, 5)
    assert [backend.links.count_wrong_password(link, 8, 2) for _ in range(3)] == [True, True, False]
    assert not backend.links.count_wrong_password(link, 7, 2), "a slow clock must not start the old window again"
    stored = backend.links.read_with_link(album.album_id, LinkId(link.link_id))[1]
    assert stored
    assert (stored.attempt_window, stored.wrong_attempts) == (8, 2)


def test_each_window_begins_without_the_wrong_passwords_of_the_one_before(backend: Backend) -> None:
    link = new_link(add_album(backend))
    backend.links.add_link(link, 9)
    assert backend.links.count_wrong_password(link, 7, 3)
    assert [backend.links.count_wrong_password(link, 8, 3) for _ in range(4)] == [True, True, True, False]


def test_wrong_password_does_not_recreate_a_revoked_link(backend: Backend) -> None:
    album = add_album(backend)
    link = new_link(album)
    backend.links.add_link(link, 9)
    assert backend.links.count_wrong_password(link, 7, 5)
    assert backend.links.remove_link(album.album_id, link.link_id)
    assert not backend.links.count_wrong_password(link, 7, 5)
    assert backend.links.read_with_link(album.album_id, LinkId(link.link_id)) == (read_album(backend, album), None)
