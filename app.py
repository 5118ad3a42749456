"""Photoshare: every route, the S3 event, the job queue and the schedule. `chalicelib` holds the logic."""

import os
from typing import Any

from chalice.app import Chalice, CognitoUserPoolAuthorizer, LambdaFunctionEvent, Rate, SQSEvent

from chalicelib import __version__
from chalicelib.accounts.accounts import AccountView, CancellationView
from chalicelib.albums.batches import EntryResults
from chalicelib.albums.entries import EntryView
from chalicelib.albums.link_creation import NewLinkView
from chalicelib.albums.links import LinkView
from chalicelib.albums.views import AlbumView
from chalicelib.auth.cognito import LogoutView, SignUpView, Tokens
from chalicelib.deploy import packaging
from chalicelib.domain import batches, errors, queries, requests
from chalicelib.domain.accounts import Caller
from chalicelib.domain.ids import AlbumId, LinkId, PhotoId
from chalicelib.domain.listing import Page
from chalicelib.domain.model import Empty, Health
from chalicelib.http import cookies, headers, pages
from chalicelib.http.api import Api
from chalicelib.http.cookies import BrowserRequest, PageRequest
from chalicelib.http.files import build_openapi_file, load_web_file
from chalicelib.http.middleware import add_preflight_routes, install_middleware
from chalicelib.http.responses import File, Redirect, WithCookies
from chalicelib.infra import logs
from chalicelib.photos.batches import PhotoResults
from chalicelib.photos.ratings import OwnRatingView
from chalicelib.photos.views import AnyPhotoView, DownloadView, MonthsView, OwnPhotoView, PendingPhotoView, PhotoView
from chalicelib.reconcile import schedule
from chalicelib.storage.bucket import Grant
from chalicelib.uploads.grants import Duplicate
from chalicelib.wiring import (
    accounts,
    album_batches,
    album_photos,
    albums,
    authentication,
    confirmation,
    hosted_ui,
    jobs,
    link_creation,
    photo_batches,
    photo_lists,
    photos,
    prepare_services,
    ratings,
    search,
    settings,
    share_links,
    trash,
    upload_grants,
    user_pool,
)

logs.configure()
packaging.extend_chalice()
app = Chalice("photoshare", configure_logs=False)
cognito = CognitoUserPoolAuthorizer(
    "cognito",
    provider_arns=[os.environ.get("USER_POOL_ARN", "*")],
    # Only access tokens have a scope, so API Gateway rejects ID tokens. AWS contract APIGW-3.
    scopes=["aws.cognito.signin.user.admin"],
)
api = Api(app, lambda authorization: authentication().authenticate(authorization), lambda: settings().base_url)

RETRYABLE_ERRORS = (errors.TooManyRequests, errors.Busy)
REFRESH_ERRORS = (errors.InvalidToken, errors.Forbidden, *RETRYABLE_ERRORS)
CHANGE_ERRORS = (errors.Forbidden, errors.Conflict)
LINK_ERRORS = (errors.LinkPasswordRequired, errors.InvalidLinkPassword, *RETRYABLE_ERRORS)


install_middleware(app, settings)
prepare_services()

# --- Sign-in


@app.route("/login", methods=["GET"])
@api("Sign-in")
def begin_login(query: requests.LoginQuery) -> Redirect:
    """Redirect to the hosted UI. The redirect starts the authorization code flow with PKCE, state and nonce."""
    login = hosted_ui().begin(query.return_to)
    return Redirect(login.url, (cookies.build_login_cookie(login.cookie),))


@app.route("/callback", methods=["GET"])
@api("Sign-in", raises=(errors.InvalidState, errors.LoginFailed, errors.LoginUnavailable, errors.AuthUnavailable))
def finish_login(
    query: requests.CallbackQuery, login: headers.LoginCookie, accept: headers.Accept
) -> Tokens | Redirect:
    """Finish a sign-in on the hosted UI.

    Return tokens if the client accepts JSON. Otherwise set a cookie and redirect to the requested path.
    """
    tokens, path = hosted_ui().finish(login, query)
    if "application/json" in (accept or ""):
        return tokens
    return Redirect(settings().base_url + path, cookies.build_sign_in_cookies(str(tokens.refresh_token)))


@app.route("/token", methods=["POST"])
@api("Sign-in", raises=REFRESH_ERRORS)
def refresh_tokens(body: requests.RefreshRequest | None, browser: BrowserRequest) -> Tokens:
    """Return new tokens for the refresh token in the body or the cookie."""
    token = cookies.find_refresh_token(body, browser, settings().base_url)
    if token is None:
        raise errors.InvalidToken("A refresh token is required in the body or the cookie. Sign in again to get one.")
    return token.present_tokens(user_pool().refresh(token.value))


@app.route("/logout", methods=["POST"])
@api("Sign-in", raises=REFRESH_ERRORS)
def log_out(body: requests.RefreshRequest | None, browser: BrowserRequest) -> WithCookies[LogoutView]:
    """Revoke the refresh token in the body or the cookie."""
    token = cookies.find_refresh_token(body, browser, settings().base_url)
    return WithCookies(user_pool().log_out(token.value if token else None), (cookies.build_sign_out_cookie(),))


@app.route("/logout/everywhere", methods=["POST"], authorizer=cognito)
@api("Sign-in")
def log_out_everywhere(caller: Caller) -> WithCookies[LogoutView]:
    """Revoke all refresh tokens of the caller. Access tokens expire within 15 minutes."""
    return WithCookies(user_pool().log_out_everywhere(caller), (cookies.build_sign_out_cookie(),))


@app.route("/login", methods=["POST"])
@api("Sign-in", raises=(errors.LoginFailed, errors.InvalidCredentials, *RETRYABLE_ERRORS))
def log_in(credentials: requests.Credentials, browser: PageRequest) -> WithCookies[Tokens]:
    """Return tokens for an e-mail address and its password. The web page gets the refresh token in a cookie."""
    tokens = user_pool().log_in(credentials.email, credentials.password)
    return cookies.present_sign_in(tokens, browser, settings().base_url)


@app.route("/signup", methods=["POST"])
@api("Sign-in", status=201, raises=(errors.InvalidPassword, errors.AlreadyRegistered, *RETRYABLE_ERRORS))
def sign_up(credentials: requests.Credentials) -> SignUpView:
    """Register an e-mail address. Cognito mails a confirmation code to it."""
    return user_pool().sign_up(credentials.email, credentials.password)


@app.route("/signup/confirm", methods=["POST"])
@api("Sign-in", raises=(errors.InvalidCode, errors.AlreadyRegistered, *RETRYABLE_ERRORS))
def confirm_sign_up(confirmation: requests.Confirmation) -> None:
    """Confirm an e-mail address with the code that was mailed to it."""
    user_pool().confirm_sign_up(confirmation.email, confirmation.code)


@app.route("/signup/resend", methods=["POST"])
@api("Sign-in", status=202, raises=RETRYABLE_ERRORS)
def resend_code(address: requests.Address) -> Empty:
    """Mail a new confirmation code. The response does not reveal whether the address is registered."""
    user_pool().resend_code(address.email)
    return Empty()


@app.route("/password/forgot", methods=["POST"])
@api("Sign-in", status=202, raises=RETRYABLE_ERRORS)
def request_password_reset(address: requests.Address) -> Empty:
    """Mail a code that resets the password. The response does not reveal whether the address has an account."""
    user_pool().send_reset_code(address.email)
    return Empty()


@app.route("/password/reset", methods=["POST"])
@api("Sign-in", raises=(errors.InvalidCode, errors.InvalidPassword, *RETRYABLE_ERRORS))
def reset_password(reset: requests.PasswordReset) -> None:
    """Set a new password with the code that was mailed to the address, and revoke all refresh tokens."""
    user_pool().reset_password(reset.email, reset.code, reset.password)


@app.route("/password/change", methods=["POST"], authorizer=cognito)
@api("Sign-in", raises=(errors.InvalidCredentials, errors.InvalidPassword))
def change_password(change: requests.PasswordChange, caller: Caller) -> None:
    """Replace the caller's password. All sessions stay signed in."""
    user_pool().change_password(caller, change.current_password, change.new_password)


@app.route("/account", methods=["GET"], authorizer=cognito)
@api("Account")
def show_account(caller: Caller) -> AccountView:
    """Return the caller's usage and limits."""
    return accounts().show(by=caller)


@app.route("/account", methods=["DELETE"], authorizer=cognito)
@api("Account", status=202)
def cancel_account(caller: Caller) -> WithCookies[CancellationView]:
    """Cancel the caller's account. All tokens become invalid immediately. A background job deletes the data."""
    return WithCookies(accounts().cancel(by=caller), (cookies.build_sign_out_cookie(),))


# --- Uploading

GRANT_ERRORS = (errors.NotFound, errors.IdempotencyConflict, errors.UnsupportedType, errors.QuotaExceeded)


@app.route("/upload", methods=["POST"], authorizer=cognito)
@api("Uploading", status={Duplicate: 200, Grant: 201}, raises=GRANT_ERRORS)
def grant_upload(request: requests.UploadRequest, key: headers.IdempotencyKey, caller: Caller) -> Grant | Duplicate:
    """Issue a grant to upload one photo directly to S3."""
    return upload_grants().grant(request, key, by=caller)


@app.route("/photos/{photo_id}/complete", methods=["POST"], authorizer=cognito)
@api("Uploading", status={PendingPhotoView: 202}, raises=(errors.Forbidden, errors.NotUploaded, errors.ImageRejected))
def complete_upload(photo_id: PhotoId, caller: Caller) -> OwnPhotoView | PendingPhotoView:
    """Confirm an upload now. Return 202 if the photo is too large for a request. The S3 event then confirms it."""
    return confirmation().complete(photo_id, by=caller)


@app.on_s3_event(bucket=os.environ.get("ORIGINALS_BUCKET", "photoshare-dev-originals"), events=["s3:ObjectCreated:*"])
def confirm_upload(event: LambdaFunctionEvent) -> None:
    """Turn uploaded objects into photos."""
    confirmation().confirm_event(event.to_dict())


# Chalice's S3Event reads only the first record, and fails on S3's test event, which has none. AWS contract S3-11.
confirm_upload.event_class = LambdaFunctionEvent

# --- Photos


@app.route("/photos", methods=["GET"])
@api("Photos")
def list_photos(query: queries.PhotoQuery, caller: Caller | None) -> Page[AnyPhotoView]:
    """List public photos or the caller's own photos, in random order, by time or by score. `taken` is by local time."""
    return photo_lists().list_page(query, by=caller)


@app.route("/photos/months", methods=["GET"], authorizer=cognito)
@api("Photos")
def count_photos_by_month(_query: queries.MonthQuery, caller: Caller) -> MonthsView:
    """Count the caller's photos by month, in the order `taken`, newest first."""
    return photo_lists().count_by_month(by=caller)


@app.route("/photos/{photo_id}", methods=["GET"])
@api("Photos", page="/p/{photo_id}")
def show_photo(photo_id: PhotoId, caller: Caller | None) -> AnyPhotoView:
    """Return one photo."""
    return photos().show(photo_id, by=caller)


@app.route("/photos/{photo_id}", methods=["PATCH"], authorizer=cognito)
@api("Photos", raises=(*CHANGE_ERRORS, errors.NotReady))
def change_photo(photo_id: PhotoId, changes: requests.PhotoChanges, caller: Caller) -> OwnPhotoView:
    """Update a photo's title, description, tags, visibility, time or rotation. A job rotates the photo. Owner only."""
    return photos().change(photo_id, changes, by=caller)


@app.route("/photos/{photo_id}", methods=["DELETE"], authorizer=cognito)
@api("Photos", raises=(*CHANGE_ERRORS, errors.NotReady))
def delete_photo(photo_id: PhotoId, query: requests.DeleteQuery, caller: Caller) -> None:
    """Move a photo to the trash, or delete it permanently. Owner only."""
    photos().delete(photo_id, permanent=query.permanent, by=caller)


@app.route("/trash", methods=["GET"], authorizer=cognito)
@api("Photos")
def list_trash(query: requests.PageQuery, caller: Caller) -> Page[OwnPhotoView]:
    """List the photos in the caller's trash."""
    return photo_lists().list_trash(query, by=caller)


@app.route("/trash", methods=["DELETE"], authorizer=cognito)
@api("Photos", status=202)
def empty_trash(caller: Caller) -> Empty:
    """Erase all photos that are now in the caller's trash. A background job erases them."""
    trash().empty(by=caller)
    return Empty()


@app.route("/photos", methods=["PATCH"], authorizer=cognito)
@api("Photos")
def change_photos(batch: batches.PhotoChangeBatch, caller: Caller) -> PhotoResults:
    """Update up to 50 photos. Each photo has its own changes and its own result. Owner only."""
    return photo_batches().change(batch, by=caller)


@app.route("/trash", methods=["POST"], authorizer=cognito)
@api("Photos")
def trash_photos(batch: batches.PhotoIdBatch, caller: Caller) -> PhotoResults:
    """Move up to 50 photos to the trash. Each photo has its own result. Owner only."""
    return photo_batches().trash(batch, by=caller)


@app.route("/trash/restore", methods=["POST"], authorizer=cognito)
@api("Photos")
def restore_photos(batch: batches.PhotoIdBatch, caller: Caller) -> PhotoResults:
    """Restore up to 50 photos from the trash. Each photo has its own result. Owner only."""
    return photo_batches().restore(batch, by=caller)


@app.route("/trash/erase", methods=["POST"], authorizer=cognito)
@api("Photos")
def erase_photos(batch: batches.PhotoIdBatch, caller: Caller) -> PhotoResults:
    """Erase up to 50 photos that are in the trash. Each photo has its own result. Owner only."""
    return photo_batches().erase(batch, by=caller)


@app.route("/photos/{photo_id}/restore", methods=["POST"], authorizer=cognito)
@api("Photos", raises=(*CHANGE_ERRORS, errors.NotTrashed))
def restore_photo(photo_id: PhotoId, caller: Caller) -> OwnPhotoView:
    """Restore a photo from the trash. Owner only."""
    return photos().restore(photo_id, by=caller)


@app.route("/photos/{photo_id}/download", methods=["GET"])
@api("Photos", raises=(errors.NotReady,))
def download_photo(photo_id: PhotoId, query: requests.DownloadQuery, caller: Caller | None) -> DownloadView | Redirect:
    """Return a download URL. The owner gets the original. Other callers get a copy without the GPS position."""
    download = photos().download(photo_id, by=caller)
    return Redirect(download.url) if query.redirect else download


# --- Ratings


@app.route("/photos/{photo_id}/rating", methods=["PUT"], authorizer=cognito)
@api("Ratings", raises=(errors.NotReady,))
def rate_photo(photo_id: PhotoId, request: requests.RatingRequest, caller: Caller) -> OwnRatingView:
    """Rate a photo from 1 to 5. The rating replaces the caller's earlier rating."""
    return ratings().rate(photo_id, request.rating, by=caller)


@app.route("/photos/{photo_id}/rating", methods=["GET"], authorizer=cognito)
@api("Ratings")
def show_rating(photo_id: PhotoId, caller: Caller) -> OwnRatingView:
    """Return the rating of a photo, and the caller's own rating."""
    return ratings().show(photo_id, by=caller)


@app.route("/photos/{photo_id}/rating", methods=["DELETE"], authorizer=cognito)
@api("Ratings", raises=(errors.NotReady,))
def remove_rating(photo_id: PhotoId, caller: Caller) -> OwnRatingView:
    """Remove the caller's rating of a photo. This has no effect if the caller has not rated the photo."""
    return ratings().rate(photo_id, None, by=caller)


# --- Albums


@app.route("/albums", methods=["POST"], authorizer=cognito)
@api("Albums", status=201, raises=(errors.QuotaExceeded, errors.IdempotencyConflict))
def create_album(album: requests.NewAlbum, key: headers.IdempotencyKey, caller: Caller) -> AlbumView:
    """Create an album."""
    return albums().create(album, key, by=caller)


@app.route("/albums", methods=["GET"])
@api("Albums")
def list_albums(query: requests.AlbumQuery, caller: Caller | None) -> Page[AlbumView]:
    """List public albums or the caller's own albums."""
    return albums().list_page(query, by=caller)


@app.route("/albums/{album_id}", methods=["GET"])
@api("Albums", page="/a/{album_id}")
def show_album(album_id: AlbumId, caller: Caller | None) -> AlbumView:
    """Return one album."""
    return albums().show(album_id, by=caller)


@app.route("/albums/{album_id}", methods=["PATCH"], authorizer=cognito)
@api("Albums", raises=(*CHANGE_ERRORS, errors.NotInAlbum))
def change_album(album_id: AlbumId, changes: requests.AlbumChanges, caller: Caller) -> AlbumView:
    """Update an album's details, visibility or cover. Owner only."""
    return albums().change(album_id, changes, by=caller)


@app.route("/albums/{album_id}", methods=["DELETE"], authorizer=cognito)
@api("Albums", raises=CHANGE_ERRORS)
def delete_album(album_id: AlbumId, query: requests.AlbumDeleteQuery, caller: Caller) -> None:
    """Delete an album. Keep its photos or move them to the trash. Owner only."""
    albums().delete(album_id, query.photos, by=caller)


@app.route("/albums/{album_id}/photos", methods=["GET"])
@api("Albums")
def list_album_photos(album_id: AlbumId, query: queries.AlbumPhotoQuery, caller: Caller | None) -> Page[AnyPhotoView]:
    """List the photos of an album, by position, by local time or in random order."""
    return album_photos().list_page(album_id, query, by=caller)


@app.route("/albums/{album_id}/photos/{photo_id}", methods=["PUT"], authorizer=cognito)
@api("Albums", raises=(*CHANGE_ERRORS, errors.NotReady, errors.TooManyAlbums))
def put_into_album(
    album_id: AlbumId, photo_id: PhotoId, request: requests.PositionRequest | None, caller: Caller
) -> EntryView:
    """Add a photo to an album, or move it within the album. The caller must own the photo and the album."""
    return album_photos().put(album_id, photo_id, request.position if request else None, by=caller)


@app.route("/albums/{album_id}/photos/{photo_id}", methods=["DELETE"], authorizer=cognito)
@api("Albums", raises=CHANGE_ERRORS)
def remove_from_album(album_id: AlbumId, photo_id: PhotoId, caller: Caller) -> None:
    """Remove a photo from an album. Owner only."""
    album_photos().remove(album_id, photo_id, by=caller)


@app.route("/albums/{album_id}/photos", methods=["POST"], authorizer=cognito)
@api("Albums", raises=(errors.Forbidden,))
def add_to_album(album_id: AlbumId, batch: batches.EntryBatch, caller: Caller) -> EntryResults:
    """Add up to 50 photos to an album, in the order of the request. Each photo has its own result.

    The caller must own the album and the photos.
    """
    return album_batches().add(album_id, batch, by=caller)


@app.route("/albums/{album_id}/photos/remove", methods=["POST"], authorizer=cognito)
@api("Albums", raises=(errors.Forbidden,))
def remove_many_from_album(album_id: AlbumId, batch: batches.PhotoIdBatch, caller: Caller) -> EntryResults:
    """Remove up to 50 photos from an album. Each photo has its own result. Owner only."""
    return album_batches().remove(album_id, batch, by=caller)


# --- Share links


@app.route("/albums/{album_id}/links", methods=["POST"], authorizer=cognito)
@api("Share links", status=201, raises=(errors.Forbidden, errors.QuotaExceeded, errors.IdempotencyConflict))
def create_link(
    album_id: AlbumId, link: requests.NewLink | None, key: headers.IdempotencyKey, caller: Caller
) -> NewLinkView:
    """Create a share link for an album. Owner only."""
    return link_creation().create(album_id, link or requests.NewLink(), key, by=caller)


@app.route("/albums/{album_id}/links", methods=["GET"], authorizer=cognito)
@api("Share links", raises=(errors.Forbidden,))
def list_links(album_id: AlbumId, query: requests.PageQuery, caller: Caller) -> Page[LinkView]:
    """List the share links of an album. Owner only."""
    return share_links().list_page(album_id, query, by=caller)


@app.route("/albums/{album_id}/links/{link_id}", methods=["DELETE"], authorizer=cognito)
@api("Share links", raises=(errors.Forbidden,))
def revoke_link(album_id: AlbumId, link_id: LinkId, caller: Caller) -> None:
    """Revoke a share link. Owner only."""
    share_links().revoke(album_id, link_id, by=caller)


@app.route("/shared/{token}", methods=["GET"])
@api("Share links", raises=LINK_ERRORS, page="/s/{token}")
def show_shared(token: str, password: headers.LinkPassword) -> AlbumView:
    """Return the album of a share link."""
    return share_links().show(token, password)


@app.route("/shared/{token}/photos", methods=["GET"])
@api("Share links", raises=LINK_ERRORS)
def list_shared_photos(token: str, password: headers.LinkPassword, query: queries.AlbumPhotoQuery) -> Page[PhotoView]:
    """List the photos of a shared album, including its private photos."""
    return share_links().list_photos(token, password, query)


@app.route("/shared/{token}/photos/{photo_id}/download", methods=["GET"])
@api("Share links", raises=LINK_ERRORS)
def download_shared_photo(
    token: str, photo_id: PhotoId, password: headers.LinkPassword, query: requests.DownloadQuery
) -> DownloadView | Redirect:
    """Return a URL to download a photo of a shared album, as a copy without the GPS position."""
    download = share_links().download(token, password, photo_id)
    return Redirect(download.url) if query.redirect else download


@app.route("/s/{token}/photos", methods=["GET"])
@api("Share links", raises=LINK_ERRORS)
def list_photos_of_link(token: str, password: headers.LinkPassword, query: queries.AlbumPhotoQuery) -> Page[PhotoView]:
    """List the photos of a shared album, for programs that append `/photos` to the URL of a share link."""
    return share_links().list_photos(token, password, query)


@app.route("/s/{token}/photos/{photo_id}/download", methods=["GET"])
@api("Share links", raises=LINK_ERRORS)
def download_photo_of_link(
    token: str, photo_id: PhotoId, password: headers.LinkPassword, query: requests.DownloadQuery
) -> DownloadView | Redirect:
    """Return a URL to download a photo, for programs that append this path to the URL of a share link."""
    download = share_links().download(token, password, photo_id)
    return Redirect(download.url) if query.redirect else download


# --- Search


@app.route("/search", methods=["GET"])
@api("Search")
def search_photos(query: requests.SearchQuery, caller: Caller | None) -> Page[AnyPhotoView]:
    """Search for photos that contain every word, newest first."""
    return search().list_page(query, by=caller)


# --- Background jobs


# Jobs leave most of the account's concurrency to the API. AWS contract LAM-12.
@app.on_sqs_message(
    queue=os.environ.get("JOB_QUEUE_NAME", "photoshare-dev-jobs"),
    batch_size=1,
    maximum_concurrency=int(os.environ.get("JOB_CONCURRENCY", "5")),
)
def run_job(event: SQSEvent) -> None:
    """Run the background job of each message."""
    # With one message in a batch, a failure returns no other message to the queue. AWS contract LAM-5.
    for record in event:
        jobs().handle(record.body)


@app.schedule(Rate(1, Rate.HOURS))
def sweep(_event: Any) -> None:
    """Enqueue a job for each photo, album and account that is due. May run twice for one hour. AWS contract EVB-1."""
    jobs().sweep()


@app.schedule(Rate(1, Rate.HOURS))
def reconcile(_event: Any) -> None:
    """Continue the monthly comparison of objects, rows and users, or do nothing if none is due. AWS contract EVB-1."""
    schedule.run_scheduled()


# --- The web page


@app.route("/", methods=["GET", "HEAD"])
@app.route("/library", methods=["GET", "HEAD"])
@app.route("/a", methods=["GET", "HEAD"])
@app.route("/a/{album_id}", methods=["GET", "HEAD"])
@app.route("/s/{token}", methods=["GET", "HEAD"])
@app.route("/find", methods=["GET", "HEAD"])
@app.route("/bin", methods=["GET", "HEAD"])
@app.route("/me", methods=["GET", "HEAD"])
@app.route("/join", methods=["GET", "HEAD"])
@app.route("/sign-in", methods=["GET", "HEAD"])
@api("Page")
def show_page(_visit: requests.PageVisit) -> File:
    """Return the web page. All these addresses return the same document, even if the album or the link is unknown."""
    return pages.load_page(settings().base_url)


@app.route("/p/{photo_id}", methods=["GET", "HEAD"])
@api("Page")
def show_photo_page(photo_id: str, _visit: requests.PageVisit) -> File:
    """Return the web page for a photo. If the photo is public, the document has Open Graph tags."""
    return pages.build_photo_page(photos().find_public(photo_id), settings().base_url)


@app.route("/p/{photo_id}/preview", methods=["GET", "HEAD"])
@api("Page")
def show_preview(photo_id: PhotoId, _visit: requests.PageVisit) -> Redirect:
    """Redirect to a signed URL of a picture of a public photo. Return 404 for all other photos."""
    return Redirect(photos().sign_preview(photo_id))


@app.route("/web/{name}", methods=["GET", "HEAD"])
@api("Page")
def show_web_file(name: str, _visit: requests.PageVisit) -> File:
    """Return a file of the web page."""
    return load_web_file(name)


# API Gateway allows one parameter name in each place of a path, so `name` is the folder here. AWS contract APIGW-11.
@app.route("/web/{name}/{file}", methods=["GET", "HEAD"])
@api("Page")
def show_nested_web_file(name: str, file: str, _visit: requests.PageVisit) -> File:
    """Return a file in a folder of the web page."""
    return load_web_file(file, name)


@app.route("/sw.js", methods=["GET", "HEAD"])
@api("Page")
def show_service_worker(_visit: requests.PageVisit) -> File:
    """Return the service worker of the web page. At this path, it can control all page addresses."""
    return pages.load_service_worker()


@app.route("/share", methods=["POST"], content_types=["multipart/form-data"])
@api("Page", status={Redirect: 303})
def miss_share(_visit: requests.PageVisit) -> Redirect:
    """Discard files that a phone shares with the web page while its service worker is not running.

    The service worker handles this request otherwise. The page tells the user that the files are missing.
    """
    return Redirect(f"{settings().base_url}/library?shared=missed")


# --- Service


@app.route("/health", methods=["GET"])
@api("Service")
def health() -> Health:
    """Return the state and the version of the service."""
    return Health(status="ok", version=__version__)


@app.route("/openapi.json", methods=["GET", "HEAD"])
@api("Service")
def show_openapi() -> File:
    """Return the OpenAPI document of this service."""
    return build_openapi_file(app)


add_preflight_routes(app)
