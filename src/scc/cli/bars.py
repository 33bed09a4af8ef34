"""Progress bars on a terminal: one line a step, which stays when the step is done."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

if TYPE_CHECKING:
    from scc.cli.logs import LogContext

__all__ = ["Bars"]

_WIDTH = 22


class Bars:
    """Draws while steps are under way; leaves a line with the step's note and time for each."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self._console = Console(stderr=True, highlight=False)
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, float] = {}
        self._bar: Progress | None = None
        self._finished = False

    def start(self, step: str, total: int | None) -> None:
        if self._bar is None:
            self._bar = Progress(
                TextColumn("  {task.description:<" + str(_WIDTH) + "}"),
                BarColumn(bar_width=24),
                _Rows(),
                console=self._console,
                transient=True,
            )
            self._bar.start()
        self._context.step = step
        self._began[step] = time.monotonic()
        self._tasks[step] = self._bar.add_task(step, total=total)

    def advance(self, step: str, rows: int) -> None:
        if self._bar and step in self._tasks:
            self._bar.advance(self._tasks[step], rows)

    def finish(self, step: str, note: str) -> None:
        self._finished = True
        seconds = time.monotonic() - self._began.pop(step, time.monotonic())
        task = self._tasks.pop(step, None)
        if self._bar and task is not None:
            self._bar.remove_task(task)
        if self._bar and not self._tasks:
            self._stop()
        self._context.step = None
        tick = "✓" if (sys.stderr.encoding or "").lower().startswith("utf") else "-"
        line = Text.assemble((f"{tick} ", "green"), f"{step:<{_WIDTH}}", note, (f"  {seconds:.1f} s", "dim"))
        (self._bar.console if self._bar else self._console).print(line, soft_wrap=True)

    def _stop(self) -> None:
        """Take the bars off the screen, also when a step ended in an error."""
        if self._bar:
            self._bar.stop()
            self._bar = None
            self._tasks.clear()

    def close(self) -> None:
        self._stop()
        if self._finished:
            self._console.print()


class _Rows(ProgressColumn):
    def render(self, task: Task) -> Text:
        of = f" of {task.total:,.0f}" if task.total else ""
        return Text(f"{task.completed:,.0f}{of} rows", style="dim")
