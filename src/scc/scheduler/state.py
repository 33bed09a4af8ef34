"""Luigi's state in a file that outlives SIGKILL: written whole or not at all, read with suspicion."""

from __future__ import annotations

import builtins
import collections
import io
import logging
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import luigi.scheduler
from luigi.parameter import ParameterVisibility

from scc.store.files import publish

__all__ = ["Clock", "SavedState"]

Clock: TypeAlias = Callable[[], float]

log = logging.getLogger(__name__)

_KNOWN: dict[tuple[str, str], Any] = {
    ("luigi.scheduler", "Task"): luigi.scheduler.Task,
    ("luigi.scheduler", "Worker"): luigi.scheduler.Worker,
    ("luigi.scheduler", "OrderedSet"): luigi.scheduler.OrderedSet,
    ("luigi.scheduler", "RetryPolicy"): luigi.scheduler.RetryPolicy,
    ("luigi.parameter", "ParameterVisibility"): ParameterVisibility,
    ("collections", "deque"): collections.deque,
    ("builtins", "set"): builtins.set,
}
"""What a state is made of. A pickle may name any callable there is; this one may not."""


class SavedState(luigi.scheduler.SimpleTaskState):
    """Luigi's tasks and workers. `saved_at` is the time of the last good save, or of the start."""

    def __init__(self, path: Path, clock: Clock = time.time) -> None:
        super().__init__(str(path))
        self.path = path
        self.saved_at = clock()
        self.failed_saves = 0
        self._clock = clock

    def dump(self) -> None:
        """Save; a disk that is full is told, and does not stop what is under way."""
        try:
            data = pickle.dumps(self.get_state())
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with publish(self.path) as temporary:
                temporary.write_bytes(data)
        except OSError as error:
            self.failed_saves += 1
            log.error("the state can't be saved in %s: %s", self.path, error.strerror)  # noqa: TRY400 - the words say it all
        else:
            self.saved_at = self._clock()

    def fail_dead_worker_task(self, task: Any, config: Any, assistants: Any) -> None:
        """Give a dead worker's task to whoever waits for it, at once: it is free of its worker, it did not fail."""
        held = task.worker_running
        super().fail_dead_worker_task(task, config, assistants)
        if held and not task.worker_running:
            task.retry = 0.0

    def load(self) -> None:
        """Read what was saved. A damaged file is set aside under another name, and all begins empty."""
        try:
            state = _Unpickler(io.BytesIO(self.path.read_bytes())).load()
            self._take(state)
        except FileNotFoundError:
            log.info("there is no state in %s yet", self.path)
        except Exception as error:  # noqa: BLE001 - a damaged pickle may raise anything
            self._set_aside(error)
        else:
            log.info("%d tasks are known from %s", len(self._tasks), self.path)

    def _take(self, state: Any) -> None:
        self.set_state(state)
        self._status_tasks = collections.defaultdict(dict)
        for task in self._tasks.values():
            self._status_tasks[task.status][task.id] = task
        now = self._clock()
        for worker in self._active_workers.values():
            # Nobody could call while this was away: that is no silence of theirs.
            worker.last_active = now

    def _set_aside(self, error: Exception) -> None:
        self.set_state(({}, {}, {}))
        self._status_tasks = collections.defaultdict(dict)
        aside = self.path.with_name(f"{self.path.name}.damaged-{int(self._clock())}")
        try:
            self.path.replace(aside)
        except OSError as refused:
            log.warning(
                "the state in %s can't be read (%s) nor set aside (%s); it is replaced at the next save",
                self.path,
                type(error).__name__,
                refused.strerror,
            )
            return
        log.warning(
            "the state in %s can't be read (%s): it is now %s, and all begins empty; runs that are under way"
            " announce themselves again",
            self.path,
            type(error).__name__,
            aside.name,
        )


class _Unpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        try:
            return _KNOWN[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is no part of a state") from None
