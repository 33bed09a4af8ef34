"""What the scheduler tells Prometheus: Luigi's counters, and the gauges that it lacks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from luigi.contrib.prometheus_metric import PrometheusMetricsCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from scc.scheduler.central import Central

__all__ = ["Metrics"]


class Metrics(PrometheusMetricsCollector):
    """Luigi's `luigi_task_*` by family, and `scc_scheduler_*` counted when somebody asks."""

    def __init__(self, scheduler: Central) -> None:
        super().__init__(use_task_family_in_labels=True, task_parameters_to_use_in_labels=())
        self.registry.register(_Gauges(scheduler))

    # Luigi's own take the time of a start that a task may never have had, and the call fails with them.

    def handle_task_failed(self, task: Any) -> None:
        if task.time_running is None:
            self.task_failed_counter.labels(family=task.family).inc()
        else:
            super().handle_task_failed(task)

    def handle_task_disabled(self, task: Any, config: Any) -> None:
        if task.time_running is None:
            self.task_disabled_counter.labels(family=task.family).inc()
        else:
            super().handle_task_disabled(task, config)


class _Gauges(Collector):
    _STATUSES: ClassVar = ("PENDING", "RUNNING", "DONE", "FAILED", "DISABLED", "UNKNOWN")

    def __init__(self, scheduler: Central) -> None:
        self._scheduler = scheduler

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not count yet."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        now = time.time()
        yield from self._tasks(now)
        yield from self._resources()
        scheduler, state = self._scheduler, self._scheduler.state
        workers = list(state.get_active_workers())
        yield _gauge("scc_scheduler_workers", "Workers that were heard of lately.", len(workers))
        yield _gauge(
            "scc_scheduler_paused", "1 while a person has paused the scheduler.", int(scheduler.paused)
        )
        yield _gauge(
            "scc_scheduler_state_age_seconds", "Seconds since the state was saved.", now - state.saved_at
        )
        failed = CounterMetricFamily("scc_scheduler_state_save_failures", "Saves of the state that failed.")
        failed.add_metric([], state.failed_saves)
        yield failed

    def _tasks(self, now: float) -> Iterator[Metric]:
        tasks = list(self._scheduler.state.get_active_tasks())
        counts = Counter((task.family, task.status) for task in tasks)
        by = GaugeMetricFamily(
            "scc_scheduler_tasks", "Tasks by family and status.", labels=["family", "status"]
        )
        for family in sorted({task.family for task in tasks}):
            for status in self._STATUSES:
                by.add_metric([family, status], counts[family, status])
        yield by
        waiting = [now - task.updated for task in tasks if task.status == "PENDING"]
        yield _gauge(
            "scc_scheduler_longest_wait_seconds",
            "Seconds that the oldest pending task has waited.",
            max(waiting, default=0.0),
        )

    def _resources(self) -> Iterator[Metric]:
        used, limits = self._scheduler.used, self._scheduler.limits
        for name, text, values in (
            ("scc_scheduler_resource_used", "How much of a quota is held.", used),
            ("scc_scheduler_resource_limit", "How much of a quota there is.", limits),
        ):
            gauge = GaugeMetricFamily(name, text, labels=["resource"])
            for resource in sorted(limits.keys() | used.keys()):
                gauge.add_metric([resource], values.get(resource, 1 if values is limits else 0))
            yield gauge


def _gauge(name: str, text: str, value: float) -> Metric:
    gauge = GaugeMetricFamily(name, text)
    gauge.add_metric([], value)
    return gauge
