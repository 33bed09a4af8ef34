"""What a long step tells of itself while it works."""

from __future__ import annotations

from typing import Protocol

__all__ = ["NO_PROGRESS", "Progress"]


class Progress(Protocol):
    """A step is started once, advances by rows, and is finished with a short note."""

    def start(self, step: str, total: int | None) -> None: ...
    def advance(self, step: str, rows: int) -> None: ...
    def finish(self, step: str, note: str) -> None: ...


class _NoProgress:
    def start(self, step: str, total: int | None) -> None:
        pass

    def advance(self, step: str, rows: int) -> None:
        pass

    def finish(self, step: str, note: str) -> None:
        pass


NO_PROGRESS: Progress = _NoProgress()
