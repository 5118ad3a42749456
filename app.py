"""Photoshare: every route, the S3 event, the job queue and the schedule. No logic; `chalicelib` has it."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, cast

import msgspec
from chalice.app import Chalice, CognitoUserPoolAuthorizer, LambdaFunctionEvent, Rate, Request, Response, SQSEvent

from chalicelib import __version__
from chalicelib.accounts import accounts, deletion
from chalicelib.albums import albums, entries, links, propagation
from chalicelib.auth.cognito import Caller
from chalicelib.deploy import packaging
from chalicelib.domain import errors, requests, share_links
from chalicelib.domain.albums import Album
from chalicelib.domain.ids import UserId
from chalicelib.domain.listing import Page
from chalicelib.domain.photos import Photo
from chalicelib.http import cookies, parsing, responses
from chalicelib.infra import logs
from chalicelib.jobs import jobs
from chalicelib.photos import access, lists, photos, ratings
from chalicelib.search import search
from chalicelib.uploads import confirmation, grants
from chalicelib.wiring import (
    album_store,
    bucket,
    cancellations,
    hosted_ui,
    identity,
    limiter,
    moderator,
    now,
    queue,
    rating_store,
    repeats,
    search_index,
    settings,
    store,
)

logs.configure()
packaging.teach()
app = Chalice("photoshare", configure_logs=False)
cognito = CognitoUserPoolAuthorizer(
    "cognito",
    provider_arns=[os.environ.get("USER_POOL_ARN", "*")],
    # Only access tokens have a scope, so an ID token is refused at the gateway.
    scopes=["aws.cognito.signin.user.admin"],
)


def request() -> Request:
    """The request that is being answered."""
    return cast(Request, app.current_request)


def signed_in() -> Caller:
    """Who calls; 401 for everybody else. Verified here although the gateway did: `chalice local` lets all through."""
    return accounts.signed_in(store(), identity(), limiter(), parsing.sole_header(request(), "authorization"))


def visitor() -> UserId | None:
    """Who calls, or None without a token; a bad token is refused, not ignored."""
    return signed_in().user_id if "authorization" in request().headers else None


def body[Shape](shape: type[Shape]) -> Shape:
    """The request's body."""
    return parsing.body(shape, request())


def optional_body[Shape](shape: type[Shape]) -> Shape:
    """The request's body, which may be left out."""
    return parsing.optional_body(shape, request())


def query[Shape](shape: type[Shape]) -> Shape:
    """The request's query parameters; the view says `@takes(shape)` as well."""
    return parsing.query(shape, request())


def takes[View: Callable[..., Any]](shape: type[requests.Input]) -> Callable[[View], View]:
    """Let a view have the query parameters of `shape`; without it, it has none."""

    def mark(view: View) -> View:
        view.query_shape = shape  # type: ignore[attr-defined]
        return view

    return mark


def answer(content: Any, status: int = 200, *, cookie: str = "") -> Response:
    """`content` as JSON."""
    sent: dict[str, str | list[str]] = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if cookie:
        sent["Set-Cookie"] = cookie
    return Response(msgspec.json.encode(content).decode(), sent, status)


def redirect(url: str, *cookies: str) -> Response:
    """On to `url`, with these cookies."""
    return Response("", {"Location": url, "Set-Cookie": list(cookies), "Cache-Control": "no-store"}, 302)


def shown(photo: Photo, by: UserId | None) -> photos.PhotoView:
    """A photo as `by` may see it."""
    return photos.view(photo, bucket(), by=by, now=now())


def shown_page(page: Page[Photo], by: UserId | None) -> dict[str, Any]:
    """A page of photos as `by` may see them."""
    return {"items": [shown(photo, by) for photo in page.items], "lastKey": page.last_key}


def shown_album(album: Album, *, whole: bool) -> albums.AlbumView:
    """An album as its viewer may see it; `whole`: as its owner does."""
    cover = albums.covers(album_store(), [(album, whole)]).get(album.album_id)
    return albums.view(album, cover, bucket(), whole=whole, now=now())


@app.middleware("http")
def dress(incoming: Request, get_response: Callable[[Request], Response]) -> Response:
    """Give every answer its headers, and its line in the log."""
    begun = time.perf_counter()
    response = get_response(incoming)
    response.headers |= responses.headers(settings(), incoming.headers.get("origin"))
    responses.note(incoming, response.status_code, time.perf_counter() - begun)
    return response


app.register_middleware(errors.answered, "http")


@app.middleware("http")
def refuse_stray_parameters(incoming: Request, get_response: Callable[[Request], Response]) -> Response:
    """Refuse the query parameters that a view did not say it takes."""
    view = getattr(app.routes[incoming.path].get(incoming.method), "view_function", None)
    # A preflight has the query of the request that it asks for.
    if view is not preflight:
        parsing.query(getattr(view, "query_shape", requests.NoQuery), incoming)
    return get_response(incoming)


# --- Sign-in


@app.route("/login", methods=["GET"])
@takes(requests.LoginQuery)
def begin_login() -> Response:
    """To the hosted UI: code flow with PKCE, state and nonce."""
    begun = hosted_ui().begin(query(requests.LoginQuery).return_to)
    return redirect(begun.url, cookies.login_cookie(begun.cookie))


@app.route("/callback", methods=["GET"])
@takes(requests.CallbackQuery)
def finish_login() -> Response:
    """Back from the hosted UI: tokens as JSON, or in a cookie and on to where the person wanted to go."""
    begun = cookies.cookie(request(), cookies.LOGIN)
    tokens, return_to = hosted_ui().finish(begun, query(requests.CallbackQuery))
    if "application/json" in request().headers.get("accept", ""):
        return answer(tokens)
    return redirect(settings().base_url + return_to, *cookies.signed_in_cookies(str(tokens.refresh_token)))


@app.route("/token", methods=["POST"])
def refresh_tokens() -> Response:
    """Fresh tokens for the refresh token in the body or the cookie."""
    held = cookies.held(request(), settings())
    if held is None:
        raise errors.InvalidToken("A refresh token is needed, in the body or in the cookie: sign in again.")
    return answer(held.shown(identity().refresh(held.token)))


@app.route("/logout", methods=["POST"])
def log_out() -> Response:
    """Revoke the refresh token in the body or the cookie."""
    held = cookies.held(request(), settings())
    url = identity().log_out(held.token if held else None)
    return answer({"logoutUrl": url}, cookie=cookies.signed_out_cookie())


@app.route("/login", methods=["POST"])
def log_in() -> Response:
    """Tokens for an address and its password."""
    given = body(requests.Credentials)
    return answer(identity().log_in(given.email, given.password))


@app.route("/signup", methods=["POST"])
def sign_up() -> Response:
    """Register an address; Cognito mails it a code."""
    given = body(requests.Credentials)
    user_id, confirmed = identity().sign_up(given.email, given.password)
    return answer({"userId": user_id, "confirmed": confirmed}, 201)


@app.route("/signup/confirm", methods=["POST"])
def confirm_sign_up() -> Response:
    """Confirm an address by its code."""
    given = body(requests.Confirmation)
    identity().confirm_sign_up(given.email, given.code)
    return Response("", status_code=204)


@app.route("/signup/resend", methods=["POST"])
def resend_code() -> Response:
    """Mail another code; the answer does not tell whether the address is known."""
    identity().resend_code(body(requests.Address).email)
    return answer({}, 202)


@app.route("/account", methods=["GET"], authorizer=cognito)
def show_account() -> Response:
    """The caller's usage and limits."""
    caller = signed_in()
    return answer(accounts.view(store(), identity(), settings(), caller, now()))


@app.route("/account", methods=["DELETE"], authorizer=cognito)
def cancel_account() -> Response:
    """Cancel the caller's account: at once for every token, and then all that it holds."""
    deletion.cancel(cancellations(), identity(), queue(), signed_in(), now())
    return answer({"status": "cancelling"}, 202, cookie=cookies.signed_out_cookie())


# --- Uploading


@app.route("/upload", methods=["POST"], authorizer=cognito)
def grant_upload() -> Response:
    """Leave to upload one photo straight to S3."""
    by, wanted, key = signed_in().user_id, body(requests.UploadRequest), parsing.idempotency_key(request())
    stores = store(), album_store(), repeats()
    made = grants.grant(*stores, bucket(), settings().limits, wanted, by=by, now=now(), key=key)
    return answer(made, 200 if isinstance(made, grants.Duplicate) else 201)


@app.route("/photos/{photo_id}/complete", methods=["POST"], authorizer=cognito)
def complete_upload(photo_id: str) -> Response:
    """Confirm an upload now instead of waiting for the event."""
    by, wanted = signed_in().user_id, parsing.photo_id(photo_id)
    return answer(shown(confirmation.complete(store(), bucket(), moderator(), wanted, by=by, now=now()), by))


@app.on_s3_event(bucket=os.environ.get("ORIGINALS_BUCKET", "photoshare-dev-originals"), events=["s3:ObjectCreated:*"])
def confirm_upload(event: LambdaFunctionEvent) -> None:
    """Turn uploaded objects into photos."""
    confirmation.confirm_event(store(), bucket(), moderator(), event.to_dict(), now())


# S3Event looks into the first record, and fails on S3's test event, which has none.
confirm_upload.event_class = LambdaFunctionEvent


# --- Photos


@app.route("/photos", methods=["GET"])
@takes(requests.PhotoQuery)
def list_photos() -> Response:
    """Everybody's photos or one's own, in random order or another."""
    by = visitor()
    page = lists.page(store(), settings().signing_keys, query(requests.PhotoQuery), by=by)
    return answer(shown_page(page, by))


@app.route("/photos/{photo_id}", methods=["GET"])
def show_photo(photo_id: str) -> Response:
    """One photo."""
    by = visitor()
    return answer(shown(access.seen(store(), parsing.photo_id(photo_id), by), by))


@app.route("/photos/{photo_id}", methods=["PATCH"], authorizer=cognito)
def change_photo(photo_id: str) -> Response:
    """Change a photo's title, description, tags or visibility. Its owner only."""
    by = signed_in().user_id
    changes = body(requests.PhotoChanges)
    return answer(shown(photos.change(store(), parsing.photo_id(photo_id), by=by, changes=changes), by))


@app.route("/photos/{photo_id}", methods=["DELETE"], authorizer=cognito)
@takes(requests.DeleteQuery)
def delete_photo(photo_id: str) -> Response:
    """Put a photo into the trash, or erase it now. Its owner only."""
    by, wanted = signed_in().user_id, parsing.photo_id(photo_id)
    if query(requests.DeleteQuery).permanent:
        photos.erase(store(), bucket(), wanted, by=by, now=now())
    else:
        photos.trash(store(), wanted, by=by, now=now())
    return Response("", status_code=204)


@app.route("/trash", methods=["GET"], authorizer=cognito)
@takes(requests.PageQuery)
def list_trash() -> Response:
    """The caller's trash."""
    by = signed_in().user_id
    return answer(shown_page(lists.trash(store(), settings().signing_keys, query(requests.PageQuery), by=by), by))


@app.route("/photos/{photo_id}/restore", methods=["POST"], authorizer=cognito)
def restore_photo(photo_id: str) -> Response:
    """Take a photo out of the trash. Its owner only."""
    by = signed_in().user_id
    return answer(shown(photos.restore(store(), parsing.photo_id(photo_id), by=by), by))


@app.route("/photos/{photo_id}/download", methods=["GET"])
@takes(requests.DownloadQuery)
def download_photo(photo_id: str) -> Response:
    """Where to fetch the file: its owner the original, others a copy without position."""
    by = visitor()
    link = photos.download(store(), bucket(), parsing.photo_id(photo_id), by=by, now=now())
    return redirect(link.url) if query(requests.DownloadQuery).redirect else answer(link)


# --- Ratings


@app.route("/photos/{photo_id}/rating", methods=["PUT"], authorizer=cognito)
def rate_photo(photo_id: str) -> Response:
    """Rate a photo from 1 to 5; a rating that was given before is replaced."""
    by = signed_in().user_id
    given = body(requests.RatingRequest).rating
    return answer(ratings.rate(store(), rating_store(), parsing.photo_id(photo_id), by=by, rating=given))


@app.route("/photos/{photo_id}/rating", methods=["GET"], authorizer=cognito)
def show_rating(photo_id: str) -> Response:
    """How a photo is rated, and what the caller gave it."""
    by = signed_in().user_id
    return answer(ratings.shown(store(), rating_store(), parsing.photo_id(photo_id), by=by))


@app.route("/photos/{photo_id}/rating", methods=["DELETE"], authorizer=cognito)
def take_rating_back(photo_id: str) -> Response:
    """Take the caller's rating back, where they gave one."""
    by = signed_in().user_id
    return answer(ratings.rate(store(), rating_store(), parsing.photo_id(photo_id), by=by, rating=None))


# --- Albums


@app.route("/albums", methods=["POST"], authorizer=cognito)
def create_album() -> Response:
    """A new album."""
    by, wanted = signed_in().user_id, body(requests.NewAlbum)
    return answer(shown_album(albums.create(album_store(), wanted, by=by, now=now()), whole=True), 201)


@app.route("/albums", methods=["GET"])
@takes(requests.AlbumQuery)
def list_albums() -> Response:
    """Everybody's public albums, or one's own."""
    by = visitor()
    page = albums.page(album_store(), settings().signing_keys, query(requests.AlbumQuery), by=by)
    return answer(albums.page_view(album_store(), bucket(), page, by=by, now=now()))


@app.route("/albums/{album_id}", methods=["GET"])
def show_album(album_id: str) -> Response:
    """One album."""
    by = visitor()
    album = albums.seen(album_store(), parsing.album_id(album_id), by)
    return answer(shown_album(album, whole=album.user_id == by))


@app.route("/albums/{album_id}", methods=["PATCH"], authorizer=cognito)
def change_album(album_id: str) -> Response:
    """Change an album's facts, visibility or cover. Its owner only."""
    by, changes = signed_in().user_id, body(requests.AlbumChanges)
    album = albums.change(album_store(), parsing.album_id(album_id), by=by, changes=changes, now=now())
    propagation.begin(store(), album_store(), queue(), album, now())
    return answer(shown_album(album, whole=True))


@app.route("/albums/{album_id}", methods=["DELETE"], authorizer=cognito)
@takes(requests.AlbumDeleteQuery)
def delete_album(album_id: str) -> Response:
    """Delete an album, and keep its photos or put them into the trash. Its owner only."""
    by, photos_go = signed_in().user_id, query(requests.AlbumDeleteQuery).photos
    album = albums.delete(album_store(), parsing.album_id(album_id), by=by, photos=photos_go, now=now())
    propagation.begin(store(), album_store(), queue(), album, now())
    return Response("", status_code=204)


@app.route("/albums/{album_id}/photos", methods=["GET"])
@takes(requests.AlbumPhotoQuery)
def list_album_photos(album_id: str) -> Response:
    """The photos of an album, by position or in random order."""
    by, wanted = visitor(), query(requests.AlbumPhotoQuery)
    page = entries.page(album_store(), settings().signing_keys, parsing.album_id(album_id), wanted, by=by)
    return answer(shown_page(page, by))


@app.route("/albums/{album_id}/photos/{photo_id}", methods=["PUT"], authorizer=cognito)
def put_into_album(album_id: str, photo_id: str) -> Response:
    """Put a photo into an album, or to another place in it. The owner of both only."""
    by, position = signed_in().user_id, optional_body(requests.Placing).position
    album, photo = parsing.album_id(album_id), parsing.photo_id(photo_id)
    return answer(entries.put(store(), album_store(), album, photo, by=by, position=position, now=now()))


@app.route("/albums/{album_id}/photos/{photo_id}", methods=["DELETE"], authorizer=cognito)
def take_out_of_album(album_id: str, photo_id: str) -> Response:
    """Take a photo out of an album. Its owner only."""
    by = signed_in().user_id
    entries.take_out(store(), album_store(), parsing.album_id(album_id), parsing.photo_id(photo_id), by=by)
    return Response("", status_code=204)


# --- Share links


@app.route("/albums/{album_id}/links", methods=["POST"], authorizer=cognito)
def create_link(album_id: str) -> Response:
    """A link that shows an album to whoever has it. Its owner only."""
    by, wanted, base_url = signed_in().user_id, optional_body(requests.NewLink), settings().base_url
    wanted_album = parsing.album_id(album_id)
    return answer(links.create(album_store(), wanted_album, wanted, by=by, now=now(), base_url=base_url), 201)


@app.route("/albums/{album_id}/links", methods=["GET"], authorizer=cognito)
@takes(requests.PageQuery)
def list_links(album_id: str) -> Response:
    """The links of an album. Its owner only."""
    by, wanted = signed_in().user_id, query(requests.PageQuery)
    page = links.page(album_store(), settings().signing_keys, parsing.album_id(album_id), wanted, by=by)
    return answer({"items": [links.view(link) for link in page.items], "lastKey": page.last_key})


@app.route("/albums/{album_id}/links/{link_id}", methods=["DELETE"], authorizer=cognito)
def revoke_link(album_id: str, link_id: str) -> Response:
    """Revoke a link. Its owner only."""
    by = signed_in().user_id
    links.revoke(album_store(), parsing.album_id(album_id), parsing.link_id(link_id), by=by)
    return Response("", status_code=204)


def followed(token: str) -> tuple[Album, share_links.ShareLink]:
    """The album behind a link, and the link."""
    password = parsing.sole_header(request(), "x-link-password")
    return links.opened(album_store(), token, password, now())


@app.route("/shared/{token}", methods=["GET"])
def show_shared(token: str) -> Response:
    """The album behind a link."""
    album, _ = followed(token)
    return answer(shown_album(album, whole=True))


@app.route("/shared/{token}/photos", methods=["GET"])
@takes(requests.AlbumPhotoQuery)
def list_shared_photos(token: str) -> Response:
    """All photos of the album behind a link."""
    (album, link), keys = followed(token), settings().signing_keys
    page = entries.shared_page(album_store(), keys, album.album_id, link.link_id, query(requests.AlbumPhotoQuery))
    return answer(shown_page(page, None))


# --- Search


@app.route("/search", methods=["GET"])
@takes(requests.SearchQuery)
def search_photos() -> Response:
    """Photos that hold every word, newest first."""
    by, wanted = visitor(), query(requests.SearchQuery)
    return answer(shown_page(search.page(search_index(), settings().signing_keys, wanted, by=by), by))


# --- Work off the request path


@app.on_sqs_message(queue=os.environ.get("JOB_QUEUE_NAME", "photoshare-dev-jobs"), batch_size=1)
def run_job(event: SQSEvent) -> None:
    """Do one job of the queue."""
    for record in event:
        with logs.failure("a job failed", job=record.body):
            do(jobs.read(record.body), now())


def do(job: jobs.Job, at: datetime) -> None:
    """Do a job as of a moment."""
    if isinstance(job, jobs.Cancel):
        deletion.run(cancellations(), bucket(), identity(), queue(), job.user_id, at)
    elif isinstance(job, propagation.Tidy):
        jobs.tidy(store(), album_store(), queue(), job, at)
    else:
        jobs.settle(store(), bucket(), moderator(), job.photo_id, at)


@app.schedule(Rate(1, Rate.HOURS))
def sweep(_event: Any) -> None:
    """Queue whatever has come due."""
    deletion.sweep(cancellations(), queue(), now())
    jobs.sweep(store(), album_store(), queue(), now())


# --- The page, and the rest


def file_answer(file: responses.File) -> Response:
    """A file, or that the browser has it already."""
    fresh = request().headers.get("if-none-match") == file.tag
    return Response(
        "" if fresh else file.content,
        {"Content-Type": file.content_type, "Cache-Control": "no-cache", "ETag": file.tag},
        304 if fresh else 200,
    )


@app.route("/", methods=["GET"])
def show_page() -> Response:
    """The web page."""
    return file_answer(responses.page("index.html"))


@app.route("/web/{name}", methods=["GET"])
def page_file(name: str) -> Response:
    """A file of the web page."""
    return file_answer(responses.page(name))


@app.route("/health", methods=["GET"])
def health() -> Response:
    """That the service runs, and which version of it."""
    return answer({"status": "ok", "version": __version__})


@cache
def openapi_file() -> responses.File:
    """The OpenAPI document. Nothing of it is even imported before somebody asks: a cold start has no time for it."""
    from chalicelib.http import openapi

    return responses.file(msgspec.json.encode(openapi.document(app.routes)).decode(), "application/json")


@app.route("/openapi.json", methods=["GET"])
def show_openapi() -> Response:
    """The OpenAPI document of this service."""
    return file_answer(openapi_file())


def preflight(**_captured: str) -> Response:
    """What browsers ask before they let another origin's page call a route."""
    return Response("", responses.preflight(list(app.routes[request().path])), 204)


for path in list(app.routes):
    app.route(path, methods=["OPTIONS"], name=f"preflight {path}")(preflight)
