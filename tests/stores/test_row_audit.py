"""The reconciliation can read each row, and a repair fails if a row that it depends on has changed."""

from datetime import timedelta
from typing import Any

from chalicelib.domain.ids import PhotoId, UserId, format_timestamp
from chalicelib.stores.row_audit import RowId, RowPage, iterate_rows
from tests.support.album_rows import add_album, build_memberships, new_link, read_album
from tests.support.rows import START, Backend

ANN, BOB = UserId("ann"), UserId("bob")
NOW = format_timestamp(START)


def read_pages(scan: Any) -> list[Any]:
    """Return the rows of all pages of a table. Each page has at most two."""
    rows: list[Any] = []
    page: RowPage[Any] = scan(2, None)
    while True:
        assert len(page.rows) <= 2
        rows += page.rows
        if page.end is None:
            return rows
        page = scan(2, page.end)


def test_stored_rows_are_those_that_follow_from_the_photo(backend: Backend) -> None:
    album = add_album(backend)
    photos = [backend.ready(tags=("sea", "Old town"), title="Harbour", sha256="a" * 64, minute=n) for n in range(3)]
    photos.append(backend.ready(memberships=build_memberships(album), visibility="private", minute=9))
    audit = backend.audit
    expected = {row_id: row for photo in photos for row_id, row in audit.build_rows(photo).items()}
    assert audit.read_rows(expected) == expected
    assert {row_id.kind for row_id in expected} == {*audit.kinds}
    scanned = [row for kind in audit.kinds for row in read_pages(lambda *page, kind=kind: audit.scan_rows(kind, *page))]
    assert dict(scanned) == expected
    assert len(scanned) == len(expected)
    for photo in photos:
        assert {*audit.list_row_ids(photo)} == audit.build_rows(photo).keys()
    entry = RowId("entry", (album.album_id, photos[-1].photo_id))
    assert entry in {*audit.list_surviving_ids(ANN, photos[-1].photo_id)} & expected.keys()
    stored = audit.read_photos(photo.photo_id for photo in photos)
    assert [stored[photo.photo_id].photo for photo in photos] == photos
    assert not any(any(audit.check_keys(one)) for one in stored.values())
    assert sorted(read_pages(audit.scan_photos), key=lambda one: one.photo_id) == sorted(
        stored.values(), key=lambda one: one.photo_id
    )
    assert audit.list_photo_ids(ANN, 2, "") == sorted(stored)[:2]
    assert audit.list_photo_ids(ANN, 9, sorted(stored)[1]) == sorted(stored)[2:]


def test_counts_are_replaced_only_if_they_are_as_they_were_read(backend: Backend) -> None:
    photo, audit = backend.ready(), backend.audit
    stored = audit.read_accounts([ANN, BOB])[ANN]
    assert (stored.photo_count, stored.bytes, stored.is_cancelled) == (1, 1000, False)
    backend.ready(minute=1)
    assert not audit.set_counts(ANN, stored, {"photo_count": 7}, NOW)
    assert backend.usage() == (2, 2000)
    assert audit.set_counts(ANN, audit.read_accounts([ANN])[ANN], {"photo_count": 7, "bytes": 3}, NOW)
    assert audit.set_counts(BOB, None, {"album_count": 1}, NOW)
    assert not audit.set_counts(BOB, None, {"album_count": 2}, NOW)
    assert [backend.usage(owner) for owner in (ANN, BOB)] == [(7, 3), (0, 0)]
    counts = {one.user_id: one.album_count for one in iterate_rows(audit.scan_accounts)}
    assert counts == {ANN: 0, BOB: 1}
    found = audit.find_month(photo)
    assert found
    record, month = found
    before = audit.read_months(ANN)
    assert before[record][month] >= 1
    assert not audit.replace_month(ANN, record, {month: 9}, {month: 5})
    assert audit.replace_month(ANN, record, before[record], {month: 5})
    assert audit.read_months(ANN)[record] == {month: 5}
    assert audit.replace_month(ANN, record, {month: 5}, {})
    assert record not in audit.read_months(ANN)
    assert audit.replace_month(ANN, record, None, {month: 1})
    assert not audit.replace_month(ANN, record, None, {month: 2})


def test_photo_is_rewritten_only_if_it_is_as_it_was_read(backend: Backend) -> None:
    photo, audit = backend.ready(title="Harbour"), backend.audit
    stored, rows = audit.read_photos([photo.photo_id])[photo.photo_id], audit.build_rows(photo)
    assert not audit.rewrite_photo(photo.photo_id, None, None, rows), "the photo exists"
    changed = backend.put(photo, title="Sea")
    assert not audit.rewrite_photo(photo.photo_id, stored, photo.with_(title="Hills", revision=9), rows)
    assert audit.read_rows(audit.build_rows(changed)) == audit.build_rows(changed)
    stored = audit.read_photos([photo.photo_id])[photo.photo_id]
    after = changed.with_(title="Hills", revision=changed.revision + 1)
    assert audit.rewrite_photo(photo.photo_id, stored, after, audit.build_rows(changed))
    assert backend.now(photo) == after
    every_id = {*audit.build_rows(changed), *audit.build_rows(after)}
    assert audit.read_rows(every_id) == audit.build_rows(after)


def test_rows_of_a_photo_that_does_not_exist_are_deleted(backend: Backend) -> None:
    photo, audit = backend.ready(title="Harbour"), backend.audit
    assert backend.ratings.rate(photo, BOB, None, 4)
    (rating,) = audit.list_ratings([photo.photo_id, PhotoId("none")])[photo.photo_id]
    assert (rating.user_id, rating.rating, audit.has_rated(BOB), audit.has_rated(ANN)) == (BOB, 4, True, False)
    assert read_pages(audit.scan_ratings) == [rating]
    assert not audit.delete_rating(rating, None), "the photo exists"
    old = audit.read_photos([photo.photo_id])[photo.photo_id]
    assert backend.store.remove(backend.now(photo))
    assert not audit.delete_rating(rating, old), "the photo does not exist"
    assert audit.delete_rating(rating, None)
    assert not audit.delete_rating(rating, None)
    assert audit.read_photos([photo.photo_id]) == {}
    assert backend.store.rebuild(photo), "the check leaves no row"


def test_photo_whose_tombstone_has_expired_does_not_exist(backend: Backend) -> None:
    tombstone = backend.erase(backend.ready())
    assert backend.audit.read_photos([tombstone.photo_id])[tombstone.photo_id].photo == tombstone
    backend.later(timedelta(days=91))
    assert backend.audit.read_photos([tombstone.photo_id]) == {}


def test_album_is_replaced_only_if_it_is_as_it_was_read(backend: Backend) -> None:
    album, other = add_album(backend), add_album(backend)
    audit, link = backend.audit, new_link(album)
    assert backend.links.add_link(link, 9)
    stored, (found,) = audit.read_with_links(album.album_id)
    assert stored
    assert (stored.album, stored.has_wrong_keys, found.link_id) == (read_album(backend, album), False, link.link_id)
    assert sorted(read_pages(audit.scan_albums), key=str) == sorted(
        [(album.album_id, ANN), (other.album_id, ANN), (album.album_id, None)], key=str
    )
    assert not audit.delete_link(found), "the album exists"
    assert audit.set_album_counts(stored, 3, 2)
    assert not audit.set_album_counts(stored, 4, 2)
    assert not audit.replace_album(stored, stored.album.with_(name="Hills"))
    stored = audit.read_albums([album.album_id])[album.album_id]
    assert audit.replace_album(stored, stored.album.with_(link_count=0, due_at=NOW))
    now = read_album(backend, album)
    assert (now.photo_count, now.non_private_count, now.link_count, now.due_at) == (3, 2, 0, NOW)
    assert sorted(audit.list_album_ids(ANN)) == sorted([album.album_id, other.album_id])
    stored = audit.read_albums([album.album_id])[album.album_id]
    assert backend.links.add_link(new_link(album), 9)
    assert not audit.replace_album(stored, stored.album.with_(link_count=5)), "a link was added"
    stored = audit.read_albums([album.album_id])[album.album_id]
    backend.albums.mark_updated(stored.album)
    assert not audit.replace_album(stored, stored.album.with_(link_count=5)), "the album is not due any more"
    assert audit.read_with_links(other.album_id)[1] == []


def test_name_of_a_folder_that_is_no_user_has_no_rows(backend: Backend) -> None:
    name = UserId("a\x00b")
    assert backend.audit.read_accounts([name, ANN]) == {}
    assert backend.audit.list_photo_ids(name, 9, "") == []


def test_cancelled_account_becomes_due_again(backend: Backend) -> None:
    backend.ready(sha256="a" * 64)
    audit = backend.audit
    assert audit.has_records(ANN)
    assert not audit.has_records(BOB)
    backend.cancel(ANN)
    assert audit.read_accounts([ANN])[ANN].is_due
    backend.deletions.finish_purge_run(ANN, None)
    stored = audit.read_accounts([ANN])[ANN]
    assert (stored.cancelled_at, stored.is_due, stored.expires) == (NOW, False, True)
    assert audit.make_account_due(stored, NOW)
    stored = audit.read_accounts([ANN])[ANN]
    assert (stored.is_due, stored.expires) == (True, False)
    assert backend.deletions.list_due(NOW, 9) == [ANN]
