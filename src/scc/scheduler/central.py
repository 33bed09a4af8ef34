"""Luigi's scheduler with what it lacks: a grant of a quota is on disk before the worker hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import luigi.scheduler
from luigi.task_history import NopHistory, TaskHistory
from luigi.task_status import RUNNING

from scc.scheduler.metrics import Metrics
from scc.scheduler.state import SavedState

__all__ = ["Central", "Rules"]


@dataclass(frozen=True, slots=True)
class Rules:
    """`limits`: each quota's size by resource name; `worker_timeout_s`: silence after which a worker is dead."""

    state: Path
    limits: Mapping[str, int] = field(default_factory=dict)
    worker_timeout_s: float = 30.0
    save_interval_s: float = 5.0


_REMEMBER_S = 3 * 3600.0
"""How long a task shows on the pages after its worker has left."""


class Central(luigi.scheduler.Scheduler):
    """The scheduler behind the RPC. Every change of who holds a resource is saved at once, all else at intervals."""

    def __init__(self, rules: Rules, history: TaskHistory | None = None) -> None:
        config = luigi.scheduler.scheduler(
            state_path=str(rules.state),
            worker_disconnect_delay=rules.worker_timeout_s,
            prune_on_get_work=True,
            remove_delay=_REMEMBER_S,
            # A task that has failed is tried again by whoever starts its run, never by Luigi.
            retry_delay=60.0,
            stable_done_cooldown_secs=0,
            batch_emails=False,
            record_task_history=history is not None,
        )
        super().__init__(
            config=config,
            resources=dict(rules.limits) or None,
            task_history_impl=history or NopHistory(),
        )
        self.state = SavedState(rules.state)
        self.metrics = Metrics(self)
        self.state._metrics_collector = self.metrics  # noqa: SLF001 - Luigi has no other way in
        self._state = self.state

    @property
    def limits(self) -> Mapping[str, int]:
        """Each quota's size; a person may have changed one on the resources page."""
        return dict(self._resources or {})

    @property
    def used(self) -> Mapping[str, int]:
        """How much of each quota is held."""
        return dict(self._used_resources())

    @property
    def paused(self) -> bool:
        return bool(self._paused)

    def get_work(self, *arguments: Any, **named: Any) -> Any:
        reply = super().get_work(*arguments, **named)
        granted = self.state.get_task(reply["task_id"]) if reply.get("task_id") else None
        if granted is not None and granted.resources:
            # Else, killed now, it would come back with the quota free and give it away once more.
            self.state.dump()
        return reply

    def add_task(self, *arguments: Any, **named: Any) -> Any:
        before = self._holds(named.get("task_id"))
        answer = super().add_task(*arguments, **named)
        if before and not self._holds(named.get("task_id")):
            self.state.dump()
        return answer

    def _holds(self, task_id: str | None) -> bool:
        task = self.state.get_task(task_id)
        return bool(task and task.status == RUNNING and task.resources)
