"""Operations: the input and output of each route, read from the annotations of its view."""

import inspect
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from chalicelib.domain.accounts import Caller
from chalicelib.domain.errors import PhotoshareError
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId
from chalicelib.domain.requests import Body, Query
from chalicelib.http.headers import Cookie, Header, HeaderGroup
from chalicelib.http.responses import File, Redirect, WithCookies

_PATH_PARAMETER_TYPES = (str, PhotoId, AlbumId, LinkId)
ErrorTypes = tuple[type[PhotoshareError], ...]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of one route, used for parsing, tests and the OpenAPI document."""

    tag: str
    raises: ErrorTypes
    """Errors that the other fields do not imply."""
    responses: dict[int, Any]
    """The body by status: a view type, a union or `Page` of view types, `File`, `Redirect`, or None for no body."""
    path_parameters: dict[str, Any]
    """Path parameters with their types."""
    caller: str | None
    """The parameter that takes the caller. None if the route ignores access tokens."""
    is_caller_optional: bool
    body: tuple[str, type[Body]] | None
    """The parameter that takes the body, and its type."""
    is_body_optional: bool
    query: tuple[str, type[Query]] | None
    """The parameter that takes the query parameters, and their type."""
    headers: dict[str, Header | Cookie]
    """Parameters that take a header or a cookie."""
    header_groups: dict[str, type[HeaderGroup]]
    """Parameters that take several headers or cookies."""
    page: str
    """The address of the web page for the same resource, with path parameters in braces. Empty if there is none.

    Clients that accept HTML are redirected to it.
    """

    @classmethod
    def read(
        cls, view: Callable[..., Any], tag: str, status: int | Mapping[type, int], raises: ErrorTypes, page: str = ""
    ) -> "Operation":
        """Read the annotations of a view.

        Raises:
            TypeError: an annotation of a parameter or of the return value is missing or unsupported.
        """
        hints = get_type_hints(view, include_extras=True)
        missing = {*inspect.signature(view).parameters, "return"} - hints.keys()
        if missing:
            raise TypeError(f"{view.__name__} has no annotations for {sorted(missing)}.")
        responses = _read_responses(hints.pop("return"), status) | ({303: Redirect} if page else {})
        fields: dict[str, Any] = {"caller": None, "body": None, "query": None, "path_parameters": {}, "headers": {}}
        fields |= {"header_groups": {}, "is_caller_optional": False, "is_body_optional": False}
        for name, hint in hints.items():
            _read_parameter(fields, name, hint)
        return cls(tag=tag, raises=raises, responses=responses, page=page, **fields)

    @property
    def query_type(self) -> type[Query]:
        """Return the type of the query parameters. The base class `Query` allows no parameters."""
        return self.query[1] if self.query else Query

    @property
    def access(self) -> Literal["public", "optional", "required"]:
        """Return whether the route ignores access tokens, accepts them, or requires one."""
        if self.caller is None:
            return "public"
        return "optional" if self.is_caller_optional else "required"


def list_union_members(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _read_parameter(fields: dict[str, Any], name: str, hint: Any) -> None:
    if get_origin(hint) is Annotated:
        fields["headers"][name] = get_args(hint)[1]
        return
    kinds = [kind for kind in list_union_members(hint) if kind is not NoneType]
    is_optional = NoneType in list_union_members(hint)
    if kinds == [Caller]:
        fields |= {"caller": name, "is_caller_optional": is_optional}
    elif isinstance(kinds[0], type) and issubclass(kinds[0], HeaderGroup):
        fields["header_groups"][name] = kinds[0]
    elif isinstance(kinds[0], type) and issubclass(kinds[0], Body):
        fields |= {"body": (name, kinds[0]), "is_body_optional": is_optional}
    elif isinstance(kinds[0], type) and issubclass(kinds[0], Query):
        fields["query"] = (name, kinds[0])
    elif hint in _PATH_PARAMETER_TYPES:
        fields["path_parameters"][name] = hint
    else:
        raise TypeError(f"The parameter {name} has the unsupported type {hint}.")


def _read_responses(hint: Any, status: int | Mapping[type, int]) -> dict[int, Any]:
    if get_origin(hint) is WithCookies:
        (hint,) = get_args(hint)
    responses: dict[int, Any] = {}
    for kind in list_union_members(hint):
        if kind is File:
            responses |= {200: File, 304: None}
        elif kind is Redirect:
            responses[status.get(Redirect, 302) if isinstance(status, Mapping) else 302] = Redirect
        elif kind is NoneType:
            responses[204] = None
        else:
            code = status.get(kind, 200) if isinstance(status, Mapping) else status
            responses[code] = responses[code] | kind if code in responses else kind
    return dict(sorted(responses.items()))
