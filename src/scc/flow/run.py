"""Run a pipeline for a moment, and say what really came of it.

Luigi orders the steps; its verdict is not trusted. A run is good when its receipt exists.
"""

from __future__ import annotations

import logging
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

from scc.core.changes import PlanSummary
from scc.core.limits import Violation
from scc.core.receipts import ReceiptSummary
from scc.core.runs import RunId, format_moment
from scc.engines.base import Engine
from scc.errors import BusyError, ConfigError, GuardError, SccError
from scc.flow.apply import read_receipt_summary
from scc.flow.guard import approved_by, violations
from scc.flow.observers import Observers, RunObserver
from scc.flow.pipeline import Pipeline
from scc.flow.plan import read_summary
from scc.flow.progress import NO_PROGRESS, Progress
from scc.flow.systems import Systems
from scc.settings import Scheduler
from scc.store.runs import RunRecord, RunState, Store

__all__ = ["RunResult", "Runner"]

Until: TypeAlias = Literal["guard", "receipt"]
_TRACE = 8
_ASK_AGAIN_S = 1.0
_LOOK_BACK = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to. `error` is what stopped it; `violations` are the limits that its plan breaks."""

    run: RunId
    state: RunState
    plan: PlanSummary | None = None
    receipt: ReceiptSummary | None = None
    violations: list[Violation] = field(default_factory=list)
    error: SccError | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    already: bool = False
    """The run of that moment had ended well before; nothing was done now."""


class Runner:
    """Runs pipelines over one store. `bulk_limits` bounds what is under way at once, by resource name;
    a central `scheduler` bounds it for all. `worker` is the name that goes on record and that outlives
    this process; `observers` are told when a try begins and ends."""

    def __init__(
        self,
        *,
        store: Store,
        systems: Systems,
        engine: Engine,
        batch_rows: int = 50_000,
        bulk_limits: Mapping[str, int] | None = None,
        scheduler: Scheduler | None = None,
        worker: str = "",
        observers: Sequence[RunObserver] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.store = store
        self._systems = systems
        self._engine = engine
        self._batch_rows = batch_rows
        self._bulk_limits = bulk_limits or {"eloqua_bulk": 2, "salesforce_bulk": 2}
        self._central = scheduler if scheduler and scheduler.url else None
        self._worker = worker
        self._observers = Observers(observers)
        self._now = now

    def run(
        self,
        pipeline: Pipeline,
        moment: datetime,
        *,
        until: Until = "receipt",
        full: bool = False,
        progress: Progress = NO_PROGRESS,
    ) -> RunResult:
        """Run the pipeline for the moment, or go on with it where an earlier try stopped.

        `until="guard"` makes the plan and writes to no system. `full` reads everything anew instead
        of what has changed since the last good run. Errors of SCC's own kind are in the result;
        anything else is a defect and is raised.
        """
        run = RunId(pipeline.name, moment)
        with self._turn(pipeline.name):
            self._find_lost(run)
            record = self.store.read(run)
            if record is not None and record.state.good:
                return self._result(record, pipeline, already=True)
            record = self._begin(record, run, pipeline, full=full)
            return self._work(record, pipeline, until, progress)

    @contextmanager
    def _turn(self, pipeline: str) -> Iterator[None]:
        """Hold the pipeline. Where runs are ordered centrally, another run of it is waited for."""
        ends = time.monotonic() + (self._central.wait_minutes * 60 if self._central else 0.0)
        told = False
        with ExitStack() as held:
            while True:
                try:
                    held.enter_context(self.store.lock(pipeline))
                    break
                except BusyError:
                    if time.monotonic() >= ends:
                        raise
                    if not told:
                        log.info("waiting for another run of %s", pipeline)
                    told = True
                    time.sleep(_ASK_AGAIN_S)
            yield

    def _find_lost(self, run: RunId) -> None:
        """Whoever holds the pipeline knows that nobody else works on it: what is on record as running was killed."""
        latest = list(islice(self.store.runs(run.pipeline), _LOOK_BACK))
        asked_for = self.store.read(run)
        for record in [*latest, *([asked_for] if asked_for and asked_for not in latest else [])]:
            if record.state is RunState.RUNNING:
                found = replace(record, state=RunState.LOST, ended_at=format_moment(self._now()))
                self.store.write(found)
                log.warning("try %d of %s was killed: it left no word of its end", record.tries, record.run)
                self._observers.lost(found)

    def _begin(self, earlier: RunRecord | None, run: RunId, pipeline: Pipeline, *, full: bool) -> RunRecord:
        if earlier is not None:
            wanted = (full or earlier.full, pipeline.config_digest)
            begun = any(self.store.export(run, source.name).exists() for source in pipeline.sources)
            if begun and wanted != (earlier.full, earlier.config_digest):
                raise ConfigError(
                    f"{run} was begun with another configuration, or without --full",
                    hint="Leave out --at to take a new moment.",
                )
            full = full or earlier.full
        record = RunRecord.start(
            run,
            self._now(),
            full=full,
            config_digest=pipeline.config_digest,
            tries=earlier.tries + 1 if earlier else 1,
            worker=self._worker,
        )
        self.store.write(record)
        self._observers.started(record)
        return record

    def _previous(self, record: RunRecord) -> RunId | None:
        """The run to continue from: the last good one, if it looked for the same things."""
        if record.full:
            return None
        last = self.store.last_good(record.pipeline, record.run.moment)
        return last.run if last and last.config_digest == record.config_digest else None

    def _work(self, record: RunRecord, pipeline: Pipeline, until: Until, progress: Progress) -> RunResult:
        from scc.flow import tasks  # Luigi takes a third of a second to import
        from scc.flow.scheduling import Scheduling

        context = tasks.Context(
            pipeline=pipeline,
            run=record.run,
            previous=self._previous(record),
            store=self.store,
            systems=self._systems,
            engine=self._engine,
            progress=progress,
            batch_rows=self._batch_rows,
        )
        kind = tasks.Plan if until == "guard" else tasks.Apply
        root = kind(pipeline=record.pipeline, moment=record.moment, context=context)
        worker = f"{self._worker or socket.gethostname()}/{record.run}"
        scheduling = Scheduling(self._bulk_limits, self._central, worker, tasks.levels)
        started = time.monotonic()
        failures, interrupt = context.failures, None
        try:
            complete = tasks.build(root, scheduling)
        except KeyboardInterrupt as signal:
            complete, interrupt = False, signal
        if not (complete or interrupt or failures):
            failures.append(("", RuntimeError(f"{record.run} ended without an error and without its output")))
        error = failures[0][1] if failures else None
        state = RunState.INTERRUPTED if interrupt else _state_of(until, error)
        seconds = {**context.seconds, "all": round(time.monotonic() - started, 3)}
        record = self._end(replace(record, seconds=seconds, error=_told_all(failures)), pipeline, state)
        if interrupt is not None:
            raise interrupt
        if error is not None and not isinstance(error, SccError):
            raise error
        return self._result(record, pipeline, error)

    def _end(self, record: RunRecord, pipeline: Pipeline, state: RunState) -> RunRecord:
        """Put on record how the run ended, with what its outputs and the meter tell of it."""
        plan, receipt = self.store.plan(record.run), self.store.receipt(record.run)
        changes = read_summary(plan).changes if plan.exists() else None
        result = read_receipt_summary(receipt) if receipt.exists() else ReceiptSummary()
        usage = self._systems.meter.take()
        read = {source.name: self.store.export(record.run, source.name) for source in pipeline.sources}
        record = replace(
            record,
            state=RunState.NOTHING_TO_DO if state is RunState.DONE and not changes else state,
            ended_at=format_moment(self._now()),
            plan_digest=plan.manifest.digest if plan.exists() else None,
            changes=changes,
            outcomes={str(outcome): n for outcome, n in sorted(result.by_outcome().items())},
            exported={name: dataset.manifest.rows for name, dataset in read.items() if dataset.exists()},
            counts=result.records(),
            approved_by=approved_by(self.store, record.run),
            requests=usage.requests,
            retries=usage.retries,
            quota=self._systems.quota(),
        )
        self.store.write(record)
        self._observers.ended(record)
        return record

    def _result(
        self, record: RunRecord, pipeline: Pipeline, error: SccError | None = None, *, already: bool = False
    ) -> RunResult:
        plan, receipt = self.store.plan(record.run), self.store.receipt(record.run)
        read = {source.name: self.store.export(record.run, source.name) for source in pipeline.sources}
        return RunResult(
            record.run,
            record.state,
            plan=read_summary(plan) if plan.exists() else None,
            receipt=read_receipt_summary(receipt) if receipt.exists() else None,
            violations=violations(self.store, record.run, pipeline.plan(read))
            if plan.exists() and not already
            else [],
            error=error,
            seconds=record.seconds,
            already=already,
        )


def _state_of(until: Until, error: Exception | None) -> RunState:
    if error is not None:
        return RunState.STOPPED if isinstance(error, GuardError) else RunState.FAILED
    return RunState.PLANNED if until == "guard" else RunState.DONE


def _told_all(failures: Sequence[tuple[str, Exception]]) -> dict[str, object] | None:
    """The first failure, with those of other steps beside it; None where nothing failed."""
    if not failures:
        return None
    first, *also = [_told(step, error) for step, error in failures]
    return {**first, "also": also} if also else first


def _told(step: str, error: Exception) -> dict[str, object]:
    """What is put on record of an error. A defect's own words may quote values, so they are not."""
    where = {"step": step, "trace": _trace(error)}
    if isinstance(error, SccError):
        return {
            "type": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
            **where,
        }
    return {
        "type": type(error).__name__,
        "message": "a defect in SCC",
        "hint": "Start the run of that moment again with --debug to see where, and report it.",
        "exit_code": 1,
        **where,
    }


def _trace(error: Exception) -> list[str]:
    """The innermost places that the error came through; neither source lines nor values."""
    frames = traceback.extract_tb(error.__traceback__)[-_TRACE:]
    return [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
