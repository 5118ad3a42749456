"""Seed damage of rows, as `damage` does for objects."""

from uuid import uuid4

from chalicelib.domain.ids import create_link_id, create_photo_id, format_timestamp
from chalicelib.stores.dynamodb.raw_rows import KEYS
from tests.support.damage import JPEG, PAST, Damage


def rating_of_an_erased_photo(damage: Damage) -> list[str]:
    photo = damage.upload()
    assert damage.owner.delete(f"/photos/{photo.photo_id}", permanent="true").status == 204
    damage.change_photo(photo, "REMOVE dueAt, dueShard, sweepAt")
    damage.put("rating_table", {"photoId": photo.photo_id, "userId": "cy", "rating": 3})
    return [f"{photo.photo_id} cy"]


def rating_without_a_photo(damage: Damage) -> list[str]:
    photo_id = create_photo_id(PAST, uuid4().int)
    damage.put("rating_table", {"photoId": photo_id, "userId": "cy", "rating": 3})
    return [f"{photo_id} cy"]


def wrong_rating_sum(damage: Damage) -> list[str]:
    photo = damage.upload()
    assert damage.rater.call("PUT", f"/photos/{photo.photo_id}/rating", {"rating": 5}).status == 200
    damage.change_photo(photo, "SET ratingSum = :sum", sum=-2)
    return [photo.photo_id]


def missing_search_row(damage: Damage) -> list[str]:
    photo = damage.upload(title="Harbour", tags=["sea"])
    key = (f"{photo.user_id}#ha", f"harbour#{photo.photo_id}")
    damage.delete("term_table", key)
    return [" ".join(key)]


def search_row_with_public_keys(damage: Damage) -> list[str]:
    photo = damage.upload(title="Harbour", visibility="private")
    key = (f"{photo.user_id}#ha", f"harbour#{photo.photo_id}")
    damage.change("term_table", key, "SET publicPart = :part", part="ha")
    return [" ".join(key)]


def orphaned_search_row(damage: Damage) -> list[str]:
    photo = damage.upload()
    return _put_search_row(damage, photo.photo_id)


def search_row_without_a_photo(damage: Damage) -> list[str]:
    return _put_search_row(damage, create_photo_id(PAST, uuid4().int))


def _put_search_row(damage: Damage, photo_id: str) -> list[str]:
    key = (f"{damage.owner.user_id}#lo", f"lost#{photo_id}")
    row = dict(zip(KEYS["term_table"], key, strict=True)) | {"photoId": photo_id, "publicPart": "lo"}
    damage.put("term_table", row)
    return [" ".join(key)]


def missing_digest(damage: Damage) -> list[str]:
    photo = damage.upload()
    key = (photo.user_id, f"sha256#{photo.sha256}#{photo.photo_id}")
    damage.delete("account_table", key)
    return [" ".join(key)]


def orphaned_digest(damage: Damage) -> list[str]:
    photo_id = create_photo_id(PAST, uuid4().int)
    key = (damage.owner.user_id, f"sha256#{'a' * 64}#{photo_id}")
    damage.put("account_table", {"userId": key[0], "record": key[1], "photoId": photo_id})
    return [" ".join(key)]


def missing_entry(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    photo = damage.upload(albumId=album_id)
    damage.delete("entry_table", (album_id, photo.photo_id))
    return [f"{album_id} {photo.photo_id}"]


def orphaned_entry(damage: Damage) -> list[str]:
    album_id, photo = damage.create_album(), damage.upload()
    row = {"albumId": album_id, "photoId": photo.photo_id, "position": f"{1:016d}#{photo.photo_id}"}
    damage.put("entry_table", row)
    return [f"{album_id} {photo.photo_id}"]


def membership_without_an_album(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    photo = damage.upload(albumId=album_id)
    damage.delete("album_table", (album_id, "album"))
    damage.change("account_table", (damage.owner.user_id, "account"), "ADD albumCount :less", less=-1)
    return [f"{album_id} {photo.photo_id}"]


def stale_copy(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    photo = damage.upload(albumId=album_id)
    damage.change("album_table", (album_id, "album"), "SET #name = :name", name="Hills")
    return [f"{album_id} {photo.photo_id}"]


def stale_copy_of_the_visibility(damage: Damage) -> list[str]:
    album_id = damage.create_album(visibility="private")
    photo = damage.upload(albumId=album_id)
    damage.change("album_table", (album_id, "album"), "SET visibility = :public, publicKey = :public", public="public")
    return [f"{album_id} {photo.photo_id}"]


def wrong_album_count(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    damage.upload(albumId=album_id)
    damage.change("album_table", (album_id, "album"), "SET openCount = :count", count=-1)
    return [album_id]


def wrong_link_count(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    damage.change("album_table", (album_id, "album"), "SET linkCount = :count", count=2)
    return [album_id]


def orphaned_link(damage: Damage) -> list[str]:
    album_id, link_id = create_photo_id(PAST, uuid4().int), create_link_id(PAST, uuid4().int)
    row = {"albumId": album_id, "record": f"link#{link_id}", "linkId": link_id}
    damage.put("album_table", row | {"createdAt": format_timestamp(PAST), "secretHash": "0"})
    return [f"{album_id} {link_id}"]


def deleted_album_that_is_not_due(damage: Damage) -> list[str]:
    album_id = damage.create_album()
    damage.upload(albumId=album_id)
    key = f"{damage.owner.user_id}#deleted"
    expression = "SET deletedAt = :time, ownerKey = :owner REMOVE publicKey"
    damage.change("album_table", (album_id, "album"), expression, time=format_timestamp(PAST), owner=key)
    damage.change("account_table", (damage.owner.user_id, "account"), "ADD albumCount :less", less=-1)
    return [album_id]


def private_album_with_a_public_key(damage: Damage) -> list[str]:
    album_id = damage.create_album(visibility="private")
    damage.change("album_table", (album_id, "album"), "SET publicKey = :public", public="public")
    return [album_id]


def private_photo_with_public_keys(damage: Damage) -> list[str]:
    photo = damage.upload(visibility="private")
    damage.change_photo(photo, "SET publicKey = :public, publicOwnerKey = :user", public="public", user=photo.user_id)
    return [photo.photo_id]


def pending_photo_that_is_not_due(damage: Damage) -> list[str]:
    grant = damage.cloud.grant(damage.owner)
    damage.change_photo(damage.cloud.photo(grant["photoId"]), "REMOVE dueAt, dueShard, sweepAt")
    return [grant["photoId"]]


def uploaded_photo_that_is_not_due(damage: Damage) -> list[str]:
    grant = damage.cloud.grant(damage.owner)
    damage.cloud.put(grant, JPEG)
    damage.change_photo(damage.cloud.photo(grant["photoId"]), "REMOVE dueAt, dueShard, sweepAt")
    return [grant["photoId"]]


def pending_photo_outside_the_index_of_the_sweep(damage: Damage) -> list[str]:
    grant = damage.cloud.grant(damage.owner)
    damage.change_photo(damage.cloud.photo(grant["photoId"]), "REMOVE dueShard, sweepAt")
    return [grant["photoId"]]
