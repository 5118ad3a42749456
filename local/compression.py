"""Content codings as Amazon API Gateway applies them: it compresses responses and decompresses requests.

AWS contract APIGW-7.
"""

import zlib
from operator import itemgetter

from werkzeug.http import parse_accept_header

from chalicelib.domain.errors import TooLarge, UnsupportedMediaType

# HTTP's deflate is deflated data in zlib's own format.
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def choose_coding(accept_encoding: str) -> str | None:
    """Return the coding that the client prefers, or None if API Gateway does not compress for this client.

    API Gateway considers only the first coding of the highest quality. With "br, gzip" it does not compress.
    """
    coding, quality = max(parse_accept_header(accept_encoding), key=itemgetter(1), default=("", 0))
    return coding.lower() if quality and coding.lower() in _WINDOW_BITS else None


def compress(body: bytes, coding: str) -> bytes:
    """Return the body in this coding."""
    return zlib.compress(body, wbits=_WINDOW_BITS[coding])


def decompress(body: bytes, content_encoding: str, limit: int) -> bytes:
    """Return the body without its coding.

    Raises:
        UnsupportedMediaType: the coding is not supported, or the body is not exactly one stream in this coding.
        TooLarge: the decompressed body is over the limit. Decompression stops there.
    """
    coding = content_encoding.strip().lower()
    if not body or coding in ("", "identity"):
        return body
    if coding not in _WINDOW_BITS:
        raise UnsupportedMediaType("Content-Encoding must be gzip, deflate or identity.")
    stream = zlib.decompressobj(_WINDOW_BITS[coding])
    try:
        plain = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise UnsupportedMediaType(f"The body is not valid {coding}.") from error
    if len(plain) > limit:
        raise TooLarge(f"The request body exceeds {limit} bytes.")
    if not stream.eof or stream.unused_data:
        raise UnsupportedMediaType(f"The body is not valid {coding}.")
    return plain
