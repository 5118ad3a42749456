"""Small documents over HTTP: bounded in time and size, and never redirected."""

import time
import urllib.error
import urllib.parse
import urllib.request
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
        FetchFailed: refused, unreachable, too slow, redirected, or over 256 KB.
    """
    deadline = time.monotonic() + seconds
    sent = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with _opener.open(urllib.request.Request(url, sent), timeout=seconds) as answer:
            content = b""
            while chunk := answer.read1(_CHUNK):
                content += chunk
                if len(content) > MAX_BYTES or time.monotonic() > deadline:
                    raise FetchFailed(f"{url} answers too much or too slowly")
            return content
    except urllib.error.HTTPError as error:
        error.close()
        raise FetchFailed(f"{url} answered {error.code}", error.code) from error
    except (OSError, HTTPException) as error:
        raise FetchFailed(f"{url} did not answer: {error}") from error
