"""Fetch small documents over HTTP with limits of time and size, and without redirects."""

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import Future
from http.client import HTTPException, HTTPMessage
from typing import IO

MAX_BYTES = 256 * 1024
_CHUNK = 16 * 1024


class FetchFailed(Exception):
    """The request failed. `status` is the HTTP status of an error response, or None without a response."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    # Following redirects would let the server choose the next address that this process calls (SSRF).
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def fetch(url: str, *, seconds: float, form: dict[str, str] | None = None) -> bytes:
    """Send GET to `url`, or POST with `form` if given. Return the response body. The whole call takes up to `seconds`.

    Raises:
        FetchFailed: the server is unreachable or too slow, or the response is an error, a redirect, cut short, or over
            256 KB.
    """
    future: Future[bytes] = Future()
    # A socket timeout does not limit the whole call. It restarts for each address and for each byte of the headers.
    threading.Thread(target=_fetch_into, args=(future, url, seconds, form), daemon=True).start()
    try:
        return future.result(seconds)
    except TimeoutError as error:
        raise FetchFailed(f"{url} did not respond within {seconds} s") from error


def _fetch_into(future: Future[bytes], url: str, seconds: float, form: dict[str, str] | None) -> None:
    try:
        future.set_result(_fetch(url, seconds, form))
    except BaseException as error:  # The thread that waits for the future raises it.
        future.set_exception(error)


def _fetch(url: str, seconds: float, form: dict[str, str] | None) -> bytes:
    deadline = time.monotonic() + seconds
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with _opener.open(urllib.request.Request(url, body), timeout=seconds) as response:
            content = b""
            while chunk := response.read1(_CHUNK):
                content += chunk
                if len(content) > MAX_BYTES or time.monotonic() > deadline:
                    raise FetchFailed(f"the response of {url} is too large or too slow")
            # Unlike `read`, `read1` does not report that the connection was closed early.
            if response.length:
                raise FetchFailed(f"{url} closed the connection before the end of the response")
            return content
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchFailed(f"{url} responded with status {error.code}", error.code) from error
    except (OSError, HTTPException) as error:
        raise FetchFailed(f"{url} did not respond: {error}") from error
