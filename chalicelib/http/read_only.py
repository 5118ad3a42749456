"""Refuse changes while an operator moves the data to another database."""

from collections.abc import Callable

from chalice.app import Request, Response

from chalicelib.domain.errors import Busy
from chalicelib.http.errors import build_error_response
from chalicelib.infra.settings import Settings

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_WITHOUT_DATA = {"token", "login", "logout", "signup", "password", "share"}
"""The first part of each path whose routes change no data of the stores."""
_RETRY_SECONDS = 60


def build_guard(settings: Callable[[], Settings]) -> Callable[[Request, Callable[[Request], Response]], Response]:
    """Return a middleware that responds with 503 to each request that could change data, if the app is read-only."""

    def guard(request: Request, get_response: Callable[[Request], Response]) -> Response:
        changes_data = request.method not in _SAFE_METHODS and request.path.split("/")[1] not in _WITHOUT_DATA
        if changes_data and settings().read_only:
            error = Busy("The service is read-only for maintenance.", retry_after=_RETRY_SECONDS)
            return build_error_response(error, request)
        return get_response(request)

    return guard
