"""The decorator `@api`: declare a route, parse its requests, call its view and build its responses."""

from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any
from urllib.parse import quote

from chalice.app import Chalice, Request, Response

from chalicelib.domain.accounts import Caller
from chalicelib.domain.errors import PhotoshareError
from chalicelib.http import parsing
from chalicelib.http.errors import build_error_response
from chalicelib.http.operation import ErrorTypes, Operation
from chalicelib.http.responses import Redirect, build_response

BaseUrl = Callable[[], str]
"""Return the URL of the app for browsers, without a trailing slash."""
Authenticate = Callable[[str | None], Caller]
"""Return the caller with this `Authorization` header.

Raises:
    InvalidToken, AuthUnavailable, TooManyRequests, Busy: the caller cannot be authenticated.
"""


class Api:
    """Declare the routes of a Chalice app.

    The annotations of a view declare the input and output of its route:

    - a type of `domain.ids`, or `str`: a path parameter of that name. Other path parameters can have any value.
    - `Caller`: the user of the access token. `Caller | None` also accepts visitors.
    - a `Body`: the JSON body. `| None` makes the body optional.
    - a `Query`: the query parameters. Without a `Query`, the route accepts no parameters.
    - a type of `http.headers`: a header or a cookie
    - a `HeaderGroup`: several headers or cookies
    - the return type: the body of the response. None means status 204 without a body.
    """

    def __init__(self, app: Chalice, authenticate: Authenticate, base_url: BaseUrl) -> None:
        self._app, self._authenticate, self._base_url = app, authenticate, base_url

    def __call__(
        self, tag: str, *, status: int | Mapping[type, int] = 200, raises: ErrorTypes = (), page: str = ""
    ) -> Callable[[Callable[..., Any]], "View"]:
        """Declare a view.

        `status` is the status of a response with a body, or a mapping of view types to statuses. `raises` lists the
        errors that the annotations do not imply. `page` is the address of the web page for the same resource. Clients
        that accept HTML are redirected to it, before anything else in the request is read.
        """

        def declare(view: Callable[..., Any]) -> View:
            operation = Operation.read(view, tag, status, raises, page)
            return View(view, operation, self._app, self._authenticate, self._base_url)

        return declare


class View:
    """A declared view. Chalice calls it for each request."""

    __name__: str

    def __init__(
        self,
        view: Callable[..., Any],
        operation: Operation,
        app: Chalice,
        authenticate: Authenticate,
        base_url: BaseUrl,
    ) -> None:
        self.operation, self._base_url = operation, base_url
        self._view, self._app, self._authenticate = view, app, authenticate
        update_wrapper(self, view)

    def __call__(self, **path_parameters: str) -> Response:
        """Return the response to the current request."""
        request = self._app.current_request
        assert request is not None
        if not self.operation.page:
            return self._answer(request, path_parameters)
        if parsing.accepts_html(request):
            address = self.operation.page.format(**{name: quote(text, "") for name, text in path_parameters.items()})
            response = build_response(Redirect(self._base_url() + address), self.operation.responses, request)
        else:
            response = self._answer(request, path_parameters)
        response.headers["Vary"] = "Accept"
        return response

    def _answer(self, request: Request, path_parameters: dict[str, str]) -> Response:
        try:
            return build_response(
                self._view(**self._parse_arguments(request, path_parameters)), self.operation.responses, request
            )
        except PhotoshareError as error:
            return build_error_response(error, request)

    def _parse_arguments(self, request: Request, path_parameters: dict[str, str]) -> dict[str, Any]:
        operation = self.operation
        arguments: dict[str, Any] = {}
        # Check the query parameters first, because every route rejects unknown parameters.
        query = parsing.parse_query(operation.query_type, request)
        if operation.query:
            arguments[operation.query[0]] = query
        if operation.caller:
            arguments[operation.caller] = self._authenticate_caller(request)
        if operation.body:
            name, body_type = operation.body
            is_absent = operation.is_body_optional and not request.raw_body
            arguments[name] = None if is_absent else parsing.parse_body(body_type, request)
        for name, header in operation.headers.items():
            arguments[name] = parsing.parse_header(header, request)
        for name, group in operation.header_groups.items():
            arguments[name] = group(
                **{field: parsing.parse_header(item, request) for field, item in group.headers().items()}
            )
        for name, kind in operation.path_parameters.items():
            arguments[name] = parsing.parse_path_parameter(kind, path_parameters[name])
        return arguments

    def _authenticate_caller(self, request: Request) -> Caller | None:
        # API Gateway also verifies tokens, but `chalice local` does not. Never ignore an invalid token.
        if self.operation.is_caller_optional and "authorization" not in request.headers:
            return None
        return self._authenticate(parsing.get_single_header(request, "authorization"))
