"""The work of an ingest job: an uploaded CSV file -> records, and what became of each row. Never sees HTTP.

The upload stays in `sf_work.upload_<job>` as it came, the results beside it in `sf_work.outcome_<job>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scc.sandbox.database import Cursor
from scc.sandbox.salesforce.catalogue.kinds import SObject
from scc.sandbox.salesforce.errors import ApiError, JobFailedError
from scc.sandbox.salesforce.soql.csv_text import line_sql
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.salesforce.writes import columns
from scc.sandbox.salesforce.writes.cells import Cell
from scc.sandbox.salesforce.writes.engine import Engine
from scc.sandbox.salesforce.writes.request import Forced, Operation, Write
from scc.sandbox.salesforce.writes.staging import keep_upload, read_header, stage_records, stage_upload

ERROR_SQL = "concat(code, ':', message, ':', CASE WHEN len(fields) > 0 THEN concat(array_to_string(fields, ','), ' ') ELSE '' END, '--')"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of rows and how it is to be read and written."""

    name: str
    path: Path | None
    sobject: SObject
    operation: Operation
    key: str
    delimiter: str
    ending: str
    user_id: str
    forced: Forced | None = None
    max_rows: int | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """How many rows there were and how many failed; the names in the header."""

    rows: int
    failed: int
    header: list[str]


def ingest(store: SalesforceStore, upload: Upload) -> Ingested:
    """Write the rows of an uploaded file. Raises JobFailedError for what fails as a whole."""
    header = [] if upload.path is None else read_header(upload.path, upload.delimiter, upload.ending)
    if upload.path is None or not header:
        return Ingested(0, 0, [])
    cells = _cells(store, upload.sobject, header)
    key = _key(upload, cells)
    table = f'sf_work."upload_{upload.name}"'
    with store.writing() as cursor:
        rows = keep_upload(cursor, upload.path, table, len(header), upload.delimiter, upload.ending)
        _check_count(upload, rows)
        stage_upload(cursor, table, len(header))
        return Ingested(rows, _write(store, cursor, upload, cells, key), header)


def ingest_records(store: SalesforceStore, upload: Upload, records: Sequence[Mapping[str, Any]]) -> Ingested:
    """Write records that came as JSON. Raises JobFailedError for what fails as a whole."""
    _check_count(upload, len(records))
    with store.writing() as cursor:
        try:
            header = stage_records(cursor, records)
        except ApiError as error:
            raise JobFailedError(f"InvalidBatch : {error}") from None
        cells = _cells(store, upload.sobject, header)
        return Ingested(len(records), _write(store, cursor, upload, cells, _key(upload, cells)), header)


def _check_count(upload: Upload, rows: int) -> None:
    if upload.max_rows is not None and rows > upload.max_rows:
        raise JobFailedError(
            f"InvalidBatch : Records not processed: a batch holds {upload.max_rows} records at most"
        )


def _cells(store: SalesforceStore, sobject: SObject, header: Sequence[str]) -> list[Cell]:
    try:
        return columns.match(store.catalogue, sobject, header)
    except columns.UnknownFieldError as error:
        raise JobFailedError(f"InvalidBatch : Field name not found : {error.name}") from None


def _write(
    store: SalesforceStore, cursor: Cursor, upload: Upload, cells: list[Cell], key: Cell | None
) -> int:
    """Write what is staged, keep what became of it; returns how many rows failed."""
    write = Write(
        upload.sobject,
        upload.operation,
        tuple(cells),
        key,
        upload.user_id,
        store.now(),
        strict_statuses=store.options.member_status_strict,
        forced=upload.forced,
    )
    Engine(store.state, store.catalogue, cursor, write).run()
    return _keep_outcome(cursor, upload.name)


def _key(upload: Upload, cells: list[Cell]) -> Cell | None:
    if upload.operation == "insert":
        return None
    if upload.operation in {"delete", "hardDelete"} and len(cells) > 1:
        raise JobFailedError(f"InvalidBatch : Field name not found : {cells[1].header}")
    name = upload.key if upload.operation == "upsert" else "Id"
    for cell in cells:
        if cell.lookup is None and cell.field.name == name:
            return cell
    raise JobFailedError(f"InvalidBatch : Field name not found : {name}")


def _keep_outcome(cursor: Cursor, name: str) -> int:
    cursor.run(
        f'CREATE OR REPLACE TABLE sf_work."outcome_{name}" AS '
        f"SELECT n, id, created, code, message, fields, CASE WHEN code IS NOT NULL THEN {ERROR_SQL} END AS error FROM outcome"
    )
    failed: int = cursor.value("SELECT count(*) FROM outcome WHERE code IS NOT NULL")
    return failed


def outcome_sql(name: str, columns: int, delimiter: str, ending: str, *, failed: bool) -> str:
    """Return SQL for the lines of a job's successful or failed results, in the order of the upload."""
    second = "error" if failed else "CAST(created AS VARCHAR)"
    cells = ["id", second, *(f"r{place}" for place in range(columns))]
    return (
        f'SELECT {line_sql(cells, delimiter, ending)} AS line FROM sf_work."outcome_{name}" o '
        f'JOIN sf_work."upload_{name}" u USING (n) WHERE error IS {"NOT " if failed else ""}NULL ORDER BY n'
    )


def tables_of(name: str) -> tuple[str, str]:
    """Return the scratch tables of a job."""
    return f"upload_{name}", f"outcome_{name}"
