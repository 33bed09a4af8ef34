"""What was asked of the sandbox: the last requests, without bodies and without headers."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

__all__ = ["Recording", "Requests"]


@dataclass
class Recording:
    """One request. `status` stays None until it is answered; `fault` names the fault that met it."""

    n: int
    at: str
    system: str
    method: str
    path: str
    query: str
    status: int | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    seconds: float | None = None
    fault: str | None = None


class Requests:
    """A ring of the last `keep` requests, and a count of all."""

    def __init__(self, keep: int = 20_000) -> None:
        self._lock = Lock()
        self._ring: deque[Recording] = deque(maxlen=keep)
        self.total = 0

    def open(self, *, at: str, system: str, method: str, path: str, query: str) -> Recording:
        with self._lock:
            self.total += 1
            recording = Recording(self.total, at, system, method, path, query)
            self._ring.append(recording)
            return recording

    def list(self, *, system: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """Return the requests, oldest first; `path` is a part of the path, in any case."""
        with self._lock:
            ring = tuple(self._ring)
        return [
            asdict(recording)
            for recording in ring
            if (not system or recording.system == system)
            and (not path or path.lower() in recording.path.lower())
        ]

    def clear(self) -> None:
        with self._lock:
            self._ring.clear()
            self.total = 0
