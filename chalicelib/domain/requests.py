"""Request types: JSON bodies and query parameters. `http/parsing.py` fills them."""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import force_setattr

from chalicelib.domain.accounts import normalize_email
from chalicelib.domain.media_types import MediaType
from chalicelib.domain.photos import MAX_UPLOAD_BYTES, Rotation, Visibility
from chalicelib.domain.tags import MAX_TAG_LENGTH, clean_tags
from chalicelib.domain.years import MAX_YEARS, TEXT_PATTERN, parse_years

# Match only at the end of the text. Python's `$` also matches before a final line feed, and OpenAPI has no `\Z`.
_END = r"$(?!\n)"
# Also exclude the characters that `\s` matches only in Python or only in JavaScript.
_NO_SPACE = r"[^@\s\x1c-\x1f\x85\ufeff]"
# Copied addresses often have spaces around them. `Address` removes the spaces.
_OUTER_SPACE = r"[ \t\u00a0\u3000]*"
_EMAIL = f"^{_OUTER_SPACE}{_NO_SPACE}{{1,64}}@{_NO_SPACE}{{1,253}}{_OUTER_SPACE}{_END}"
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=_EMAIL)]
Password = Annotated[str, Meta(min_length=1, max_length=256)]
MAX_TITLE, MAX_DESCRIPTION, MAX_TAGS = 200, 2000, 32
Title = Annotated[str, Meta(max_length=MAX_TITLE)]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION)]
# `clean_tag` checks the length, after it has removed outer spaces.
_TAG = {"minLength": 1, "maxLength": MAX_TAG_LENGTH, "pattern": r"[^\s\x1c-\x1f\x85]"}
Tag = Annotated[str, Meta(extra_json_schema=_TAG)]
Tags = Annotated[list[Tag], Meta(max_length=MAX_TAGS)]
# Days that a month does not have are rejected later, with the same status.
LOCAL_TIME_PATTERN = (
    r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]" + _END
)
OFFSET_PATTERN = r"^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)" + _END
TakenLocal = Annotated[str, Meta(pattern=LOCAL_TIME_PATTERN)]
TakenOffset = Annotated[str, Meta(pattern=OFFSET_PATTERN)]
UserIdText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}" + _END)]
Limit = Annotated[int, Meta(ge=1, le=100)]
Scope = Literal["public", "mine"]
Position = Annotated[int, Meta(ge=0, le=2**53)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
ShortText = Annotated[str, Meta(max_length=100)]
# msgspec 0.22 corrupts memory if a union has an array and a text with a pattern.
# `parse_years` therefore checks the pattern.
_YEARS_TEXT = {
    "deprecated": True,
    "description": "Years and ranges, such as `2016, 2019-2021`.",
    "pattern": TEXT_PATTERN,
}
Years = (
    Annotated[list[Annotated[int, Meta(ge=1, le=9999)]], Meta(max_length=MAX_YEARS)]
    | Annotated[str, Meta(max_length=100, extra_json_schema=_YEARS_TEXT)]
)
ID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}" + _END
Id = Annotated[str, Meta(pattern=ID_PATTERN)]
# The OpenAPI document lists these limits. `uploads` rejects other values with the statuses 415 and 413.
_SUPPORTED = {
    "description": "Optional. Aliases, parameters and any letter case are accepted. The bytes determine the real type.",
    "examples": list(get_args(MediaType)),
}
_SIZE_LIMIT = {"maximum": MAX_UPLOAD_BYTES}
LinkPassword = Annotated[str, Meta(min_length=1, max_length=256)]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of everything that clients send. Unknown fields are rejected."""


class Body(Input, frozen=True):
    """The base of every JSON body."""


class Query(Input, frozen=True):
    """The base of every set of query parameters. It has no parameters itself."""


class PageVisit(Query, frozen=True, forbid_unknown_fields=False):
    """The web page has no query parameters. Ignore those that other sites and mail programs add to links."""


class UploadRequest(Body, frozen=True):
    """A photo to upload. `POST /upload` returns the grant.

    If `metadata` is `import`, the file fills an empty title, an empty description and empty tags.
    """

    filename: Annotated[str, Meta(min_length=1, max_length=255)]
    content_type: Annotated[str, Meta(max_length=100, extra_json_schema=_SUPPORTED)] | None = None
    """If it is None or empty, the extension of the file name decides."""
    size: Annotated[int, Meta(ge=1, extra_json_schema=_SIZE_LIMIT)] | None = None
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}" + _END)] | None = None
    title: Title = ""
    description: Description = ""
    tags: Tags = []
    visibility: Visibility = "public"
    album_id: Id | None = None
    metadata: Literal["import", "ignore"] = "ignore"
    method: Literal["PUT", "POST"] = "PUT"

    def __post_init__(self) -> None:
        force_setattr(self, "tags", clean_tags(self.tags))


class PasswordChange(Body, frozen=True):
    """The passwords of `POST /password/change`."""

    current_password: Password
    new_password: Password


class Changes(Body, frozen=True):
    """The base of every PATCH body."""

    def get_sent_fields(self) -> dict[str, Any]:
        """Return the fields that the client sent."""
        present = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in present.items() if value is not UNSET}


class PhotoChanges(Changes, frozen=True):
    """Changes to a photo. Omitted fields stay unchanged.

    `tags` replaces all tags. `removeTags` and `addTags` then remove and add single tags.
    `takenLocal` is the local time to the second, and `takenOffset` is its offset from UTC. `takenAt` follows from both.
    A null `takenLocal` removes all three. A null `takenOffset` means that the offset is unknown.
    """

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    add_tags: Tags | UnsetType = UNSET
    remove_tags: Tags | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    taken_local: TakenLocal | UnsetType | None = UNSET
    taken_offset: TakenOffset | UnsetType | None = UNSET
    rotation: Rotation | UnsetType = UNSET

    def __post_init__(self) -> None:
        for name, field in (("tags", "tags"), ("add_tags", "addTags"), ("remove_tags", "removeTags")):
            if (tags := getattr(self, name)) is not UNSET:
                force_setattr(self, name, clean_tags(tags, field))


class NewAlbum(Body, frozen=True):
    """A new album."""

    name: Name
    description: Description = ""
    continent: ShortText = ""
    country: ShortText = ""
    years: Years = []
    visibility: Visibility = "public"

    def __post_init__(self) -> None:
        force_setattr(self, "years", parse_years(self.years))


class AlbumChanges(Changes, frozen=True):
    """Changes to an album. Omitted fields stay unchanged. A null `coverPhotoId` removes the chosen cover."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    continent: ShortText | UnsetType = UNSET
    country: ShortText | UnsetType = UNSET
    years: Years | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    cover_photo_id: Id | UnsetType | None = UNSET
    """None removes the chosen cover. The cover is then the photo that was added last."""

    def __post_init__(self) -> None:
        if self.years is not UNSET:
            force_setattr(self, "years", parse_years(self.years))


class PositionRequest(Body, frozen=True):
    """A position in an album. The default is the end for a new photo, and the current position for any other."""

    position: Position | None = None
    """None keeps the position of a photo in the album, and adds a new photo at the end."""


class NewLink(Body, frozen=True):
    """A new share link. Without `expiresAt`, the link does not expire."""

    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    password: LinkPassword | None = None


class RatingRequest(Body, frozen=True):
    """A rating from 1 to 5."""

    rating: Annotated[int, Meta(ge=1, le=5)]


class Address(Body, frozen=True):
    """An e-mail address. It is stored and compared in one form, without outer spaces and in lower case."""

    email: Email

    def __post_init__(self) -> None:
        force_setattr(self, "email", normalize_email(self.email))


class Credentials(Address, frozen=True):
    """The e-mail address and the password of a user."""

    password: Password


class Confirmation(Address, frozen=True):
    """An e-mail address and the confirmation code that was mailed to the address."""

    code: Annotated[str, Meta(pattern=r"^[0-9]{1,12}" + _END)]


class PasswordReset(Confirmation, frozen=True):
    """An e-mail address, the code that was mailed to the address, and the new password."""

    password: Password


class RefreshRequest(Body, frozen=True):
    """The refresh token of a client that stores the token itself. Browsers use the cookie instead."""

    refresh_token: Annotated[str, Meta(min_length=1, max_length=8192)]


class LoginQuery(Query, frozen=True):
    """The query parameters of `GET /login`."""

    return_to: str = "/"


class CallbackQuery(Query, frozen=True):
    """The query parameters of `GET /callback`. The identity provider sets them."""

    code: str | None = None
    state: str | None = None
    iss: str | None = None
    error: str | None = None
    error_description: str | None = msgspec.field(default=None, name="error_description")


class PageQuery(Query, frozen=True):
    """The base of the query parameters of every list."""

    limit: Limit = 10
    last_key: str | None = None


class SearchQuery(PageQuery, frozen=True, kw_only=True):
    """The query parameters of `GET /search`."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]
    scope: Scope = "public"


class DeleteQuery(Query, frozen=True):
    """The query parameters of `DELETE /photos/{photoId}`."""

    permanent: bool = False


class DownloadQuery(Query, frozen=True):
    """The query parameters of `GET /photos/{photoId}/download`."""

    redirect: bool = False


class AlbumQuery(PageQuery, frozen=True):
    """The query parameters of `GET /albums`."""

    scope: Scope = "public"


class AlbumDeleteQuery(Query, frozen=True):
    """The query parameters of `DELETE /albums/{albumId}`."""

    photos: Literal["keep", "delete"] = "keep"
