"""Who is in: sessions and how long they live, and how many calls were made in the last day.

By the sandbox's clock, so that a test can let a session run out. Knows nothing of how one logs in.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from threading import Lock

from scc.sandbox.clock import Clock

_HOURS = 24


@dataclass(slots=True)
class Session:
    token: str
    user_id: str
    username: str
    used: dt.datetime


class Sessions:
    """The tokens in use. A session lives `seconds` after its last use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._sessions: dict[str, Session] = {}

    def open(self, organization_id: str, user_id: str, username: str) -> Session:
        """Let a user in; the token looks like a real one, organization id and all."""
        token = f"{organization_id[:15]}!AQ{secrets.token_urlsafe(60)}"
        session = Session(token, user_id, username, self._clock.now())
        with self._lock:
            self._sessions[token] = session
        return session

    def find(self, token: str, seconds: int) -> Session | None:
        """Return the session of a token, None when there is none or it has run out."""
        now = self._clock.now()
        with self._lock:
            session = self._sessions.get(token)
            if session is None:
                return None
            if now - session.used > dt.timedelta(seconds=seconds):
                del self._sessions[token]
                return None
            session.used = now
            return session

    def expire(self, token: str) -> bool:
        """End a session; false when there was none."""
        with self._lock:
            return self._sessions.pop(token, None) is not None

    def clear(self) -> None:
        with self._lock:
            self._sessions.clear()


class Usage:
    """Calls in the last 24 hours, counted by the hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._by_hour: dict[int, int] = {}

    def count(self) -> int:
        """Count one call and return how many there were, it included."""
        with self._lock:
            hour = self._hour()
            self._by_hour[hour] = self._by_hour.get(hour, 0) + 1
            return self._used(hour)

    def used(self) -> int:
        with self._lock:
            return self._used(self._hour())

    def clear(self) -> None:
        with self._lock:
            self._by_hour.clear()

    def _hour(self) -> int:
        return int(self._clock.now().timestamp()) // 3600

    def _used(self, hour: int) -> int:
        return sum(count for each, count in self._by_hour.items() if hour - _HOURS < each <= hour)
