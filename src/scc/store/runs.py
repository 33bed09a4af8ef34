"""Where runs lie and what is on record about each: `<store>/<pipeline>/<run>/`.

run.json          the record: state, moments, counts, versions, error
export/<source>/  datasets that were read
plan/             the change set
guard.json        the verdict on that plan; approval.json a person's, by its digest
apply/<batch>/    receipts of finished batches, and what is under way
receipt/          the receipt of the whole
"""

from __future__ import annotations

import fcntl
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from scc import __version__
from scc.core.runs import RunId, format_moment, parse_moment
from scc.errors import BusyError, ConfigError, CorruptError
from scc.store.dataset import Dataset
from scc.store.files import read_json, write_json

__all__ = ["RunRecord", "RunState", "Store"]


_GLANCE_S = 0.05
"""Longer than somebody looks whether a pipeline is held."""


class RunState(StrEnum):
    RUNNING = "running"
    """Under way; or killed, and nobody has found out yet."""
    PLANNED = "planned"
    STOPPED = "stopped"
    """The guard holds the plan until a person approves it."""
    DONE = "done"
    NOTHING_TO_DO = "nothing-to-do"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Ended by a signal; the next try goes on."""
    LOST = "lost"
    """Killed: it could not say how it ended. Found by whoever holds the pipeline next, who goes on with it."""

    @property
    def good(self) -> bool:
        """The next run may start from where this one ended."""
        return self in {RunState.DONE, RunState.NOTHING_TO_DO}


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What `scc runs` and `scc show` tell of a run. Moments are ISO 8601 in UTC, durations seconds.

    tries     how often the run was begun; what follows is of the last try
    worker    who ran it: a name that outlives a pod, or "" on a laptop
    exported  records read, by source
    counts    the receipt's rows: {system, object, operation, outcome, code, records}
    requests  attempts by system and status ("none": no answer came); `retries`: repeated ones by system
    quota     daily allowances as the systems last told them: {name: {used, limit}}
    error     type, message, hint, step, exit_code, and `trace`: where it was raised, innermost last;
              `also`: the same of each other step that failed
    """

    pipeline: str
    moment: str
    state: RunState
    started_at: str
    ended_at: str | None = None
    full: bool = False
    config_digest: str = ""
    plan_digest: str | None = None
    changes: int | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    tries: int = 1
    worker: str = ""
    exported: Mapping[str, int] = field(default_factory=dict)
    counts: Sequence[Mapping[str, Any]] = field(default_factory=list)
    approved_by: str | None = None
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)
    quota: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def run(self) -> RunId:
        return RunId(self.pipeline, parse_moment(self.moment))

    @classmethod
    def start(
        cls, run: RunId, now: datetime, *, full: bool, config_digest: str, tries: int = 1, worker: str = ""
    ) -> RunRecord:
        return cls(
            run.pipeline,
            format_moment(run.moment),
            RunState.RUNNING,
            format_moment(now),
            full=full,
            config_digest=config_digest,
            versions={"scc": __version__, "python": platform.python_version()},
            tries=tries,
            worker=worker,
        )


class Store:
    """The folder that holds all runs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, run: RunId) -> Path:
        return self.root / run.folder

    def export(self, run: RunId, source: str) -> Dataset:
        return Dataset(self.folder(run) / "export" / source)

    def plan(self, run: RunId) -> Dataset:
        return Dataset(self.folder(run) / "plan")

    def receipt(self, run: RunId) -> Dataset:
        return Dataset(self.folder(run) / "receipt")

    def read(self, run: RunId) -> RunRecord | None:
        path = self.folder(run) / "run.json"
        data = read_json(path)
        if data is None:
            return None
        try:
            return RunRecord(**{**data, "state": RunState(str(data["state"]))})  # type: ignore[arg-type]  # checked by the except
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptError(
                f"{path} is not the record of a run: {error}",
                hint="Restore it from a backup, or remove the run's folder and run that moment again.",
            ) from error

    def require(self, run: RunId) -> RunRecord:
        """The run's record; ConfigError where there is no such run."""
        record = self.read(run)
        if record is None:
            raise ConfigError(f"there is no run {run}", hint="`scc runs` lists those there are.")
        return record

    def write(self, record: RunRecord) -> None:
        folder = self.folder(record.run)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "run.json", asdict(record))

    def runs(self, pipeline: str | None = None) -> Iterator[RunRecord]:
        """All runs on record, newest moment first within a pipeline."""
        folders = sorted(self.root.iterdir()) if self.root.is_dir() else []
        for folder in folders:
            if folder.is_dir() and pipeline in {None, folder.name}:
                yield from self._runs_of(folder)

    def last_good(self, pipeline: str, before: datetime) -> RunRecord | None:
        """The newest run of an earlier moment that ended well."""
        for record in self._runs_of(self.root / pipeline):
            if record.state.good and record.run.moment < before:
                return record
        return None

    def _runs_of(self, folder: Path) -> Iterator[RunRecord]:
        if not folder.is_dir():
            return
        found = (RunId.from_folder(folder.name, entry.name) for entry in folder.iterdir())
        for run in sorted((run for run in found if run), reverse=True):
            record = self.read(run)
            if record is not None:
                yield record

    @contextmanager
    def lock(self, pipeline: str) -> Iterator[None]:
        """Hold the pipeline for one process; BusyError where another holds it, or the whole store. A killed
        holder lets go."""
        busy = BusyError(
            f"another run of {pipeline} is under way in {self.root}",
            hint="Wait for it to end, then try again.",
        )
        erasing = BusyError(
            f"a person is being erased from {self.root}", hint="Wait for `scc forget` to end, then try again."
        )
        with (
            _held(self.root / ".lock", fcntl.LOCK_SH, erasing),
            _held(self.root / pipeline / ".lock", fcntl.LOCK_EX, busy),
        ):
            yield

    def judged(self, record: RunRecord) -> RunRecord:
        """The record as a reader should see it: lost, where it says running and no process holds its pipeline.

        Says nothing about a run that this store does not know as running.
        """
        if record.state is not RunState.RUNNING or self._is_held(record.pipeline):
            return record
        known = self.read(record.run)  # read last: it may have ended just now
        is_same = known is not None and (known.state, known.started_at) == (record.state, record.started_at)
        return replace(record, state=RunState.LOST) if is_same else record

    def _is_held(self, pipeline: str) -> bool:
        """Looks for a moment, as one who only reads; whoever comes to hold it asks more than once."""
        path = self.root / pipeline / ".lock"
        try:
            with path.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # or nobody can tell: a reader without the right, a file system without locks
        return False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the whole store: nobody else runs a pipeline in it meanwhile; BusyError where somebody does."""
        busy = BusyError(
            f"a run is under way in {self.root}",
            hint="Wait for it to end, then try again; `scc runs` shows it.",
        )
        with _held(self.root / ".lock", fcntl.LOCK_EX, busy):
            yield


@contextmanager
def _held(path: Path, how: int, busy: BusyError) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        for last in (False, False, True):
            try:
                fcntl.flock(file, how | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if last:
                    raise busy from None
                time.sleep(_GLANCE_S)
        yield
