"""The sandbox's clock: real time, moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["Clock"]


class Clock:
    """Runs with real time until it is moved or frozen. What expires in a system expires by this clock."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return (self._frozen or datetime.now(UTC)) + self._offset

    def naive(self) -> datetime:
        """Return the time in UTC without a zone, as the tables hold it."""
        return self.now().replace(tzinfo=None)

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def freeze(self, at: datetime) -> None:
        """Stop at `at` (aware); only `advance` moves it from there."""
        self._frozen = at.astimezone(UTC)
        self._offset = timedelta()

    def reset(self) -> None:
        self._frozen = None
        self._offset = timedelta()
