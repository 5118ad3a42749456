"""The rate limit of each user: a token bucket that refills over time.

The buckets are kept in the process, so that they cost no request. Each Lambda environment has its own buckets and
handles one request at a time. The limit throttles a single client that sends too many requests. WAF and API Gateway
stop floods before a Lambda environment starts. AWS contract LAM-8.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable

from chalicelib.domain.errors import TooManyRequests
from chalicelib.domain.ids import UserId

BUCKET_SIZE = 1000
"""The size of a bucket: the largest number of requests at once."""
REFILL_PER_SECOND = 20
"""The number of requests per second that refill a bucket."""
_MAX_USERS = 10_000


class Limiter:
    """The token buckets of all users. Each holds `BUCKET_SIZE` tokens and gets `REFILL_PER_SECOND` new ones."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` returns monotonic seconds."""
        self._clock = clock
        self._buckets: OrderedDict[UserId, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def count_request(self, user_id: UserId) -> None:
        """Count a request of this user. Call this after verifying the token: visitors have no bucket.

        Raises:
            TooManyRequests: the bucket is empty. `Retry-After` is the time until the next request is allowed.
        """
        with self._lock:
            now = self._clock()
            tokens, filled_at = self._buckets.pop(user_id, (BUCKET_SIZE, now))
            tokens = min(BUCKET_SIZE, tokens + (now - filled_at) * REFILL_PER_SECOND)
            self._buckets[user_id] = (tokens - 1 if tokens >= 1 else tokens, now)
            # The user who has been idle for longest has the fullest bucket, so its eviction changes the least.
            if len(self._buckets) > _MAX_USERS:
                self._buckets.popitem(last=False)
        if tokens < 1:
            raise TooManyRequests(retry_after=max(1, math.ceil((1 - tokens) / REFILL_PER_SECOND)))
