"""The routes of the app by required access. They are read from the app, so that tests include each new route."""

import re
from typing import NamedTuple

import app as service

PHOTO_ID = "0190b7b4-7d8c-7cc3-98c4-dc0c0c07398f"
REQUIRED_QUERIES = {"/search": "?q=sea"}
"""The required query parameters of each route. Without them, the route returns 400."""


class Route(NamedTuple):
    """A method and a path, with a value for each path parameter."""

    method: str
    path: str
    access: str
    """`public`, `optional` or `required`: the use of access tokens that the route declares."""
    has_body: bool
    """True if the route requires a JSON body."""
    guarded: bool
    """True if API Gateway requires a token."""
    is_page: bool
    """True if the route belongs to the web page, which ignores unknown query parameters."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


DECLARED = {
    f"{method} {path}"
    for path, methods in service.app.routes.items()
    for method, entry in methods.items()
    if hasattr(entry.view_function, "operation")
}
"""The method and the path of every route that is declared with `@api`."""
ROUTES = [
    Route(
        method,
        re.sub(r"\{\w+\}", PHOTO_ID, path) + REQUIRED_QUERIES.get(path, ""),
        operation.access if operation else "public",
        bool(operation and operation.body and not operation.is_body_optional),
        entry.authorizer is not None,
        bool(operation and operation.tag == "Page"),
    )
    for path, methods in service.app.routes.items()
    for method, entry in methods.items()
    for operation in [getattr(entry.view_function, "operation", None)]
]
LOCKED = [route for route in ROUTES if route.guarded]
OPTIONAL = [route for route in ROUTES if route.access == "optional"]
