"""When to ask again, and how long to wait before: the policy, with its clock and dice injected.

It knows no request: what may be repeated is decided in `door`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

__all__ = ["RetryPolicy", "retry_after_s"]


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter, within a budget of wall-clock seconds for one call.

    The budget covers all attempts of a call and the waits between them: no attempt starts after its
    end. An attempt under way is not cut by it, the read timeout is there for that.
    """

    budget_s: float = 300.0
    first_wait_s: float = 0.5
    max_wait_s: float = 30.0
    factor: float = 2.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False, compare=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)
    dice: Callable[[], float] = field(default=random.random, repr=False, compare=False)

    def wait_s(self, attempt: int, at_least_s: float = 0.0) -> float:
        """Say how long to wait after failed attempt number `attempt` (from 1).

        `at_least_s` is what the server asked for; the jittered backoff remains the floor, so that a
        server that says `Retry-After: 0` is not hammered.
        """
        # beyond 2^60 a float gains nothing and may overflow
        ceiling = min(self.max_wait_s, self.first_wait_s * self.factor ** min(attempt - 1, 60))
        return max(at_least_s, self.dice() * ceiling)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` as seconds from now; None where it is absent or makes no sense.

    Both forms of RFC 9110 10.2.3 are understood: seconds and an HTTP date.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
        return max(0.0, at.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
