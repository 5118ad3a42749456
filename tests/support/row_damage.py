"""Seed damage of rows, as `damage` does for objects."""

from uuid import uuid4

from chalicelib.domain.ids import AlbumId, PhotoId, create_album_id, create_link_id, format_timestamp
from tests.support.damage import JPEG, PAST, Damage


def rating_of_an_erased_photo(damage: Damage) -> list[str]:
    photo = damage.upload()
    assert damage.owner.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    damage.rows.forget_due(photo.photo_id)
    return _put_rating(damage, photo.photo_id)


def rating_without_a_photo(damage: Damage) -> list[str]:
    return _put_rating(damage, damage.create_old_photo_id())


def _put_rating(damage: Damage, photo_id: PhotoId) -> list[str]:
    damage.rows.put_rating(photo_id, "cy")
    return [f"{photo_id} cy"]


def wrong_rating_sum(damage: Damage) -> list[str]:
    photo = damage.upload()
    assert damage.rater.call("PUT", f"/photos/{photo.photo_id}/rating", {"rating": 5}).status == 200
    damage.rows.set_rating_sum(photo)
    return [photo.photo_id]


def missing_search_row(damage: Damage) -> list[str]:
    return [damage.rows.delete_word(damage.upload(title="Harbour", tags=["sea"]), "harbour")]


def orphaned_search_row(damage: Damage) -> list[str]:
    return [damage.rows.put_word(damage.owner.user_id, damage.upload().photo_id, "lost")]


def search_row_without_a_photo(damage: Damage) -> list[str]:
    return [damage.rows.put_word(damage.owner.user_id, damage.create_old_photo_id(), "lost")]


def missing_digest(damage: Damage) -> list[str]:
    return [damage.rows.delete_digest(damage.upload())]


def orphaned_digest(damage: Damage) -> list[str]:
    return [damage.rows.put_digest(damage.owner.user_id, "a" * 64, damage.create_old_photo_id())]


def missing_entry(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    photo = damage.upload(albumId=album_id)
    damage.rows.delete_entry(album_id, photo.photo_id)
    return [f"{album_id} {photo.photo_id}"]


def orphaned_entry(damage: Damage) -> list[str]:
    album_id, photo = damage.create_album(), damage.upload()
    damage.rows.put_entry(album_id, photo.photo_id)
    return [f"{album_id} {photo.photo_id}"]


def membership_without_an_album(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    photo = damage.upload(albumId=album_id)
    damage.rows.delete_album(album_id)
    damage.rows.add_albums(damage.owner.user_id, -1)
    return [f"{album_id} {photo.photo_id}"]


def stale_copy(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    photo = damage.upload(albumId=album_id)
    damage.rows.put_album(damage.read_album(album_id).with_(name="Hills"))
    return [f"{album_id} {photo.photo_id}"]


def stale_copy_of_the_visibility(damage: Damage) -> list[str]:
    album_id = damage.create_album(visibility="private")
    photo = damage.upload(albumId=album_id)
    damage.rows.put_album(damage.read_album(album_id).with_(visibility="public"))
    return [f"{album_id} {photo.photo_id}"]


def wrong_album_count(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    damage.upload(albumId=album_id)
    damage.rows.put_album(damage.read_album(album_id).with_(non_private_count=-1))
    return [album_id]


def wrong_link_count(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    damage.rows.put_album(damage.read_album(album_id).with_(link_count=2))
    return [album_id]


def orphaned_link(damage: Damage) -> list[str]:
    album_id: AlbumId = create_album_id(PAST, uuid4().int)
    link_id = create_link_id(PAST, uuid4().int)
    damage.rows.put_link(album_id, link_id)
    return [f"{album_id} {link_id}"]


def deleted_album_that_is_not_due(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    damage.upload(albumId=album_id)
    damage.rows.put_album(damage.read_album(album_id).with_(deleted_at=format_timestamp(PAST)))
    damage.rows.add_albums(damage.owner.user_id, -1)
    return [album_id]


def private_album_with_a_public_key(damage: Damage) -> list[str]:
    album_id = damage.create_album(visibility="private")
    damage.rows.publish_album(album_id)
    return [album_id]


def pending_photo_that_is_not_due(damage: Damage) -> list[str]:
    grant = damage.cloud.grant(damage.owner)
    damage.rows.forget_due(grant["photoId"])
    return [grant["photoId"]]


def uploaded_photo_that_is_not_due(damage: Damage) -> list[str]:
    grant = damage.cloud.grant(damage.owner)
    damage.cloud.put(grant, JPEG)
    damage.rows.forget_due(grant["photoId"])
    return [grant["photoId"]]


def pending_photo_outside_the_index_of_the_sweep(damage: Damage) -> list[str]:
    grant = damage.cloud.grant(damage.owner)
    damage.rows.forget_sweep(grant["photoId"])
    return [grant["photoId"]]
