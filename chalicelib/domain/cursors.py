"""Signed cursors. Each is valid for one caller, one list and one set of filters."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from chalicelib.domain.errors import InvalidCursor
from chalicelib.domain.listing import Page

VERSION = 1
MAX_AGE_SECONDS = 24 * 60 * 60


class Cursors:
    """Seal and open the cursors of one list, as one caller reads it.

    The signing key depends on the caller, the list, the filters and the version. So a cursor of another list looks like
    a forged one. Signatures are compared in constant time (itsdangerous' `hmac.compare_digest`).
    """

    def __init__(self, keys: Sequence[str], *bound_to: str | None) -> None:
        """`keys` has the newest key last. The newest key seals cursors. Every key opens them.

        `bound_to` lists the caller, the list and the filters in a fixed order.
        """
        salt = repr(("cursor", VERSION, bound_to))
        self._serializer = URLSafeTimedSerializer(list(keys), salt=salt, signer_kwargs={"digest_method": sha256})

    def seal(self, position: Sequence[Any]) -> str:
        """Return the cursor of `position`. The client can read the position in it."""
        return str(self._serializer.dumps(position))

    def open(self, token: str | None) -> list[Any] | None:
        """Return the position in a cursor, or None without a cursor.

        Raises:
            InvalidCursor: the cursor was sealed for another list or caller, was changed, or is older than a day.
        """
        if token is None:
            return None
        try:
            if not _is_canonical(token):
                raise InvalidCursor
            position: list[Any] = self._serializer.loads(token, max_age=MAX_AGE_SECONDS)
        except BadData as error:
            raise InvalidCursor from error
        return position

    def build_page[Item](self, items: list[Item], limit: int, position: Callable[[Item], Sequence[Any]]) -> Page[Item]:
        """Return a page of the first `limit` items. If `items` has more items, the page has a cursor.

        `position` returns the position of an item. The next page starts after the position of this page's last item.
        """
        page_items = items[:limit]
        return Page(page_items, self.seal(position(page_items[-1])) if len(items) > len(page_items) else None)


def _is_canonical(token: str) -> bool:
    # Base64 decoders ignore stray bits and characters. Accept only the encoding that `seal` returns.
    return all(base64_encode(base64_decode(part)).decode() == part for part in token.split("."))
