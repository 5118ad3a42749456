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
PHOTOS_PER_REQUEST = 5
"""The number of photos in a batch that count as one request."""
_MAX_USERS = 10_000


class Limiter:
    """The token buckets of all users. Each holds `BUCKET_SIZE` tokens and gets `REFILL_PER_SECOND` new ones."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` returns monotonic seconds."""
        self._clock = clock
        self._buckets: OrderedDict[UserId, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def count_batch(self, user_id: UserId, size: int) -> None:
        """Count a request with `size` photos as one request for each `PHOTOS_PER_REQUEST` photos.

        `count_request` has already counted the request once.

        Raises:
            TooManyRequests: see `count_request`.
        """
        self.count_request(user_id, math.ceil(size / PHOTOS_PER_REQUEST) - 1)

    def count_request(self, user_id: UserId, cost: int = 1) -> None:
        """Count a request of this user. Call this after verifying the token: visitors have no bucket.

        `cost` is the number of tokens that the request takes from the bucket.

        Raises:
            TooManyRequests: the bucket has too few tokens. `Retry-After` is the time until the next request is allowed.
        """
        with self._lock:
            now = self._clock()
            tokens, filled_at = self._buckets.pop(user_id, (BUCKET_SIZE, now))
            tokens = min(BUCKET_SIZE, tokens + (now - filled_at) * REFILL_PER_SECOND)
            self._buckets[user_id] = (tokens - cost if tokens >= cost else tokens, now)
            # The user who has been idle for longest has the fullest bucket, so its eviction changes the least.
            if len(self._buckets) > _MAX_USERS:
                self._buckets.popitem(last=False)
        if tokens < cost:
            raise TooManyRequests(retry_after=max(1, math.ceil((cost - tokens) / REFILL_PER_SECOND)))
