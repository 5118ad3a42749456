"""Ids and timestamps, visibility and listings of photos, tombstones, scores, and names of copies."""

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ids import (
    PhotoId,
    UserId,
    create_photo_id,
    format_timestamp,
    get_first_photo_id,
    get_upload_time,
    is_photo_id,
)
from chalicelib.domain.listing import Listing
from chalicelib.domain.photos import Exif, Photo, Status, Visibility
from tests.support.rows import pending

ANN, BOB = UserId("ann"), UserId("bob")
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
ENTROPY = st.integers(0, (1 << 128) - 1)


# --- Ids and times


@given(MOMENTS, ENTROPY)
def test_photo_id_contains_the_upload_time(now: datetime, entropy: int) -> None:
    photo_id = create_photo_id(now, entropy)
    assert is_photo_id(photo_id)
    assert UUID(photo_id).version == 7
    assert UUID(photo_id).variant == "specified in RFC 4122"
    assert get_upload_time(photo_id) == format_timestamp(now)


@given(MOMENTS, MOMENTS, ENTROPY, ENTROPY)
def test_ids_and_timestamps_sort_by_time(
    one: datetime, other: datetime, first_entropy: int, second_entropy: int
) -> None:
    earlier, later = sorted((one, other))
    if later - earlier >= timedelta(milliseconds=1):
        assert create_photo_id(earlier, first_entropy) < create_photo_id(later, second_entropy)
        assert format_timestamp(earlier) < format_timestamp(later)
    assert get_first_photo_id(earlier) <= create_photo_id(later, second_entropy)
    assert (create_photo_id(earlier, first_entropy) < get_first_photo_id(later)) == (
        format_timestamp(earlier) < format_timestamp(later)
    )


@given(st.datetimes(timezones=st.timezones()))
def test_first_photo_id_of_any_time_before_the_year_9999_is_valid(moment: datetime) -> None:
    assert is_photo_id(get_first_photo_id(moment)) or moment.year == 9999


@given(st.sets(ENTROPY.map(lambda entropy: entropy & ((0xFFF << 64) | ((1 << 62) - 1))), max_size=20))
def test_ids_of_one_millisecond_are_unique_by_74_random_bits(entropies: set[int]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert len({create_photo_id(now, entropy) for entropy in entropies}) == len(entropies)


VALID_ID = create_photo_id(datetime(2026, 1, 1, tzinfo=UTC), 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        VALID_ID.upper(),
        VALID_ID.replace("-", ""),
        f"{{{VALID_ID}}}",
        f"{VALID_ID}\n",
        f" {VALID_ID}",
        VALID_ID.replace("-7", "-4"),
        VALID_ID.replace("-8", "-c"),
        VALID_ID.replace("0", "٠"),
        "ffffffff-ffff-7fff-bfff-ffffffffffff",
        "../../etc/passwd",
    ],
)
def test_other_forms_are_not_valid_ids(text: str) -> None:
    assert is_photo_id(VALID_ID)
    assert not is_photo_id(text)


@given(st.text())
def test_every_valid_id_has_an_upload_time(text: str) -> None:
    assert not is_photo_id(text) or format_timestamp(datetime.fromisoformat(get_upload_time(PhotoId(text))))


@given(st.from_regex(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", fullmatch=True))
def test_text_in_the_format_of_an_id_is_invalid_or_has_an_upload_time(text: str) -> None:
    assert not is_photo_id(text) or re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", get_upload_time(PhotoId(text))
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_999, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2025-12-31T23:00:00.000Z"),
        (datetime(987, 6, 5, tzinfo=UTC), "0987-06-05T00:00:00.000Z"),
    ],
)
def test_times_are_written_in_utc_with_milliseconds(moment: datetime, expected: str) -> None:
    assert format_timestamp(moment) == expected


# --- Visibility and listings


def new_photo(**facts: Any) -> Photo:
    return pending("ann").with_(**facts)


@pytest.mark.parametrize(
    ("status", "visibility", "trashed"), [*product(get_args(Status), get_args(Visibility), (False, True))]
)
def test_others_see_only_ready_photos_that_are_not_private_and_owners_see_all_but_erased_ones(
    status: Status, visibility: Visibility, trashed: bool
) -> None:
    photo = new_photo(
        status=status, visibility=visibility, trashed_at=format_timestamp(datetime.now(UTC)) if trashed else None
    )
    is_visible = status == "ready" and not trashed and visibility != "private"
    assert photo.is_visible_to(BOB) == photo.is_visible_to(None) == is_visible
    assert photo.is_visible_to(ANN) == (status != "erased")
    assert photo.counted == (status in ("pending", "ready"))
    lists = [Listing(scope="public"), Listing(scope="owner", owner=ANN), Listing(scope="trash", owner=ANN)]
    is_ready = status == "ready"
    assert [listing.contains(photo) for listing in lists] == [
        is_ready and not trashed and visibility == "public",
        is_ready and not trashed,
        is_ready and trashed,
    ]
    assert not any(listing.with_(owner=BOB).contains(photo) for listing in lists)
    assert not any(listing.with_(tag="sea").contains(photo) for listing in lists)


def test_tombstone_keeps_only_the_ids_of_the_photo_and_its_owner() -> None:
    full = new_photo(
        status="ready",
        filename="secret.jpg",
        title="secret",
        description="secret",
        tags=("secret",),
        sha256="secret",
        version_id="secret",
        exif=Exif(camera="secret", latitude=1.5),
        placeholder="secret",
        renditions={"full": "secret"},
        rejection="secret",
        rating_sum=4,
        rating_count=1,
        trashed_at=format_timestamp(datetime(2026, 1, 1, tzinfo=UTC)),
    )
    tombstone = full.to_tombstone(format_timestamp(datetime(2026, 2, 2, tzinfo=UTC)))
    assert msgspec.to_builtins(tombstone) == {
        "photoId": full.photo_id,
        "userId": "ann",
        "s3Key": f"ann/{full.photo_id}/",
        "filename": "",
        "contentType": "",
        "status": "erased",
        "visibility": "private",
        "dueAt": "2026-02-02T00:00:00.000Z",
    }
    assert tombstone.revision == full.revision


# --- Scores and names of copies


@given(st.lists(st.integers(1, 5), max_size=200), st.integers(1, 5))
def test_score_stays_in_the_range_of_ratings_and_rises_with_better_ones(ratings: list[int], rating: int) -> None:
    rated = new_photo(rating_sum=sum(ratings), rating_count=len(ratings))
    rated_again = new_photo(rating_sum=sum(ratings) + rating, rating_count=len(ratings) + 1)
    assert 1 <= rated.score <= 5
    assert (rated_again.score > rated.score) == (rating > rated.score)


@pytest.mark.parametrize(
    ("filename", "copy_type", "expected"),
    [
        ("sea.heic", "image/jpeg", "sea.jpg"),
        ("sea.tar.tiff", "image/jpeg", "sea.tar.jpg"),
        ("sea", "image/jpeg", "sea.jpg"),
        (".heic", "image/jpeg", ".heic.jpg"),
        ("sea.JPEG", "image/jpeg", "sea.JPEG"),
    ],
)
def test_copy_has_an_extension_of_its_type(filename: str, copy_type: str, expected: str) -> None:
    photo = new_photo(
        filename=filename, content_type="image/heic", copy_type=copy_type, renditions={"full": "a/full.jpg"}
    )
    assert photo.copy_name == expected
