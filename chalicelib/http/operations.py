"""What the OpenAPI document says of each route beyond what `openapi` reads off the app itself."""

from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from chalicelib.accounts.accounts import AccountView
from chalicelib.albums.albums import AlbumView
from chalicelib.albums.entries import EntryView
from chalicelib.albums.links import LinkView, NewLinkView
from chalicelib.auth.cognito import Tokens
from chalicelib.domain import errors, requests
from chalicelib.domain.ids import UserId
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Model
from chalicelib.http import responses
from chalicelib.photos.photos import DownloadView, OwnPhotoView, PhotoView
from chalicelib.photos.ratings import OwnRatingView
from chalicelib.storage.bucket import Grant
from chalicelib.uploads.grants import Duplicate


class LogoutView(Model, frozen=True):
    """`POST /logout`."""

    logout_url: str
    """Ends the session of the hosted UI as well."""


class SignUpView(Model, frozen=True):
    """`POST /signup`."""

    user_id: UserId
    confirmed: bool


class Cancelling(Model, frozen=True):
    """`DELETE /account`."""

    status: Literal["cancelling"]


class Empty(Model, frozen=True):
    """Nothing to say."""


class Health(Model, frozen=True):
    """`GET /health`."""

    status: Literal["ok"]
    version: str


class Text(NamedTuple):
    """A file that is no JSON of ours, of one of these content types."""

    content_types: tuple[str, ...]


class Redirect(NamedTuple):
    """On to another URL."""


class Operation(NamedTuple):
    """A route, as the document's readers need it."""

    tag: str
    answers: dict[int, Any]
    """By status: a type, a union of types, a `Page` of them, `Text`, `Redirect`, or None for no content."""
    refuses: tuple[type[errors.PhotoshareError], ...] = ()
    """Beside what follows from path, query, body and authorizer."""
    body: type[requests.Input] | None = None
    body_optional: bool = False
    visitors: bool = False
    """Whether the route takes a token, and works without one."""
    headers: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()


_PHOTO = OwnPhotoView | PhotoView
_UPSTREAM = (errors.TooManyRequests, errors.Busy)
_PAGE_HEADERS = ("If-None-Match",)
_CHANGED = (errors.Forbidden, errors.Conflict)
_BY_COOKIE: dict[str, Any] = {
    "body": requests.RefreshRequest,
    "body_optional": True,
    "headers": ("X-Requested-With",),
    "cookies": ("__Host-refresh",),
}
_LINKED: dict[str, Any] = {
    "refuses": (
        errors.LinkPasswordRequired,
        errors.InvalidLinkPassword,
        errors.TooManyRequests,
        errors.Busy,
    ),
    "headers": ("X-Link-Password",),
}
_SIGN_IN, _UPLOADING, _PHOTOS, _RATINGS = "Sign-in", "Uploading", "Photos", "Ratings"
_ALBUMS, _LINKS, _REST = "Albums", "Share links", "The rest"

OPERATIONS = MappingProxyType(
    {
        "begin_login": Operation(_SIGN_IN, {302: Redirect()}),
        "finish_login": Operation(
            _SIGN_IN,
            {200: Tokens, 302: Redirect()},
            (errors.InvalidState, errors.LoginFailed, errors.LoginUnavailable, errors.AuthUnavailable),
            cookies=("__Host-login",),
        ),
        "refresh_tokens": Operation(
            _SIGN_IN, {200: Tokens}, (errors.InvalidToken, errors.Forbidden, *_UPSTREAM), **_BY_COOKIE
        ),
        "log_out": Operation(
            _SIGN_IN, {200: LogoutView}, (errors.InvalidToken, errors.Forbidden, *_UPSTREAM), **_BY_COOKIE
        ),
        "log_in": Operation(
            _SIGN_IN,
            {200: Tokens},
            (errors.LoginFailed, errors.InvalidCredentials, *_UPSTREAM),
            requests.Credentials,
        ),
        "sign_up": Operation(
            _SIGN_IN,
            {201: SignUpView},
            (errors.InvalidPassword, errors.AlreadyRegistered, *_UPSTREAM),
            requests.Credentials,
        ),
        "confirm_sign_up": Operation(
            _SIGN_IN, {204: None}, (errors.InvalidCode, errors.AlreadyRegistered, *_UPSTREAM), requests.Confirmation
        ),
        "resend_code": Operation(_SIGN_IN, {202: Empty}, _UPSTREAM, requests.Address),
        "show_account": Operation("Account", {200: AccountView}),
        "cancel_account": Operation("Account", {202: Cancelling}),
        "grant_upload": Operation(
            _UPLOADING,
            {200: Duplicate, 201: Grant},
            (errors.NotFound, errors.IdempotencyConflict, errors.UnsupportedType, errors.QuotaExceeded),
            requests.UploadRequest,
            headers=("Idempotency-Key",),
        ),
        "complete_upload": Operation(
            _UPLOADING, {200: OwnPhotoView}, (errors.Forbidden, errors.NotUploaded, errors.ImageRejected)
        ),
        "list_photos": Operation(_PHOTOS, {200: Page[_PHOTO]}, visitors=True),
        "show_photo": Operation(_PHOTOS, {200: _PHOTO}, visitors=True),
        "change_photo": Operation(_PHOTOS, {200: OwnPhotoView}, _CHANGED, requests.PhotoChanges),
        "delete_photo": Operation(_PHOTOS, {204: None}, (*_CHANGED, errors.NotReady)),
        "list_trash": Operation(_PHOTOS, {200: Page[OwnPhotoView]}),
        "restore_photo": Operation(_PHOTOS, {200: OwnPhotoView}, (*_CHANGED, errors.NotTrashed)),
        "download_photo": Operation(_PHOTOS, {200: DownloadView, 302: Redirect()}, (errors.NotReady,), visitors=True),
        "rate_photo": Operation(_RATINGS, {200: OwnRatingView}, (errors.NotReady,), requests.RatingRequest),
        "show_rating": Operation(_RATINGS, {200: OwnRatingView}),
        "take_rating_back": Operation(_RATINGS, {200: OwnRatingView}, (errors.NotReady,)),
        "create_album": Operation(_ALBUMS, {201: AlbumView}, (errors.QuotaExceeded,), requests.NewAlbum),
        "list_albums": Operation(_ALBUMS, {200: Page[AlbumView]}, visitors=True),
        "show_album": Operation(_ALBUMS, {200: AlbumView}, visitors=True),
        "change_album": Operation(_ALBUMS, {200: AlbumView}, (*_CHANGED, errors.NotInAlbum), requests.AlbumChanges),
        "delete_album": Operation(_ALBUMS, {204: None}, _CHANGED),
        "list_album_photos": Operation(_ALBUMS, {200: Page[_PHOTO]}, visitors=True),
        "put_into_album": Operation(
            _ALBUMS,
            {200: EntryView},
            (*_CHANGED, errors.NotReady, errors.TooManyAlbums),
            requests.Placing,
            body_optional=True,
        ),
        "take_out_of_album": Operation(_ALBUMS, {204: None}, _CHANGED),
        "create_link": Operation(
            _LINKS,
            {201: NewLinkView},
            (errors.Forbidden, errors.QuotaExceeded),
            requests.NewLink,
            body_optional=True,
        ),
        "list_links": Operation(_LINKS, {200: Page[LinkView]}, (errors.Forbidden,)),
        "revoke_link": Operation(_LINKS, {204: None}, (errors.Forbidden,)),
        "show_shared": Operation(_LINKS, {200: AlbumView}, **_LINKED),
        "list_shared_photos": Operation(_LINKS, {200: Page[PhotoView]}, **_LINKED),
        "search_photos": Operation("Search", {200: Page[_PHOTO]}, visitors=True),
        "show_page": Operation(_REST, {200: Text(("text/html; charset=utf-8",)), 304: None}, headers=_PAGE_HEADERS),
        "page_file": Operation(
            _REST, {200: Text(tuple(responses.CONTENT_TYPES.values())), 304: None}, headers=_PAGE_HEADERS
        ),
        "health": Operation(_REST, {200: Health}),
        "show_openapi": Operation(_REST, {200: Text(("application/json",)), 304: None}, headers=_PAGE_HEADERS),
    }
)
"""By the name of the view; `OPTIONS` is not among them, as browsers alone send it."""
