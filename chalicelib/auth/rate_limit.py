"""How often one person may ask: a bucket of requests each, which fills again as time goes by.

Kept in the process, so that it costs no request. Each of Lambda's environments has its own, and answers one request at
a time: the guard is against a client that runs away, in whichever environments it runs. Floods are for WAF and API
Gateway, which see them before anything is started for them.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable

from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.ids import UserId

BURST = 1000
"""Requests at once."""
PER_SECOND = 20
"""Requests in the long run."""
_PEOPLE = 10_000


class Limiter:
    """The buckets (token bucket, as in RFC 2697 without its second colour)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        self._clock = clock
        self._left: OrderedDict[UserId, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, user_id: UserId) -> None:
        """Count a request of this person, who must have been verified: whoever has no token has no bucket.

        Raises:
            TooManyRequests: their bucket is empty. Retry-After is when it will not be.
        """
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(user_id, (BURST, now))
            left = min(BURST, left + (now - at) * PER_SECOND)
            self._left[user_id] = (left - 1 if left >= 1 else left, now)
            # Whoever was not seen for longest is forgotten, which fills their bucket: by then it nearly is.
            if len(self._left) > _PEOPLE:
                self._left.popitem(last=False)
        if left < 1:
            raise TooManyRequests(retry_after=max(1, math.ceil((1 - left) / PER_SECOND)))
