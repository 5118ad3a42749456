"""Small documents over HTTP: bounded in time and size, and never redirected."""

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
    """The other side did not answer as it should. `status` is its status where it refused, else None."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    # A redirect would let whoever answers choose which address this process calls next.
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def fetch(url: str, *, seconds: float, form: dict[str, str] | None = None) -> bytes:
    """GET `url`, or POST `form` to it, within `seconds` in all.

    Raises:
        FetchFailed: refused, unreachable, too slow, cut short, redirected, or over 256 KB.
    """
    answer: Future[bytes] = Future()
    # No timeout of a socket bounds the whole: each address has its own, and each byte of the head begins it anew.
    threading.Thread(target=_settle, args=(answer, url, seconds, form), daemon=True).start()
    try:
        return answer.result(seconds)
    except TimeoutError as error:
        raise FetchFailed(f"{url} did not respond within {seconds} s") from error


def _settle(answer: Future[bytes], url: str, seconds: float, form: dict[str, str] | None) -> None:
    try:
        answer.set_result(_fetched(url, seconds, form))
    except BaseException as error:  # For whoever waits to see.
        answer.set_exception(error)


def _fetched(url: str, seconds: float, form: dict[str, str] | None) -> bytes:
    deadline = time.monotonic() + seconds
    sent = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with _opener.open(urllib.request.Request(url, sent), timeout=seconds) as answer:
            content = b""
            while chunk := answer.read1(_CHUNK):
                content += chunk
                if len(content) > MAX_BYTES or time.monotonic() > deadline:
                    raise FetchFailed(f"the response of {url} is too large or too slow")
            # Unlike `read`, `read1` takes an early end for the end.
            if answer.length:
                raise FetchFailed(f"{url} closed the connection before the end of the response")
            return content
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchFailed(f"{url} responded with status {error.code}", error.code) from error
    except (OSError, HTTPException) as error:
        raise FetchFailed(f"{url} did not respond: {error}") from error
