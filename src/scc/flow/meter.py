"""How often the systems were asked, and what they answered: counts for the record of a run, never values."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a client, and with it the transport, is imported only where a pipeline meets its system
    from scc.transport import Exchange

__all__ = ["Meter", "Usage"]


@dataclass(slots=True)
class Usage:
    """`requests`: attempts by system and status ("200", or "none" where no answer came);
    `retries`: those of them that repeated an earlier one, by system."""

    requests: dict[str, dict[str, int]] = field(default_factory=dict)
    retries: dict[str, int] = field(default_factory=dict)


class Meter:
    """Counts exchanges from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._retries: Counter[str] = Counter()

    def __call__(self, exchange: Exchange) -> None:
        with self._lock:
            self._requests[exchange.system, str(exchange.status or "none")] += 1
            if exchange.attempt > 1:
                self._retries[exchange.system] += 1

    def take(self) -> Usage:
        """What was counted since this was last asked."""
        with self._lock:
            requests, self._requests = self._requests, Counter()
            retries, self._retries = self._retries, Counter()
        usage = Usage(retries=dict(sorted(retries.items())))
        for (system, status), count in sorted(requests.items()):
            usage.requests.setdefault(system, {})[status] = count
        return usage
