"""The four steps of a run as Luigi tasks.

A task is known to the scheduler by pipeline and moment alone, so that a retry elsewhere is the same
task. What it works with travels beside it and never reaches the scheduler.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import luigi
from luigi.parameter import ParameterVisibility

from scc.core.runs import RunId
from scc.engines.base import Engine
from scc.flow import apply, guard
from scc.flow.pipeline import Pipeline, PlanStep, Reading
from scc.flow.plan import write_plan
from scc.flow.progress import Progress
from scc.flow.systems import Systems
from scc.store.dataset import Dataset
from scc.store.runs import Store
from scc.store.target import DatasetTarget, RecordTarget

__all__ = ["Apply", "Context", "Export", "Guard", "Plan", "build"]


@dataclass(eq=False)
class Context:
    """What the tasks of one run work with, and what they leave for whoever started them.

    Compared by identity: Luigi keeps one instance of a task for each set of parameters.
    """

    pipeline: Pipeline
    run: RunId
    previous: RunId | None
    store: Store
    systems: Systems
    engine: Engine
    progress: Progress
    batch_rows: int
    failures: list[tuple[str, Exception]] = field(default_factory=list)
    """What stopped which step, by its label."""
    seconds: dict[str, float] = field(default_factory=dict)

    def read(self) -> dict[str, Dataset]:
        """Each source's dataset by name."""
        return {source.name: self.store.export(self.run, source.name) for source in self.pipeline.sources}

    def plan_step(self) -> PlanStep:
        return self.pipeline.plan(self.read())


class _Beside(luigi.Parameter):
    """A parameter of any kind that travels beside the task: in this process only, never written out."""

    def serialize(self, x: object) -> str:
        del x
        return ""


class _Step(luigi.Task):
    pipeline: str = luigi.StrParameter()
    moment: str = luigi.StrParameter()
    context: Any = _Beside(significant=False, visibility=ParameterVisibility.PRIVATE)

    task_namespace = "scc"

    @property
    def label(self) -> str:
        return type(self).__name__.lower()

    def complete(self) -> bool:
        return bool(super().complete())  # type: ignore[no-untyped-call]  # luigi is untyped

    def run(self) -> None:
        started = time.monotonic()
        self.work(self.context)
        self.context.seconds[self.label] = round(time.monotonic() - started, 3)

    def work(self, context: Context) -> None:
        raise NotImplementedError

    def on_failure(self, exception: BaseException) -> str:
        """Keep the error for the caller; Luigi itself is told its kind only, never values."""
        if isinstance(exception, Exception):
            self.context.failures.append((self.label, exception))
        return type(exception).__name__

    def step(self, kind: type[_Step], **more: str) -> _Step:
        """Another step of the same run."""
        return kind(pipeline=self.pipeline, moment=self.moment, context=self.context, **more)


class Export(_Step):
    """Read one source into its dataset."""

    source: str = luigi.StrParameter()

    @property
    def label(self) -> str:
        return f"export {self.source}"

    def process_resources(self) -> dict[str, int]:
        return {f"{self.context.pipeline.source(self.source).system}_bulk": 1}

    def requires(self) -> list[_Step]:
        return [self.step(Export, source=name) for name in self.context.pipeline.source(self.source).needs]

    def output(self) -> DatasetTarget:
        return DatasetTarget(self.context.store.export(self.context.run, self.source))

    def work(self, context: Context) -> None:
        target = context.store.export(context.run, self.source).folder
        target.mkdir(parents=True, exist_ok=True)
        context.pipeline.source(self.source).read(
            Reading(
                context.run,
                context.previous,
                context.store,
                context.systems,
                context.engine,
                context.progress,
                target,
            )
        )


class Plan(_Step):
    """Make the change set."""

    def requires(self) -> list[_Step]:
        return [self.step(Export, source=source.name) for source in self.context.pipeline.sources]

    def output(self) -> DatasetTarget:
        return DatasetTarget(self.context.store.plan(self.context.run))

    def work(self, context: Context) -> None:
        write_plan(
            context.engine,
            context.plan_step().query,
            context.read().values(),
            context.store.plan(context.run),
            context.progress,
        )


class Guard(_Step):
    """Hold the change set against the limits; GuardError where it breaks one and nobody approved it."""

    def requires(self) -> _Step:
        return self.step(Plan)

    def output(self) -> RecordTarget:
        return RecordTarget(lambda: guard.passed(self.context.store, self.context.run))

    def work(self, context: Context) -> None:
        guard.judge(context.store, context.run, context.plan_step())


class Apply(_Step):
    """Write the change set to the systems, and what came of it to the receipt."""

    def process_resources(self) -> dict[str, int]:
        return {"eloqua_bulk": 1}

    def requires(self) -> _Step:
        return self.step(Guard)

    def output(self) -> DatasetTarget:
        return DatasetTarget(self.context.store.receipt(self.context.run))

    def work(self, context: Context) -> None:
        apply.apply_plan(
            store=context.store,
            run=context.run,
            engine=context.engine,
            systems=context.systems,
            batch_rows=context.batch_rows,
            progress=context.progress,
        )


def build(root: _Step, limits: Mapping[str, int]) -> bool:
    """Let Luigi's own scheduler order the steps, in this process, and say whether the output is there.

    Luigi's own verdict is True even for a run that did nothing; failures are left in the context.
    """
    config = luigi.configuration.get_config()
    config.set("worker", "check_complete_on_run", "true")
    config.set("core", "no_configure_logging", "true")
    for resource, limit in limits.items():
        config.set("resources", resource, str(limit))
    logging.getLogger("luigi-interface").setLevel(logging.CRITICAL)
    logging.getLogger("luigi").setLevel(logging.CRITICAL)
    luigi.build([root], local_scheduler=True, workers=1, no_lock=True)
    return not root.context.failures and root.complete()


@luigi.Task.event_handler(luigi.Event.BROKEN_TASK)  # type: ignore[untyped-decorator]  # luigi is untyped
def _keep(task: luigi.Task, error: Exception) -> None:
    """A step that could not even be asked whether it is complete (a damaged manifest)."""
    if isinstance(task, _Step):
        task.context.failures.append((task.label, error))
