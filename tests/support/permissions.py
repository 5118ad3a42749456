"""The permissions of each kind of caller: the expected status for each route, in each relevant state."""

from typing import Any

ALBUM, PHOTOS, ENTRY = "/albums/{album_id}", "/albums/{album_id}/photos", "/albums/{album_id}/photos/{photo_id}"
LINKS, LINK = "/albums/{album_id}/links", "/albums/{album_id}/links/{link_id}"
SHARED_PHOTOS = ("/shared/{token}/photos", "/s/{token}/photos")
PAGE_ADDRESSES = (
    *("/", "/library", "/p/{photo_id}", "/a", "/a/{album_id}", "/s/{token}"),
    *("/find", "/bin", "/me", "/join", "/sign-in"),
)
PREVIEW = "/p/{photo_id}/preview"
PAGE_FILES = ("/web/{name}", "/web/{name}/{file}", "/sw.js")
ABSENT = "01900000-0000-7000-8000-000000000000"
PHOTO, RATING = "/photos/{photo_id}", "/photos/{photo_id}/rating"

# A visitor, the owner, another user, a visitor with a share link to the album, and a user with a cancelled account.
CALLERS = ("visitor", "owner", "other", "holder", "cancelled")
Cells = dict[str, str]
PUBLIC, NOT_FOUND = "200 200 200 200 200", "404 404 404 404 404"
VISIBLE, OWNER_ONLY, GONE = "200 200 200 200 401", "404 200 404 404 401", "404 404 404 404 401"
SIGNED_IN, SIGNED_IN_GONE = "401 200 200 401 401", "401 404 404 401 401"
BY_VISIBILITY = {"public": VISIBLE, "unlisted": VISIBLE, "private": OWNER_ONLY}


def owner_route(status: int, **other_states: str) -> Cells:
    """Return the cells of a route that only the owner may call, with `status`."""
    visible, hidden = f"401 {status} 403 401 401", f"401 {status} 404 401 401"
    return {"public": visible, "unlisted": visible, "private": hidden, "absent": SIGNED_IN_GONE, **other_states}


PHOTO_GONE = {"erased": SIGNED_IN_GONE}
ALBUM_GONE = {"deleted": SIGNED_IN_GONE}
SIGNED_IN_OWNER, OWNER_CONFLICT = "401 200 404 401 401", "401 409 404 401 401"
RATED = {
    "public": SIGNED_IN,
    "unlisted": SIGNED_IN,
    "private": SIGNED_IN_OWNER,
    "erased": SIGNED_IN_GONE,
    "absent": SIGNED_IN_GONE,
}
UNRATABLE = dict.fromkeys(("trashed", "pending", "rejected"), OWNER_CONFLICT)

MATRIX: dict[str, Cells] = {
    # --- Sign-in: most of these routes use no access token.
    "GET /login": {"": "302 302 302 302 302"},
    "GET /callback": {"": "400 400 400 400 400"},
    "POST /token": {"": PUBLIC},
    "POST /logout": {"": PUBLIC},
    "POST /login": {"": PUBLIC},
    "POST /signup": {"": "201 201 201 201 201"},
    "POST /signup/confirm": {"": "204 204 204 204 204"},
    "POST /signup/resend": {"": "202 202 202 202 202"},
    "POST /password/forgot": {"": "202 202 202 202 202"},
    "POST /password/reset": {"": "204 204 204 204 204"},
    "POST /password/change": {"": "401 204 204 401 401"},
    "POST /logout/everywhere": {"": SIGNED_IN},
    "GET /account": {"": SIGNED_IN},
    "DELETE /account": {"": "401 202 202 401 401"},
    # --- Uploading
    "POST /upload": {"": "401 201 201 401 401"},
    "POST /photos/{photo_id}/complete": owner_route(
        200, pending=OWNER_CONFLICT, rejected="401 422 404 401 401", trashed=SIGNED_IN_OWNER, **PHOTO_GONE
    ),
    # --- Photos
    "GET /photos": {"": VISIBLE},
    "GET /photos/months": {"": SIGNED_IN},
    f"GET {PHOTO}": BY_VISIBILITY
    | {"trashed": OWNER_ONLY, "pending": OWNER_ONLY, "rejected": OWNER_ONLY, "erased": GONE, "absent": GONE},
    f"PATCH {PHOTO}": owner_route(200, trashed=SIGNED_IN_OWNER, **PHOTO_GONE),
    f"DELETE {PHOTO}": owner_route(204, pending=OWNER_CONFLICT, **PHOTO_GONE),
    "GET /trash": {"": SIGNED_IN},
    "DELETE /trash": {"": "401 202 202 401 401"},
    "PATCH /photos": {"": SIGNED_IN},
    **{f"POST /trash{action}": {"": SIGNED_IN} for action in ("", "/restore", "/erase")},
    f"POST {PHOTO}/restore": owner_route(409, trashed=SIGNED_IN_OWNER, **PHOTO_GONE),
    f"GET {PHOTO}/download": BY_VISIBILITY
    | {"trashed": OWNER_ONLY, "pending": "404 409 404 404 401", "erased": GONE, "absent": GONE},
    f"GET {RATING}": RATED | dict.fromkeys(("private", "trashed", "pending", "rejected"), SIGNED_IN_OWNER),
    f"PUT {RATING}": RATED | UNRATABLE,
    f"DELETE {RATING}": RATED | UNRATABLE,
    "GET /search": {"": VISIBLE},
    # --- Albums
    "POST /albums": {"": "401 201 201 401 401"},
    "GET /albums": {"": VISIBLE},
    f"GET {ALBUM}": BY_VISIBILITY | {"deleted": GONE, "absent": GONE},
    f"PATCH {ALBUM}": owner_route(200, **ALBUM_GONE),
    f"DELETE {ALBUM}": owner_route(204, **ALBUM_GONE),
    f"GET {PHOTOS}": BY_VISIBILITY | {"deleted": GONE, "absent": GONE},
    f"POST {PHOTOS}": owner_route(200, **ALBUM_GONE),
    f"POST {PHOTOS}/remove": owner_route(200, **ALBUM_GONE),
    f"PUT {ENTRY}": owner_route(200, trashed="401 409 403 401 401", erased="401 404 403 401 401", **ALBUM_GONE),
    f"DELETE {ENTRY}": owner_route(204, erased="401 404 403 401 401", **ALBUM_GONE),
    # --- Share links
    f"POST {LINKS}": owner_route(201, **ALBUM_GONE),
    f"GET {LINKS}": owner_route(200, **ALBUM_GONE),
    f"DELETE {LINK}": owner_route(204, revoked="401 404 403 401 401", **ALBUM_GONE),
    **{
        f"GET {path}": dict.fromkeys(("public", "unlisted", "private"), PUBLIC)
        | dict.fromkeys(("deleted", "revoked", "guessed", "absent"), NOT_FOUND)
        for path in ("/shared/{token}", *SHARED_PHOTOS)
    },
    **{
        f"GET {path}/{{photo_id}}/download": dict.fromkeys(("public", "unlisted", "private"), PUBLIC)
        | dict.fromkeys(
            ("trashed", "pending", "rejected", "erased", "removed", "deleted", "revoked", "guessed", "absent"),
            NOT_FOUND,
        )
        for path in SHARED_PHOTOS
    },
    # --- The web page and service information
    **{f"{method} {path}": {"": PUBLIC} for path in PAGE_ADDRESSES for method in ("GET", "HEAD")},
    **{f"{method} {path}": {"": PUBLIC} for path in PAGE_FILES for method in ("GET", "HEAD")},
    **{
        f"{method} {PREVIEW}": {"public": "302 302 302 302 302"}
        | dict.fromkeys(("unlisted", "private", "trashed", "pending", "rejected", "erased", "absent"), NOT_FOUND)
        for method in ("GET", "HEAD")
    },
    "POST /share": {"": "303 303 303 303 303"},
    "GET /health": {"": PUBLIC},
    "GET /openapi.json": {"": PUBLIC},
    "HEAD /openapi.json": {"": PUBLIC},
}
"""The status for each of CALLERS, by route and by the state of the photo and its album."""

GIVEN: dict[str, dict[str, Any] | bytes] = {
    "POST /token": {"refreshToken": "x"},
    "POST /logout": {"refreshToken": "x"},
    "POST /login": {"email": "ann@example.com", "password": "Correct-horse-7"},
    "POST /signup": {"email": "ann@example.com", "password": "Correct-horse-7"},
    "POST /signup/confirm": {"email": "ann@example.com", "code": "123456"},
    "POST /signup/resend": {"email": "ann@example.com"},
    "POST /password/forgot": {"email": "ann@example.com"},
    "POST /password/reset": {"email": "ann@example.com", "code": "123456", "password": "Correct-horse-7"},
    "POST /password/change": {"currentPassword": "Correct-horse-7", "newPassword": "Correct-horse-8"},
    "POST /share": b"",
    "POST /upload": {"filename": "a.jpg", "contentType": "image/jpeg"},
    f"PATCH {PHOTO}": {"title": "x"},
    "PATCH /photos": {"items": [{"photoId": ABSENT, "changes": {"title": "x"}}]},
    **{f"POST /trash{action}": {"photoIds": [ABSENT]} for action in ("", "/restore", "/erase")},
    f"POST {PHOTOS}": {"items": [{"photoId": ABSENT}]},
    f"POST {PHOTOS}/remove": {"photoIds": [ABSENT]},
    f"PUT {RATING}": {"rating": 4},
    "POST /albums": {"name": "x"},
    f"PATCH {ALBUM}": {"name": "x"},
}
HEADERS = {"POST /share": {"Content-Type": "multipart/form-data; boundary=x"}}
FILE_PARAMETERS = {"/web/{name}": {"name": "app.js"}, "/web/{name}/{file}": {"name": "icons", "file": "icon.svg"}}
ASKED = {"GET /search": "?q=sea", "GET /photos/months": "?scope=mine"}

ALL_CALLERS = {*CALLERS}
SHOWN: dict[str, set[str]] = {
    **{f"/photos?userId={{user_id}}&order={order}": set() for order in ("newest", "oldest")},
    **{
        f"/photos?scope=mine&limit=100&order={order}": {"owner"}
        for order in ("random", "newest", "oldest", "top", "taken")
    },
    "/photos?limit=100": set(),
    "/photos?limit=100&order=top": set(),
    "/search?q=hidden": set(),
    "/search?q=hidden&scope=mine": {"owner"},
    "/albums/{album_id}/photos": {"owner"},
    "/albums/{album_id}/photos?order=random": {"owner"},
    "/albums/{album_id}/photos?order=taken": {"owner"},
    "/albums/{album_id}": {"owner"},
    "/albums": {"owner"},
    "/albums?scope=mine": {"owner"},
    "/shared/{token}": ALL_CALLERS,
    **dict.fromkeys(SHARED_PHOTOS, ALL_CALLERS),
    "/shared/{token}/photos?order=random": ALL_CALLERS,
    "/shared/{token}/photos?order=taken": ALL_CALLERS,
}
"""The callers that see a private photo of a public album, by path. They see it as a photo or as the album cover."""
