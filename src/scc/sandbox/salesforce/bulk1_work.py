"""The work of a batch of Bulk API 1.0: rows in, or the answer to a query out. Never sees HTTP."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from scc.sandbox.salesforce import ids, results
from scc.sandbox.salesforce.bulk1_jobs import Batch, BulkJob
from scc.sandbox.salesforce.errors import JobFailedError
from scc.sandbox.salesforce.faulty_rows import forced_rows
from scc.sandbox.salesforce.ingest import Upload, ingest, ingest_records
from scc.sandbox.salesforce.queries import Queries
from scc.sandbox.salesforce.soql.csv_text import line_sql, lines_sql
from scc.sandbox.salesforce.soql.errors import SoqlError
from scc.sandbox.salesforce.soql.plan import Plan
from scc.sandbox.salesforce.soql.shape import Shaper, json_value
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.salesforce.writes.request import Operation

MAX_ROWS = 10_000
NOTHING_FOUND = b"Records not found for this query"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
_ROWS_AT_ONCE = 2_000
_WRITES: dict[str, Operation] = {
    "insert": "insert",
    "update": "update",
    "upsert": "upsert",
    "delete": "delete",
    "hardDelete": "hardDelete",
}


class BatchWork:
    def __init__(self, store: SalesforceStore, queries: Queries) -> None:
        self._store = store
        self._queries = queries

    def run(self, job: BulkJob, batch: Batch) -> None:
        """Do a batch. Raises JobFailedError with the batch's stateMessage."""
        fault = self._store.state.faults.take("job-failed", "salesforce", address(job, batch))
        if fault is not None:
            raise JobFailedError(
                fault.details.get("message", "InternalServerError : Retried more than fifteen times")
            )
        if job.is_query:
            self._query(job, batch)
        else:
            self._write(job, batch)

    def _query(self, job: BulkJob, batch: Batch) -> None:
        plan = self._plan(job, batch)
        batch.plan = plan
        batch.header = [".".join(output.path) for output in plan.outputs]
        batch.result_id = ids.make15("752", self._store.state.counters.take("salesforce.result"))
        sql = plan.sql if job.as_json else lines_sql(plan, ",", "\n")
        batch.job.processed = results.keep(self._store, batch.job.id, sql, plan.params)

    def _plan(self, job: BulkJob, batch: Batch) -> Plan:
        try:
            soql = batch.path.read_text("utf-8", "replace")
            plan = self._queries.plan(soql, include_deleted=job.operation == "queryAll", within=batch.within)
        except SoqlError as error:
            words = " ".join(error.message.split("\n")).strip()
            raise JobFailedError(f"InvalidBatch : Failed to process query: {error.code}: {words}") from None
        if plan.bulk_refusal is not None:
            words = f"FUNCTIONALITY_NOT_ENABLED: {plan.bulk_refusal[1]}"
            raise JobFailedError(f"InvalidBatch : Failed to process query: {words}")
        if plan.sobject.name != job.sobject:
            raise JobFailedError(
                "InvalidBatch : Failed to process query: INVALID_TYPE_FOR_OPERATION: The root entity of the requested "
                f"query ({plan.sobject.name}) does not match the entity of the requested Bulk API Job ({job.sobject})."
            )
        return plan

    def _write(self, job: BulkJob, batch: Batch) -> None:
        upload = Upload(
            name=batch.job.id,
            path=batch.path,
            sobject=self._store.sobject(job.sobject),
            operation=_WRITES[job.operation],
            key=self._key(job),
            delimiter=",",
            ending=_ending(batch),
            user_id=job.user_id,
            forced=forced_rows(self._store.state, address(job, batch)),
            max_rows=MAX_ROWS,
        )
        done = (
            ingest_records(self._store, upload, _records(batch))
            if job.as_json
            else ingest(self._store, upload)
        )
        batch.header = done.header
        batch.job.processed, batch.job.failed = done.rows, done.failed

    def _key(self, job: BulkJob) -> str:
        field = self._store.sobject(job.sobject).field(job.external or "Id")
        if field is None:
            raise JobFailedError(f"InvalidBatch : Field name not found : {job.external}")
        return field.name

    def query_csv(self, batch: Batch) -> Iterator[bytes]:
        """Yield a query's result as CSV; a single line says that there is nothing."""
        if not batch.job.processed:
            return iter([NOTHING_FOUND])
        head = ",".join(f'"{name}"' for name in batch.header) + "\n"
        return results.stream(self._store.state, batch.job.id, head.encode())

    def query_json(self, job: BulkJob, batch: Batch) -> Iterator[bytes]:
        """Yield a query's result as a JSON array; times as milliseconds since 1970."""
        assert batch.plan is not None
        shaper = Shaper(batch.plan, self._store.catalogue, f"/services/data/v{job.version}", _epoch)
        yield b"["
        with self._store.state.cursor() as cursor:
            for start in range(0, batch.job.processed, _ROWS_AT_ONCE):
                rows = cursor.rows(
                    f'SELECT * FROM sf_work."{batch.job.id}" WHERE rowid >= {start} AND rowid < {start + _ROWS_AT_ONCE}'
                )
                records = [json.dumps(shaper.record(row), ensure_ascii=False) for row in rows]
                yield ("," if start else "").encode() + ",".join(records).encode()
        yield b"]"

    def write_csv(self, batch: Batch) -> Iterator[bytes]:
        """Yield what became of each row, in the order of the rows."""
        cells = ["id", "CAST(error IS NULL AS VARCHAR)", "CAST(created AS VARCHAR)", "error"]
        sql = (
            f'SELECT {line_sql(cells, ",", chr(10))} AS line FROM sf_work."outcome_{batch.job.id}" ORDER BY n'
        )
        return results.lines(self._store.state, b'"Id","Success","Created","Error"\n', sql)

    def write_json(self, batch: Batch) -> list[dict[str, object]]:
        """Return what became of each row, in the order of the rows."""
        with self._store.reading() as cursor:
            rows = cursor.rows(
                f'SELECT id, created, code, message, fields FROM sf_work."outcome_{batch.job.id}" ORDER BY n'
            )
        return [
            {
                "success": code is None,
                "created": created,
                "id": record_id,
                "errors": _errors(code, message, fields),
            }
            for record_id, created, code, message, fields in rows
        ]

    def ranges(self, job: BulkJob) -> list[tuple[str, str | None]]:
        """Return the ranges of ids that PK chunking cuts an object into: from one id to before another."""
        assert job.chunk is not None
        sobject = self._store.sobject(job.sobject)
        with self._store.reading() as cursor:
            rows = cursor.rows(
                f'SELECT "Id" FROM (SELECT "Id", row_number() OVER (ORDER BY "Id") - 1 AS place FROM {sobject.table}) '
                f"WHERE place % {job.chunk} = 0 ORDER BY place"
            )
        starts = [row[0] for row in rows] or [ids.make(sobject.prefix, 0)]
        return list(zip(starts, [*starts[1:], None], strict=True))


def address(job: BulkJob, batch: Batch) -> str:
    """Return the path of a batch, by which faults are aimed at it."""
    return f"/services/async/{job.version}/job/{job.id}/batch/{batch.job.id}"


def _records(batch: Batch) -> list[dict[str, Any]]:
    try:
        raw = json.loads(batch.path.read_bytes())
    except ValueError:
        raise JobFailedError("InvalidBatch : Failed to parse JSON") from None
    if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
        raise JobFailedError("InvalidBatch : A batch of JSON is an array of records")
    return raw


def _ending(batch: Batch) -> str:
    with batch.path.open("rb") as file:
        return "CRLF" if file.readline(1 << 20).endswith(b"\r\n") else "LF"


def _errors(code: str | None, message: str | None, fields: list[str] | None) -> list[dict[str, object]]:
    if code is None:
        return []
    return [{"message": message, "fields": fields or [], "statusCode": code, "extendedErrorDetails": None}]


def _epoch(value: object, kind: str) -> object:
    if isinstance(value, dt.datetime):
        return int((value - _EPOCH).total_seconds() * 1000)
    if isinstance(value, dt.date):
        return int((dt.datetime.combine(value, dt.time()) - _EPOCH).total_seconds() * 1000)
    return json_value(value, kind)
