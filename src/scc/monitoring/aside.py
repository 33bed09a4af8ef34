"""Watching a run from beside it: whoever is slow to take notice holds the run up by a bounded time only."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence

from scc.flow.observers import Observers, RunObserver
from scc.store.runs import RunRecord

__all__ = ["Aside"]

_log = logging.getLogger(__name__)


class Aside:
    """A RunObserver that tells others, in order, in a thread of its own.

    The beginning of a run waits for nobody, its end at most `wait_s` for all of them. Timeouts of their
    own do not bound them: looking up a name may take longer than any.
    """

    def __init__(self, observers: Sequence[RunObserver], wait_s: float) -> None:
        self._observers = Observers(observers)
        self._wait_s = wait_s
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def lost(self, record: RunRecord) -> None:
        self._hand_over(lambda: self._observers.lost(record))

    def started(self, record: RunRecord) -> None:
        self._hand_over(lambda: self._observers.started(record))

    def ended(self, record: RunRecord) -> None:
        told = threading.Event()
        self._hand_over(lambda: self._observers.ended(record))
        self._hand_over(told.set)
        if not told.wait(self._wait_s):
            _log.warning("not all who watch %s have taken notice within %g s", record.run, self._wait_s)

    def _hand_over(self, call: Callable[[], None]) -> None:
        self._waiting.put(call)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="monitoring", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            self._waiting.get()()
