"""Write search terms as an earlier release did, without the table of search words, and build stores that read them."""

from typing import Any

from chalicelib.domain.photos import Photo
from chalicelib.domain.tags import normalize_tags
from chalicelib.infra.settings import load_settings
from chalicelib.stores.dynamodb import items, term_rows
from chalicelib.stores.dynamodb.stores import build_stores
from tests.support.moto_data import read_rows
from tests.support.rows import Backend

OLD_TABLE, TABLE = "photoshare-test-SearchTerms", "photoshare-test-SearchWords"
PREFIXES = range(3, 9)


def encode_old_terms(photo: Photo, words: list[str]) -> list[items.Item]:
    """Return the rows of a photo with these words and its tags. A tag that is one of the words shares its row."""
    rows: dict[str, items.PlainItem] = {}
    public = photo.visibility == "public"
    for word in words:
        row = rows.setdefault(word, {"publicWord": word} if public else {})
        for length in PREFIXES:
            if len(word) >= length:
                row[f"owner{length}"] = f"{photo.user_id}#{word[:length]}"
                row |= {f"public{length}": word[:length]} if public else {}
    for term in normalize_tags(photo.tags):
        row = rows.setdefault(term if term in words else f"tag#{term}", {})
        row["ownerTag"] = f"{photo.user_id}#{term}"
        row |= {"publicTag": term, "publicOwnerTag": row["ownerTag"]} if public else {}
    key = {"photoId": photo.photo_id}
    return [items.encode(row | key | {"ownerTerm": f"{photo.user_id}#{text}"}) for text, row in rows.items()]


def forget_words(client: Any, photo: Photo, words: list[str]) -> None:
    """Replace the search words of a stored photo by the rows of the earlier release."""
    for row in term_rows.encode_terms(photo).values():
        client.delete_item(TableName=TABLE, Key=term_rows.get_key(row))
    for row in encode_old_terms(photo, words):
        client.put_item(TableName=OLD_TABLE, Item=row)


def read_words(client: Any) -> list[items.Item]:
    """Return all rows of search words."""
    return read_rows(client, TABLE)


def build_reading_backend(backend: Backend) -> Backend:
    """Return the backend with stores that also read the rows of the earlier release."""
    names = {f"{name}_TABLE": f"photoshare-test-{table}" for name, table in _TABLES.items()}
    settings = load_settings(dict.fromkeys(_OTHERS, "none") | names | {"AWS_REGION": "eu-central-1"})
    stores = build_stores(settings, backend.client)
    backend.store, backend.search = stores.photos, stores.search
    return backend


_TABLES = {
    "PHOTO": "PhotoMetadata",
    "ACCOUNT": "Accounts",
    "TERM": "SearchWords",
    "OLD_TERM": "SearchTerms",
    "ALBUM": "Albums",
    "ENTRY": "AlbumPhotos",
    "RATING": "PhotoRatings",
}
_OTHERS = (
    *("USER_POOL_ID", "USER_POOL_CLIENT_ID", "COGNITO_DOMAIN", "BASE_URL"),
    *("ORIGINALS_BUCKET", "RENDITIONS_BUCKET", "JOB_QUEUE_URL"),
)
