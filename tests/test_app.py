"""The whole life of a photo, over HTTP."""

from tests.support.cloud import Cloud
from tests.support.images import photo as make_photo

JPEG = make_photo(320, 240)


def test_photo_can_be_uploaded_listed_changed_trashed_restored_and_erased(cloud: Cloud) -> None:
    ann, bob = cloud.person("ann"), cloud.person("bob")
    uploaded = cloud.upload(ann, JPEG, title="Harbour", tags=["sea", "sea"])
    path = f"/photos/{uploaded.photo_id}"

    owner_view = ann.get(path)
    assert owner_view.status == 200
    assert owner_view.json["status"] == "ready"
    assert owner_view.json["tags"] == ["sea"]
    assert set(owner_view.json["renditions"]) == {"256", "1024", "2048"}
    assert owner_view.json["exif"]["latitude"]
    assert owner_view.json["uploadedAt"] == uploaded.uploaded_at

    public_view = bob.get(path).json
    assert "sha256" not in public_view
    assert "latitude" not in public_view["exif"]
    for order in ("random", "newest", "oldest", "top"):
        listed = cloud.visitor.get("/photos", order=order).json
        assert [item["photoId"] for item in listed["items"]] == [uploaded.photo_id]
        assert listed["lastKey"] is None

    assert bob.patch(path, {"title": "Mine"}).status == 403
    assert ann.patch(path, {"title": "Quay", "visibility": "private"}).json["title"] == "Quay"
    assert bob.get(path).status == 404

    assert ann.delete(path).status == 204
    assert [item["photoId"] for item in ann.get("/trash").json["items"]] == [uploaded.photo_id]
    assert ann.post(f"{path}/restore").status == 200
    assert ann.delete(path, permanent="true").status == 204
    assert ann.get(path).status == 404
    assert cloud.originals() == cloud.renditions() == []
