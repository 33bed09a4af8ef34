"""Progress of long steps: bars where a person watches, log lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Protocol

from scc.flow.progress import Progress

if TYPE_CHECKING:
    from scc.cli.logs import LogContext

__all__ = ["ClosingProgress", "make"]

log = logging.getLogger("scc.progress")
SPEAK_EVERY_S = 10.0


class ClosingProgress(Progress, Protocol):
    def close(self) -> None:
        """Put the screen in order, also when a step ended in an error."""
        ...


def make(context: LogContext, *, quiet: bool) -> ClosingProgress:
    """Bars if standard error is a terminal and the log's format is auto, else log lines."""
    if context.format == "auto" and sys.stderr.isatty() and not quiet:
        from scc.cli.bars import Bars

        return Bars(context)
    return Lines(context)


class Lines:
    """A line when a step starts, every ten seconds while it works, and when it ends."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._steps: dict[str, _Step] = {}

    def start(self, step: str, total: int | None) -> None:
        self._steps[step] = _Step(total)
        self._context.step = step
        log.info("started", extra={"step": step, "total": total})

    def advance(self, step: str, rows: int) -> None:
        state = self._steps.setdefault(step, _Step(None))
        state.rows += rows
        now = time.monotonic()
        if now - state.spoke >= SPEAK_EVERY_S:
            state.spoke = now
            of = f" of {state.total:,}" if state.total else ""
            log.info(f"{state.rows:,}{of} rows", extra={"step": step, "rows": state.rows})  # noqa: G004 - thousands separators

    def finish(self, step: str, note: str) -> None:
        state = self._steps.pop(step, _Step(None))
        seconds = round(time.monotonic() - state.started, 3)
        log.info(note, extra={"step": step, "rows": state.rows, "seconds": seconds})
        self._context.step = None

    def close(self) -> None:
        pass


class _Step:
    def __init__(self, total: int | None) -> None:
        self.total = total
        self.rows = 0
        self.started = self.spoke = time.monotonic()
