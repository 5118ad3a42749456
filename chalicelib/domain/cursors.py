"""Signed page tokens, each good for one caller, one list and one set of filters."""

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
    """Seals and opens the tokens of one list as one caller asks for it.

    Whatever the list depends on goes into the key, not into the token: a token of another caller, list, filter
    or version is indistinguishable from a forged one. The comparison is constant in time (itsdangerous'
    `hmac.compare_digest`).
    """

    def __init__(self, keys: Sequence[str], *bound_to: str | None) -> None:
        """`keys`: the newest last; that one seals, all open. `bound_to`: caller, list and filters, in order."""
        salt = repr(("cursor", VERSION, bound_to))
        self._serializer = URLSafeTimedSerializer(list(keys), salt=salt, signer_kwargs={"digest_method": sha256})

    def seal(self, position: Sequence[Any]) -> str:
        """The token for `position`, which is readable by its holder."""
        return str(self._serializer.dumps(position))

    def open(self, token: str | None) -> list[Any] | None:
        """The position inside `token`; None for None.

        Raises:
            InvalidCursor: it was not sealed for this, was changed in any byte, or is older than a day.
        """
        if token is None:
            return None
        try:
            if not _canonical(token):
                raise InvalidCursor
            position: list[Any] = self._serializer.loads(token, max_age=MAX_AGE_SECONDS)
        except BadData as error:
            raise InvalidCursor from error
        return position

    def page[Item](self, found: list[Item], limit: int, position: Callable[[Item], Sequence[Any]]) -> Page[Item]:
        """Cut a page of `limit` items. One item more in `found` shows that there is a next page.

        `position` returns what the next page starts after, given the last item of this page.
        """
        shown = found[:limit]
        return Page(shown, self.seal(position(shown[-1])) if len(found) > len(shown) else None)


def _canonical(token: str) -> bool:
    # Base64 decoders ignore stray bits and characters, so other spellings of a good token would pass as well.
    parts = token.removeprefix(".").split(".")
    return all(base64_encode(base64_decode(part)).decode() == part for part in parts)
