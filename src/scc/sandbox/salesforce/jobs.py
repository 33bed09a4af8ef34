"""Bulk jobs of every kind: their states, how they move, what is under way.

A job's work is done in one piece at the moment the sandbox's transitions say that it is over: at the first look
by default, or after some looks or some time. Knows neither HTTP nor what the work is.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from threading import RLock

from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.errors import JobFailedError
from scc.sandbox.state import State
from scc.sandbox.transitions import Progress

logger = logging.getLogger(__name__)

RETENTION = dt.timedelta(days=7)


class JobState(StrEnum):
    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    @property
    def terminal(self) -> bool:
        return self in {JobState.JOB_COMPLETE, JobState.FAILED, JobState.ABORTED}


@dataclass(eq=False)
class Job:
    """One job, or a batch of Bulk 1.0. `kind` is V2Query, V2Ingest or ClassicBatch; `settings` are what its creator chose."""

    id: str
    kind: str
    operation: str
    sobject: str
    version: str
    created: dt.datetime
    state: JobState
    settings: dict[str, str] = field(default_factory=dict)
    modified: dt.datetime = field(init=False)
    progress: Progress | None = None
    work: Callable[[], None] | None = None
    processed: int = 0
    failed: int = 0
    error: str | None = None
    lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self.modified = self.created

    @property
    def under_way(self) -> bool:
        return self.state in {JobState.UPLOAD_COMPLETE, JobState.IN_PROGRESS}


class Jobs:
    """The jobs of the last seven days."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = RLock()
        self._jobs: dict[str, Job] = {}
        self.max_concurrent = 0

    def new_id(self, prefix: str = "750") -> str:
        """Return a fresh id, of a job unless `prefix` says of a batch."""
        return ids.make(prefix, self._state.counters.take(f"salesforce.job.{prefix}"))

    def add(
        self,
        kind: str,
        operation: str,
        sobject: str,
        version: str,
        state: JobState,
        settings: dict[str, str],
        *,
        prefix: str = "750",
    ) -> Job:
        """Make a job with an id of its own."""
        job_id = self.new_id(prefix)
        job = Job(job_id, kind, operation, sobject, version, self._now(), state, settings)
        with self._lock:
            self._jobs[job_id] = job
        return job

    def find(self, kind: str, job_id: str) -> Job | None:
        """Return a job by its id of 15 or 18 characters, unless it is too old."""
        with self._lock:
            job = self._jobs.get(ids.normalize(job_id) or "")
        if job is None or job.kind != kind or self._now() - job.created > RETENTION:
            return None
        return job

    def all(self, kind: str | None = None) -> list[Job]:
        with self._lock:
            return [job for job in self._jobs.values() if kind in (None, job.kind)]

    def remove(self, job: Job) -> None:
        with self._lock:
            self._jobs.pop(job.id, None)

    def clear(self) -> None:
        with self._lock:
            self._jobs.clear()
            self.max_concurrent = 0

    def start(self, job: Job, work: Callable[[], None]) -> None:
        """Put a job under way; `work` is called once, when it is over."""
        with job.lock:
            job.work = work
            job.progress = Progress(self._state.transitions, self._state.clock.now())
            self.move(job, JobState.UPLOAD_COMPLETE)
        with self._lock:
            self.max_concurrent = max(self.max_concurrent, self.under_way())

    def under_way(self) -> int:
        return sum(job.under_way for job in self.all())

    def look(self, job: Job) -> None:
        """Let a client's look move a job."""
        with job.lock:
            if job.progress is not None and job.under_way:
                job.progress.look()
                self.advance(job)

    def advance(self, job: Job) -> None:
        """Move a job as far as time allows, without counting a look."""
        with job.lock:
            if job.progress is None or not job.under_way:
                return
            now = self._state.clock.now()
            if job.progress.is_done(now):
                self._finish(job)
            elif job.progress.is_active(now) and job.state is not JobState.IN_PROGRESS:
                self.move(job, JobState.IN_PROGRESS)

    def settle(self) -> None:
        """Do the work of every job whose time is up, whether or not anybody looks at it."""
        for job in self.all():
            self.advance(job)

    def move(self, job: Job, state: JobState) -> None:
        job.state = state
        job.modified = self._now()

    def _finish(self, job: Job) -> None:
        assert job.work is not None
        self.move(job, JobState.IN_PROGRESS)
        try:
            job.work()
        except JobFailedError as error:
            job.error = str(error)
            self.move(job, JobState.FAILED)
        except Exception:
            # Whoever looks at whatever job next must not pay for a mistake of the sandbox in this one.
            logger.exception("job %s failed", job.id)
            job.error = "InternalServerError : An unexpected error occurred"
            self.move(job, JobState.FAILED)
        else:
            self.move(job, JobState.JOB_COMPLETE)

    def _now(self) -> dt.datetime:
        return self._state.clock.naive().replace(microsecond=0)
