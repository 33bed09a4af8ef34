"""`scc job`: what a container runs. One pipeline, for the moment that its Job stands for, watched."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING

import click

from scc.cli.app import App
from scc.cli.completion import complete_pipeline
from scc.cli.lazy import Command
from scc.cli.run import pipeline_of
from scc.errors import BusyError, SccError

if TYPE_CHECKING:  # imported where the command runs
    from scc.flow.pipeline import Pipeline
    from scc.flow.run import RunResult
    from scc.store.runs import RunRecord

__all__ = ["job"]

log = logging.getLogger("scc.job")


@click.command(cls=Command)
@click.argument("pipeline", shell_complete=complete_pipeline)
@click.option(
    "--at",
    metavar="MOMENT",
    envvar="SCC_MOMENT",
    show_envvar=True,
    help="The moment that the run stands for; default: what the Job's name says.",
)
@click.option(
    "--job-name",
    metavar="NAME",
    envvar="SCC_JOB_NAME",
    show_envvar=True,
    help="The Kubernetes Job's name, which ends in the moment where a CronJob made it.",
)
@click.option(
    "--job-uid",
    metavar="UID",
    envvar="SCC_JOB_UID",
    show_envvar=True,
    help="The Kubernetes Job's own id: tells two Jobs of one name apart.",
)
@click.option("--full", is_flag=True, help="Read everything, not only what changed since the last good run.")
@click.option(
    "--grace",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=25.0,
    show_default=True,
    envvar="SCC_GRACE_SECONDS",
    show_envvar=True,
    help="Seconds to end in after SIGTERM.",
)
@click.pass_obj
def job(
    app: App,
    pipeline: str,
    at: str | None,
    job_name: str | None,
    job_uid: str | None,
    full: bool,
    grace: float,
) -> None:
    """Run a pipeline as a Kubernetes Job does.

    As `scc run`, with the moment from the Job, the log as JSON, and everybody told who watches: the
    ledger, Prometheus, Slack. Another pod of the same Job goes on where this one stopped.
    """
    _start_log(app)
    now = datetime.now(UTC)
    watch = _Watch(app)
    moment = now.replace(second=0, microsecond=0)
    try:
        made = pipeline_of(app, pipeline)
        moment = _moment(app, made, at, job_name or "", job_uid or "", now)
        with _ending_within(grace):
            result = watch.run(made, moment, full=full)
    except SccError as error:
        watch.tell_of_no_run(pipeline, moment, error)
        raise
    changes = 0 if result.plan is None else result.plan.changes
    log.info(
        "this run had ended well before" if result.already else f"ended, {changes:,} changes",
        extra={"state": str(result.state)},
    )
    if result.error:
        raise result.error


def _start_log(app: App) -> None:
    """JSON, unless the command line or the configuration says otherwise."""
    chosen, app.log_format = app.log_format, app.log_format or "json"
    settings = app.settings
    if chosen is None and settings.log.format == "plain":
        app.log_format = "plain"
        app.start_log("plain", settings.log.level)


def _moment(app: App, pipeline: Pipeline, at: str | None, name: str, uid: str, now: datetime) -> datetime:
    from scc.core.runs import parse_moment
    from scc.flow.moments import job_moment

    if at:
        return parse_moment(at)
    return job_moment(app.store, pipeline.name, pipeline.config_digest, job=name, uid=uid, now=now)


class _Watch:
    """All who watch a job's run. A RunObserver itself, to know whether there is a record of the run."""

    def __init__(self, app: App) -> None:
        from scc.cli.logs import keep_end
        from scc.monitoring.watch import watchers

        self._app = app
        self._context = app.log or app.start_log()
        self._watchers = watchers(app.settings, app.store, keep_end(self._context))
        self._begun = False

    def lost(self, record: RunRecord) -> None:
        pass

    def started(self, record: RunRecord) -> None:
        del record
        self._begun = True

    def ended(self, record: RunRecord) -> None:
        pass

    def run(self, pipeline: Pipeline, moment: datetime, *, full: bool) -> RunResult:
        from scc.core.runs import RunId

        self._context.systems = {f"export {source.name}": source.system for source in pipeline.sources}
        runner = self._app.runner(self, *self._watchers)
        with self._app.watching(str(RunId(pipeline.name, moment))) as progress:
            return runner.run(pipeline, moment, full=full, progress=progress)

    def tell_of_no_run(self, pipeline: str, moment: datetime, error: SccError) -> None:
        """A run that could not even begin leaves no record; whoever watches hears of it all the same."""
        from scc.core.runs import RunId, format_moment
        from scc.pipelines import registry
        from scc.store.runs import RunRecord, RunState

        if self._begun or isinstance(error, BusyError) or pipeline not in registry.SUMMARIES:
            return
        now, worker = datetime.now(UTC), self._app.settings.worker
        record = RunRecord.start(RunId(pipeline, moment), now, full=False, config_digest="", worker=worker)
        told: dict[str, object] = {"type": type(error).__name__, "message": error.message}
        told |= {"hint": error.hint, "exit_code": error.exit_code}
        record = replace(record, state=RunState.FAILED, ended_at=format_moment(now), error=told)
        for observer in self._watchers:
            observer.ended(record)


@contextmanager
def _ending_within(seconds: float) -> Iterator[None]:
    """Let SIGTERM end the run, and the process some seconds later if the run does not.

    The run's journals are written before each thing is done, so nothing is lost by that.
    """
    before = signal.getsignal(signal.SIGTERM)

    def terminate(number: int, frame: FrameType | None) -> None:
        timer = threading.Timer(seconds, os._exit, (143,))
        timer.daemon = True
        timer.start()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
