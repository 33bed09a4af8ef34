"""Bulk API 2.0 query jobs: any number of records, in constant memory.

A page is fetched whole before it is parsed: a cut connection then costs one page. The next one is
fetched, and the next records of this one are parsed, while the caller has some: two pages as they came,
and little of them parsed, are all that is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from scc.errors import DataError, IncompleteError
from scc.salesforce import jobs
from scc.salesforce.door import segment
from scc.salesforce.jobs import Jobs
from scc.salesforce.models import JobState, QueryJob
from scc.salesforce.pages import read_batches
from scc.salesforce.queries import selected
from scc.salesforce.types import convert

__all__ = ["PAGE_ROWS", "BulkQueries"]

PAGE_ROWS = 250_000
_PAGE_CELLS = 5_000_000
_AHEAD = 4
"""Batches parsed at once, of about 2 MB: who writes Parquet takes several at a time."""


@dataclass(frozen=True)
class _Page:
    """A page as it came; `announced` is the number of its records, None where it does not say."""

    body: bytes
    what: str
    announced: int | None
    locator: str | None


class BulkQueries(Jobs):
    """Create, wait for, read and delete query jobs."""

    def create_query(self, soql: str, *, include_deleted: bool = False) -> QueryJob:
        """Start a job. Repeated after a cut connection: a job that nobody reads does no harm."""
        response = self._door.call(
            "POST",
            "jobs/query",
            json={"operation": "queryAll" if include_deleted else "query", "query": soql},
            idempotent=True,
        )
        return QueryJob.parse(response.json())

    def query_job(self, job_id: str) -> QueryJob:
        return QueryJob.parse(self._door.call("GET", _path(job_id)).json())

    def wait_query(
        self,
        job: QueryJob | str,
        *,
        timeout_s: float | None = None,
        on_poll: Callable[[QueryJob], None] | None = None,
    ) -> QueryJob:
        """Wait until the job is complete; RefusedError where it failed or was aborted."""
        job_id = job if isinstance(job, str) else job.id
        ended = jobs.wait(self._door, lambda: self.query_job(job_id), timeout_s=timeout_s, on_poll=on_poll)
        if ended.state is not JobState.JOB_COMPLETE:
            raise jobs.failure(ended)
        return ended

    def abort_query(self, job: QueryJob | str) -> None:
        """End a job before its time; RefusedError where it has ended already."""
        jobs.abort(self._door, _path(job if isinstance(job, str) else job.id))

    def delete_query(self, job: QueryJob | str) -> None:
        """Delete a job with its results, aborting it where it still runs; one that is gone counts as deleted."""
        jobs.remove(self._door, _path(job if isinstance(job, str) else job.id))

    def results(
        self,
        job: QueryJob | str,
        *,
        page_rows: int = PAGE_ROWS,
        types: Mapping[str, pa.DataType] | None = None,
        timeout_s: float | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Read a job's records, waiting for it where it still runs; it may be read again.

        Columns are named as in the result's header and are text, null for null; `types` turns those
        named in it into others. At least one batch comes. IncompleteError where a page, or all of them,
        do not add up to Salesforce's count.
        """
        complete = job if _is_complete(job) else self.wait_query(job, timeout_s=timeout_s)
        assert isinstance(complete, QueryJob)
        rows = 0
        with _threads() as threads:
            for batch in _ahead(self._batches(complete.id, page_rows, threads), threads):
                rows += batch.num_rows
                yield convert(batch, types or {})
        if complete.records is not None and rows != complete.records:
            raise IncompleteError(
                f"salesforce: job {complete.id} counted {complete.records:,} records and sent {rows:,}"
            )

    def query(
        self,
        soql: str,
        *,
        include_deleted: bool = False,
        page_rows: int | None = None,
        types: Mapping[str, pa.DataType] | None = None,
        timeout_s: float | None = None,
        on_job: Callable[[QueryJob], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Run a query as a job, read it, and delete the job whatever happens.

        Columns are named as the query names them, as those of `client.query` are. `on_job` gets the job before it is waited for. A page holds 250,000 records, fewer where a
        query selects many fields.
        """
        columns = selected(soql) or ()
        job = self.create_query(soql, include_deleted=include_deleted)
        try:
            if on_job is not None:
                on_job(job)
            for batch in self.results(job, page_rows=page_rows or _page_rows(columns), timeout_s=timeout_s):
                yield convert(_as_selected(batch, columns), types or {})
        finally:
            jobs.remove(self._door, _path(job.id), quietly=True)

    def _batches(self, job_id: str, page_rows: int, threads: Executor) -> Iterator[pa.RecordBatch]:
        """Fetch ahead by one page: the address of the next stands on the one before."""
        seen: set[str] = set()
        page: _Page | None = self._page(job_id, page_rows, None)
        while page is not None:
            following = None
            if page.locator is not None:
                if page.locator in seen:
                    raise DataError(f"salesforce: the pages of job {job_id} do not advance")
                seen.add(page.locator)
                following = threads.submit(self._page, job_id, page_rows, page.locator)
            yield from _parsed(page)
            page = None  # not to be held beside the next two
            page = following.result() if following else None

    def _page(self, job_id: str, page_rows: int, locator: str | None) -> _Page:
        response = self._door.call(
            "GET",
            f"{_path(job_id)}/results",
            params={"maxRecords": page_rows, "locator": locator},
            headers={"Accept": "text/csv"},
        )
        said = response.headers.get("Sforce-Locator")
        if not said:
            raise DataError(
                f"salesforce: a page of job {job_id} does not say whether another follows",
                hint="Something between here and Salesforce drops the header Sforce-Locator.",
            )
        announced = response.headers.get("Sforce-NumberOfRecords", "")
        return _Page(
            response.body,
            f"job {job_id}, the page at {locator or 'the start'}",
            int(announced) if announced.isascii() and announced.isdigit() else None,
            None if said == "null" else said,
        )


def _parsed(page: _Page) -> Iterator[pa.RecordBatch]:
    """Parse a page; IncompleteError where it holds not as many records as were announced."""
    rows = 0
    for batch in read_batches(page.body, what=page.what):
        rows += batch.num_rows
        yield batch
    if page.announced not in (None, rows):
        raise IncompleteError(
            f"salesforce: {page.what}: {page.announced:,} records were announced, {rows:,} came"
        )


def _ahead(batches: Iterator[pa.RecordBatch], threads: Executor) -> Iterator[pa.RecordBatch]:
    """Parse the next few while the caller has those before."""

    def some() -> list[pa.RecordBatch]:
        return list(islice(batches, _AHEAD))

    coming = threads.submit(some)
    while parsed := coming.result():
        coming = threads.submit(some)
        yield from parsed


@contextmanager
def _threads() -> Iterator[Executor]:
    """One to fetch and one to parse; nobody waits for them when the reader has had enough."""
    pool = ThreadPoolExecutor(2, thread_name_prefix="salesforce-page")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _is_complete(job: QueryJob | str) -> bool:
    return isinstance(job, QueryJob) and job.state is JobState.JOB_COMPLETE


def _page_rows(columns: Sequence[str]) -> int:
    """Keep a page of a wide query to five million cells: pages are held whole."""
    return max(1_000, min(PAGE_ROWS, _PAGE_CELLS // max(1, len(columns))))


def _as_selected(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    """Take the query's spelling of the columns for Salesforce's."""
    same = [name.lower() for name in columns] == [name.lower() for name in batch.schema.names]
    return batch.rename_columns(list(columns)) if same else batch


def _path(job_id: str) -> str:
    return f"jobs/query/{segment(job_id)}"
