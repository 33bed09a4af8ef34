"""The log on standard error: one line an event, plain for people, JSON for machines; and its end, for messages."""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

__all__ = ["LogContext", "keep_end", "start"]

_OWN = "scc"
_EXTRAS = ("rows", "total", "seconds", "state", "hint", "exit_code")
_LIBRARIES = {f"{_OWN}.eloqua": "eloqua", f"{_OWN}.salesforce": "salesforce"}
_KEPT_LINES = 50


@dataclass
class LogContext(logging.Filter):
    """The run and the task under way, and the system that it is about, put on every line that does not
    name its own. `systems` tells the system of a task by its name."""

    run: str | None = None
    step: str | None = None
    format: str = "auto"
    systems: Mapping[str, str] = field(default_factory=dict)

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("run", "step"):
            if not hasattr(record, name):
                setattr(record, name, getattr(self, name))
        if not hasattr(record, "system"):
            library = ".".join(record.name.split(".")[:2])
            record.system = _LIBRARIES.get(library) or self.systems.get(str(record.step))  # type: ignore[attr-defined]  # set above
        return True


def start(log_format: str, level: str, *, debug: bool = False) -> LogContext:
    """Send all logging to standard error, replacing what an earlier call set up.

    Other libraries are heard from warnings on. `debug` adds tracebacks to plain lines.
    """
    context = LogContext(format=log_format)
    handler = _StandardError()
    handler.addFilter(context)
    handler.setFormatter(_Json() if log_format == "json" else _Plain(traceback=debug))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    if log_format == "auto" and level == "info" and sys.stderr.isatty():
        level = "warning"  # the progress bars tell the rest
    logging.getLogger(_OWN).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    return context


def keep_end(context: LogContext) -> Sequence[str]:
    """The last lines of the log from now on, as people read them; they come in as they are written."""
    end: deque[str] = deque(maxlen=_KEPT_LINES)
    handler = _End(end)
    handler.addFilter(context)
    handler.setFormatter(_Plain(traceback=False))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _End)]:
        root.removeHandler(old)
    root.addHandler(handler)
    return end


class _End(logging.Handler):
    def __init__(self, lines: deque[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


class _StandardError(logging.StreamHandler[TextIO]):
    """Looks sys.stderr up for each line: a progress bar puts itself in between while it is drawn."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # the base class sets it once
        return sys.stderr


class _Json(logging.Formatter):
    """time, level, logger, message, run, task, system; rows, total, seconds, state, hint, exit_code and error
    where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "run": getattr(record, "run", None),
            "task": getattr(record, "step", None),
            "system": getattr(record, "system", None),
        }
        line |= {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _Plain(logging.Formatter):
    def __init__(self, *, traceback: bool) -> None:
        super().__init__()
        self.traceback = traceback

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        if record.exc_info and record.exc_info[0]:
            text += f" ({record.exc_info[0].__name__})"
            if self.traceback:
                text += f"\n{self.formatException(record.exc_info)}"
        # A line break inside an event would look like the start of another.
        text = text if self.traceback and record.exc_info else text.replace("\n", "\\n")
        step = getattr(record, "step", None)
        return f"{_time(record)} {record.levelname.lower():7} {f'{step}: ' if step else ''}{text}"


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
