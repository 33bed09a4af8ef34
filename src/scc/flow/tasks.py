"""The steps of a run as Luigi tasks.

A task is known to the scheduler by pipeline and moment alone, so that a retry elsewhere is the same
task. What it works with travels beside it and never reaches the scheduler.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

import luigi
from luigi.parameter import ParameterVisibility

from scc.core.changes import Operation
from scc.core.runs import RunId
from scc.engines.base import Engine
from scc.errors import SccError
from scc.flow import apply, archive, guard
from scc.flow.pipeline import Pipeline, PlanStep, Reading
from scc.flow.plan import read_summary, write_plan
from scc.flow.progress import Progress
from scc.flow.scheduling import Scheduling
from scc.flow.systems import Systems
from scc.store.dataset import Dataset
from scc.store.runs import Store
from scc.store.target import DatasetTarget, RecordTarget

__all__ = ["Apply", "Archive", "Context", "Export", "Guard", "Plan", "build", "levels"]

log = logging.getLogger(__name__)

_ONE_BY_ONE = ("eloqua", Operation.DELETE)


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

    def stages(self) -> list[_Step]:
        """What is brought about one after the other, so that each is scheduled knowing what came before."""
        return [self]

    def run(self) -> None:
        if self.complete():
            return  # a scheduler that lost its last seconds asks for what is done
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

    def planned(self) -> set[tuple[str, Operation]]:
        """The systems that the plan writes to, and how; nothing as long as there is no plan."""
        plan = self.context.store.plan(self.context.run)
        counts = read_summary(plan).counts if plan.exists() else {}
        found = {(system, Operation(operation)) for system, _, operation, _ in counts}
        return {(system, operation) for system, operation in found if operation.writes}

    def shares(self, systems: set[str]) -> dict[str, int]:
        """What Luigi is told that this task holds. SCC's own store has no quota."""
        held: dict[str, int] = self.context.systems.shares(systems)
        return held

    def uses(self) -> set[str]:
        """The systems that this task, or one that it waits for, has yet to use."""
        read = self.context.read()
        return {one.system for one in self.context.pipeline.sources if not read[one.name].exists()}

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
        return self.shares({self.context.pipeline.source(self.source).system})

    def requires(self) -> list[_Step]:
        return [self.step(Export, source=name) for name in self.context.pipeline.source(self.source).needs]

    def output(self) -> DatasetTarget:
        return DatasetTarget(self.context.store.export(self.context.run, self.source))

    def work(self, context: Context) -> None:
        source = context.pipeline.source(self.source)
        context.systems.levels({source.system})
        target = context.store.export(context.run, self.source).folder
        target.mkdir(parents=True, exist_ok=True)
        source.read(
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


class Archive(_Step):
    """Put the contacts that the plan deletes into the archive, and read it back."""

    def process_resources(self) -> dict[str, int]:
        """A share in Eloqua's quota: the records that hang on the contacts are read in bulk."""
        return self.shares({system for system, how in self.planned() if (system, how) == _ONE_BY_ONE})

    def requires(self) -> _Step:
        return self.step(Guard)

    def output(self) -> RecordTarget:
        return RecordTarget(lambda: archive.archived(self.context.store, self.context.run))

    def work(self, context: Context) -> None:
        archive.archive_deleted(
            store=context.store,
            run=context.run,
            engine=context.engine,
            systems=context.systems,
            progress=context.progress,
        )


class Apply(_Step):
    """Write the change set to the systems, and what came of it to the receipt."""

    def stages(self) -> list[_Step]:
        return [self.step(Guard), self]

    def process_resources(self) -> dict[str, int]:
        """A share in the quota of each system that the plan writes to in bulk; Eloqua's deletes go one by one."""
        return self.shares({system for system, how in self.planned() if (system, how) != _ONE_BY_ONE})

    def uses(self) -> set[str]:
        return {system for system, _ in self.planned()}

    def requires(self) -> _Step:
        return self.step(Archive)

    def output(self) -> DatasetTarget:
        return DatasetTarget(self.context.store.receipt(self.context.run))

    def work(self, context: Context) -> None:
        context.systems.levels(self.uses())
        apply.apply_plan(
            store=context.store,
            run=context.run,
            engine=context.engine,
            systems=context.systems,
            batch_rows=context.batch_rows,
            progress=context.progress,
        )


def levels(root: _Step) -> dict[str, int]:
    """How much there is now of what systems count by the day, if they are yet to be used. Raises QuotaError."""
    found: dict[str, int] = root.context.systems.levels(root.uses())
    return found


def build(root: _Step, scheduling: Scheduling) -> bool:
    """Let Luigi order the steps, and say whether the output is there.

    Luigi's own verdict is True even for a run that did nothing; failures are left in the context.
    """
    logging.getLogger("luigi-interface").setLevel(logging.CRITICAL)
    logging.getLogger("luigi").setLevel(logging.CRITICAL)
    failures = root.context.failures
    try:
        scheduling.work(root.stages(), failures)
    except SccError as error:
        if root.complete():
            log.warning("the work is done, but the scheduler could not be told: %s", error.message)
            return True
        failures[:] = [*(one for one in failures if one[1] is not error), ("scheduler", error)]
    return not failures and root.complete()


@luigi.Task.event_handler(luigi.Event.BROKEN_TASK)  # type: ignore[untyped-decorator]  # luigi is untyped
def _keep(task: luigi.Task, error: Exception) -> None:
    """A step that could not even be asked whether it is complete (a damaged manifest)."""
    if isinstance(task, _Step):
        task.context.failures.append((task.label, error))
