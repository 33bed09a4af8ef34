"""Bulk API 2.0 ingest jobs: rows in, and what became of each of them.

A job takes one upload and does nothing before it is closed. So whatever goes wrong before that is
mended by a new job, and nothing is ever written twice: what a job's fate is after that is asked of
Salesforce by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyarrow as pa

from scc.errors import (
    ConfigError,
    IncompleteError,
    RefusedError,
    SccError,
    ThrottledError,
    UnavailableError,
)
from scc.salesforce import jobs
from scc.salesforce.door import segment
from scc.salesforce.jobs import Jobs
from scc.salesforce.models import IngestJob, JobState, Outcome
from scc.salesforce.results import IngestResult, read_results
from scc.salesforce.rows import (
    JOB_BYTES,
    UPLOAD_BYTES,
    Load,
    Nulls,
    Rows,
    as_text,
    batches_of,
    check_names,
    loads,
    mark,
)

__all__ = ["BulkIngests", "IngestOperation"]

IngestOperation: TypeAlias = Literal["insert", "update", "upsert", "delete", "hardDelete"]
_RESULTS = {
    Outcome.SUCCESSFUL: "successfulResults",
    Outcome.FAILED: "failedResults",
    Outcome.UNPROCESSED: "unprocessedrecords",
}
_TRIES = 3


class BulkIngests(Jobs):
    """Create, fill, wait for, read and delete ingest jobs."""

    def create_ingest(
        self,
        sobject: str,
        operation: IngestOperation,
        *,
        external_id: str | None = None,
        assignment_rule_id: str | None = None,
    ) -> IngestJob:
        """Open a job. Repeated after a cut connection: an open job without data does nothing."""
        return self._open(_Wanted(sobject, operation, external_id, assignment_rule_id))

    def ingest_job(self, job_id: str) -> IngestJob:
        return IngestJob.parse(self._door.call("GET", _path(job_id)).json())

    def upload(self, job: IngestJob, rows: Rows, *, nulls: Nulls = "clear") -> int:
        """Send rows to an open job, close it, and say how many there were.

        After an UnavailableError `resume_ingest` tells whether the rows must go to another job.
        ConfigError where the rows are more than one job takes.
        """
        cut = loads(batches_of(rows), lambda batch: _prepare(job, batch, nulls), max_bytes=UPLOAD_BYTES)
        load = next(cut, None)
        if load is None:
            raise ConfigError("there are no rows to send")
        if next(cut, None) is not None:
            raise ConfigError(
                f"the rows are more than the {UPLOAD_BYTES:,} bytes that a job takes", hint="Use bulk.ingest."
            )
        self._put(job, load)
        self._close(job)
        return int(load.sent.num_rows)

    def wait_ingest(
        self,
        job: IngestJob | str,
        *,
        timeout_s: float | None = None,
        on_poll: Callable[[IngestJob], None] | None = None,
    ) -> IngestJob:
        """Wait until the job has ended, complete or not; rows that failed do not make a job fail."""
        job_id = _id(job)
        return jobs.wait(self._door, lambda: self.ingest_job(job_id), timeout_s=timeout_s, on_poll=on_poll)

    def ingest_result(
        self, job: IngestJob | str, rows: Rows, *, first_row: int = 0, timeout_s: float | None = None
    ) -> IngestResult:
        """Read what became of the rows that a job was sent, waiting for it where it still runs.

        `rows` are those sent, in their order. RefusedError where the job as a whole was refused: no row
        was written then. IncompleteError where results and rows do not add up.
        """
        text = pa.Table.from_batches([as_text(batch) for batch in batches_of(rows)])
        ended = self.wait_ingest(job, timeout_s=timeout_s)
        return self._result(ended, text, first_row)

    def resume_ingest(
        self, job: IngestJob | str, rows: Rows, *, first_row: int = 0, timeout_s: float | None = None
    ) -> IngestResult | None:
        """Take up a job that an earlier process opened, with the rows it was meant for.

        None where it was never closed: it has done nothing, is aborted, and the rows must go to a new one.
        """
        found = self.ingest_job(_id(job))
        if found.state is JobState.OPEN:
            jobs.remove(self._door, _path(found.id), quietly=True)
            return None
        return self.ingest_result(found, rows, first_row=first_row, timeout_s=timeout_s)

    def ingest(
        self,
        sobject: str,
        operation: IngestOperation,
        rows: Rows,
        *,
        external_id: str | None = None,
        nulls: Nulls = "clear",
        assignment_rule_id: str | None = None,
        max_bytes: int = JOB_BYTES,
        timeout_s: float | None = None,
        on_job: Callable[[IngestJob, range], None] | None = None,
    ) -> Iterator[IngestResult]:
        """Write rows by as many jobs as it takes, one after the other, and give each job's results.

        `nulls` says what null does on update and upsert: `clear` the field or leave it `unchanged`; ""
        always clears, and so does the text `#N/A`. On insert both mean that nothing is given.
        `on_job` gets each job with the numbers of its rows before any data is sent: with both on record,
        `resume_ingest` finds the job after a crash. Jobs are kept at Salesforce for seven days.
        `max_bytes` of CSV go into one job, 100 MB at most; memory grows with it.
        """
        wanted = _Wanted(sobject, operation, external_id, assignment_rule_id)
        for load in loads(
            batches_of(rows), lambda batch: _prepare(wanted, batch, nulls), max_bytes=max_bytes
        ):
            job = self._start(wanted, load, on_job)
            load.body.clear()  # up to 100 MB that are not needed while the job runs
            yield self._result(self.wait_ingest(job, timeout_s=timeout_s), load.sent, load.first_row)

    def abort_ingest(self, job: IngestJob | str) -> None:
        """End a job before its time; rows written so far stay. RefusedError where it has ended already."""
        jobs.abort(self._door, _path(_id(job)))

    def delete_ingest(self, job: IngestJob | str) -> None:
        """Delete a job with its results, aborting it where it has not ended; one that is gone counts as deleted."""
        jobs.remove(self._door, _path(_id(job)))

    def _open(self, wanted: _Wanted) -> IngestJob:
        return IngestJob.parse(
            self._door.call("POST", "jobs/ingest", json=wanted.wire(), idempotent=True).json()
        )

    def _start(
        self, wanted: _Wanted, load: Load, on_job: Callable[[IngestJob, range], None] | None
    ) -> IngestJob:
        """Open a job, fill and close it. Where the upload is cut off, nobody knows what arrived: a new job."""
        attempt = 0
        while True:
            attempt += 1
            job = self._open(wanted)
            if on_job is not None:
                on_job(job, load.rows)
            try:
                self._put(job, load)
            except SccError as error:
                jobs.remove(self._door, _path(job.id), quietly=True)  # it was not closed and has done nothing
                cut_off = isinstance(error, UnavailableError) and not isinstance(error, ThrottledError)
                if not cut_off or attempt == _TRIES:
                    raise
                self._door.retry.sleep(self._door.retry.wait_s(attempt))
            else:
                self._close(job)
                return job

    def _put(self, job: IngestJob, load: Load) -> None:
        self._door.call(
            "PUT",
            f"{_path(job.id)}/batches",
            headers={"Content-Type": "text/csv; charset=UTF-8", "Content-Length": str(load.size)},
            body=load.body,
            idempotent=False,  # a job takes one upload
        )

    def _close(self, job: IngestJob) -> None:
        try:
            self._door.call("PATCH", _path(job.id), json={"state": JobState.UPLOAD_COMPLETE}, idempotent=True)
        except RefusedError:
            # asked twice after a cut connection, the second time of a job that is closed already
            if self.ingest_job(job.id).state is JobState.OPEN:
                raise

    def _result(self, job: IngestJob, sent: pa.Table, first_row: int) -> IngestResult:
        bodies = {
            outcome: self._door.call("GET", f"{_path(job.id)}/{name}", headers={"Accept": "text/csv"}).body
            for outcome, name in _RESULTS.items()
        }
        result = read_results(job, sent, bodies, first_row=first_row, names_record=_names_record(job))
        counts = result.counts()
        if job.state is not JobState.JOB_COMPLETE and counts[Outcome.UNPROCESSED] == sent.num_rows:
            raise jobs.failure(job)
        dealt_with = counts[Outcome.SUCCESSFUL] + counts[Outcome.FAILED]
        if job.state is JobState.JOB_COMPLETE and job.processed not in {None, dealt_with}:
            raise IncompleteError(
                f"salesforce: job {job.id} dealt with {job.processed:,} rows and told of {dealt_with:,}"
            )
        return result


@dataclass(frozen=True)
class _Wanted:
    """What a job is to do, checked."""

    sobject: str
    operation: IngestOperation
    external_id: str | None
    assignment_rule_id: str | None

    def __post_init__(self) -> None:
        if (self.operation == "upsert") != (self.external_id is not None):
            raise ConfigError("an external id field goes with an upsert, and only with one")

    def wire(self) -> dict[str, str]:
        given = {
            "object": self.sobject,
            "operation": self.operation,
            "externalIdFieldName": self.external_id,
            "assignmentRuleId": self.assignment_rule_id,
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }
        return {name: value for name, value in given.items() if value is not None}


def _prepare(job: _Wanted | IngestJob, batch: pa.RecordBatch, nulls: Nulls) -> pa.RecordBatch:
    """Write a batch as the job wants it: as text, with what null means."""
    names_record = _names_record(job)
    check_names(batch.schema.names, names_record)
    plain = batch.schema.names if job.operation == "insert" else [names_record or ""]
    return mark(as_text(batch), nulls, plain=plain)


def _names_record(job: _Wanted | IngestJob) -> str | None:
    """Name the column that says which record a row is about; none on insert."""
    return job.external_id or (None if job.operation == "insert" else "Id")


def _id(job: IngestJob | str) -> str:
    return job if isinstance(job, str) else job.id


def _path(job_id: str) -> str:
    return f"jobs/ingest/{segment(job_id)}"
