"""Query parameters of lists of photos. The rules of `requests` apply."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import force_setattr

from chalicelib.domain.requests import PageQuery, Query, Scope, Tag, UserIdText
from chalicelib.domain.tags import clean_tag

Order = Literal["random", "newest", "oldest", "top", "taken"]

_LOCAL_TIME_NOTE = "With `order=taken`, it is compared with the local time of each photo, and its offset is ignored."
_START = {"description": f"The start of the time range, included. {_LOCAL_TIME_NOTE}"}
_END = {"description": f"The end of the time range, excluded. {_LOCAL_TIME_NOTE}"}


class RangeQuery(PageQuery, frozen=True):
    """The base of the query parameters of lists that can be limited to a time range."""

    from_: Annotated[datetime, Meta(tz=True, extra_json_schema=_START)] | None = msgspec.field(
        default=None, name="from"
    )
    to: Annotated[datetime, Meta(tz=True, extra_json_schema=_END)] | None = None


class PhotoQuery(RangeQuery, frozen=True):
    """The query parameters of `GET /photos`."""

    order: Order = "random"
    scope: Scope = "public"
    user_id: UserIdText | None = None
    tag: Tag | None = None

    def __post_init__(self) -> None:
        if self.tag is not None:
            force_setattr(self, "tag", clean_tag(self.tag, "tag"))


class AlbumPhotoQuery(RangeQuery, frozen=True):
    """The query parameters of `GET /albums/{albumId}/photos` and `GET /shared/{token}/photos`."""

    order: Literal["position", "random", "taken"] = "position"


class MonthQuery(Query, frozen=True):
    """The query parameters of `GET /photos/months`."""

    scope: Literal["mine"] = "mine"
