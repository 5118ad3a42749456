"""Who may do what: every route, in every state that matters, by everyone, as data."""

from typing import Any

ALBUM, PHOTOS, ENTRY = "/albums/{album_id}", "/albums/{album_id}/photos", "/albums/{album_id}/photos/{photo_id}"
LINKS, LINK = "/albums/{album_id}/links", "/albums/{album_id}/links/{link_id}"
PHOTO, RATING = "/photos/{photo_id}", "/photos/{photo_id}/rating"

# A visitor, the owner, somebody else, a signed-out holder of a link to the album, and a person who has cancelled.
CALLERS = ("visitor", "owner", "other", "holder", "cancelled")
Cells = dict[str, str]
ANYONE, NOBODY = "200 200 200 200 200", "404 404 404 404 404"
SEEN, HIDDEN, GONE = "200 200 200 200 401", "404 200 404 404 401", "404 404 404 404 401"
LOCKED, LOCKED_GONE = "401 200 200 401 401", "401 404 404 401 401"
BY_VISIBILITY = {"public": SEEN, "unlisted": SEEN, "private": HIDDEN}


def owners(status: int, **more: str) -> Cells:
    """Of what an owner alone may do, and is answered with `status`; `more`: in other states."""
    seen, hidden = f"401 {status} 403 401 401", f"401 {status} 404 401 401"
    return {"public": seen, "unlisted": seen, "private": hidden, "absent": LOCKED_GONE, **more}


PHOTO_GONE = {"erased": LOCKED_GONE}
ALBUM_GONE = {"deleted": LOCKED_GONE}
OWNERS_ALONE, REFUSED_TO_OWNER = "401 200 404 401 401", "401 409 404 401 401"
RATED = {"public": LOCKED, "unlisted": LOCKED, "private": OWNERS_ALONE, "erased": LOCKED_GONE, "absent": LOCKED_GONE}
UNRATABLE = dict.fromkeys(("trashed", "pending", "rejected"), REFUSED_TO_OWNER)

MATRIX: dict[str, Cells] = {
    # --- Sign-in: these know no access token, nor whose account it is.
    "GET /login": {"": "302 302 302 302 302"},
    "GET /callback": {"": "400 400 400 400 400"},
    "POST /token": {"": ANYONE},
    "POST /logout": {"": ANYONE},
    "POST /login": {"": ANYONE},
    "POST /signup": {"": "201 201 201 201 201"},
    "POST /signup/confirm": {"": "204 204 204 204 204"},
    "POST /signup/resend": {"": "202 202 202 202 202"},
    "GET /account": {"": LOCKED},
    "DELETE /account": {"": "401 202 202 401 401"},
    # --- Uploading
    "POST /upload": {"": "401 201 201 401 401"},
    "POST /photos/{photo_id}/complete": owners(
        200, pending=REFUSED_TO_OWNER, rejected="401 422 404 401 401", trashed=OWNERS_ALONE, **PHOTO_GONE
    ),
    # --- Photos
    "GET /photos": {"": SEEN},
    f"GET {PHOTO}": BY_VISIBILITY
    | {"trashed": HIDDEN, "pending": HIDDEN, "rejected": HIDDEN, "erased": GONE, "absent": GONE},
    f"PATCH {PHOTO}": owners(200, trashed=OWNERS_ALONE, **PHOTO_GONE),
    f"DELETE {PHOTO}": owners(204, pending=REFUSED_TO_OWNER, **PHOTO_GONE),
    "GET /trash": {"": LOCKED},
    f"POST {PHOTO}/restore": owners(409, trashed=OWNERS_ALONE, **PHOTO_GONE),
    f"GET {PHOTO}/download": BY_VISIBILITY
    | {"trashed": HIDDEN, "pending": "404 409 404 404 401", "erased": GONE, "absent": GONE},
    f"GET {RATING}": RATED | dict.fromkeys(("private", "trashed", "pending", "rejected"), OWNERS_ALONE),
    f"PUT {RATING}": RATED | UNRATABLE,
    f"DELETE {RATING}": RATED | UNRATABLE,
    "GET /search": {"": SEEN},
    # --- Albums
    "POST /albums": {"": "401 201 201 401 401"},
    "GET /albums": {"": SEEN},
    f"GET {ALBUM}": BY_VISIBILITY | {"deleted": GONE, "absent": GONE},
    f"PATCH {ALBUM}": owners(200, **ALBUM_GONE),
    f"DELETE {ALBUM}": owners(204, **ALBUM_GONE),
    f"GET {PHOTOS}": BY_VISIBILITY | {"deleted": GONE, "absent": GONE},
    f"PUT {ENTRY}": owners(200, trashed="401 409 403 401 401", erased="401 404 403 401 401", **ALBUM_GONE),
    f"DELETE {ENTRY}": owners(204, erased="401 404 403 401 401", **ALBUM_GONE),
    # --- Share links
    f"POST {LINKS}": owners(201, **ALBUM_GONE),
    f"GET {LINKS}": owners(200, **ALBUM_GONE),
    f"DELETE {LINK}": owners(204, revoked="401 404 403 401 401", **ALBUM_GONE),
    **{
        f"GET {path}": dict.fromkeys(("public", "unlisted", "private"), ANYONE)
        | dict.fromkeys(("deleted", "revoked", "guessed", "absent"), NOBODY)
        for path in ("/shared/{token}", "/shared/{token}/photos")
    },
    # --- The page, and the rest
    "GET /": {"": ANYONE},
    "GET /web/{name}": {"": ANYONE},
    "GET /health": {"": ANYONE},
    "GET /openapi.json": {"": ANYONE},
}
"""By method, path and state of the photo and its album, the status for each of CALLERS."""

GIVEN: dict[str, dict[str, Any]] = {
    "POST /token": {"refreshToken": "x"},
    "POST /logout": {"refreshToken": "x"},
    "POST /login": {"email": "ann@example.com", "password": "Correct-horse-7"},
    "POST /signup": {"email": "ann@example.com", "password": "Correct-horse-7"},
    "POST /signup/confirm": {"email": "ann@example.com", "code": "123456"},
    "POST /signup/resend": {"email": "ann@example.com"},
    "POST /upload": {"filename": "a.jpg", "contentType": "image/jpeg"},
    f"PATCH {PHOTO}": {"title": "x"},
    f"PUT {RATING}": {"rating": 4},
    "POST /albums": {"name": "x"},
    f"PATCH {ALBUM}": {"name": "x"},
}
ASKED = {"GET /search": "?q=sea"}

EVERYBODY = {*CALLERS}
SHOWN: dict[str, set[str]] = {
    **{f"/photos?userId={{user_id}}&order={order}": set() for order in ("newest", "oldest")},
    **{f"/photos?scope=mine&limit=100&order={order}": {"owner"} for order in ("random", "newest", "oldest", "top")},
    "/photos?limit=100": set(),
    "/photos?limit=100&order=top": set(),
    "/search?q=hidden": set(),
    "/search?q=hidden&scope=mine": {"owner"},
    "/albums/{album_id}/photos": {"owner"},
    "/albums/{album_id}/photos?order=random": {"owner"},
    "/albums/{album_id}": {"owner"},
    "/albums": {"owner"},
    "/albums?scope=mine": {"owner"},
    "/shared/{token}": EVERYBODY,
    "/shared/{token}/photos": EVERYBODY,
    "/shared/{token}/photos?order=random": EVERYBODY,
}
"""By path, who finds a private photo in a public album there, as a photo or as the album's cover."""
