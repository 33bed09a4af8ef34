"""The work of an ingest job: an uploaded CSV file -> records, and what became of each row. Never sees HTTP.

The upload stays in `sf_work.upload_<job>` as it came, the results beside it in `sf_work.outcome_<job>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scc.sandbox.database import Cursor
from scc.sandbox.salesforce.catalogue.kinds import SObject
from scc.sandbox.salesforce.errors import JobFailedError
from scc.sandbox.salesforce.soql.csv_text import line_sql
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.salesforce.writes import columns
from scc.sandbox.salesforce.writes.cells import Cell
from scc.sandbox.salesforce.writes.engine import Engine
from scc.sandbox.salesforce.writes.request import Forced, Operation, Write
from scc.sandbox.salesforce.writes.staging import keep_upload, read_header, stage_upload

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


@dataclass(frozen=True, slots=True)
class Ingested:
    """How many rows there were and how many failed; the names in the header."""

    rows: int
    failed: int
    header: list[str]


def ingest(store: SalesforceStore, upload: Upload) -> Ingested:
    """Write the rows of an upload. Raises JobFailedError for what fails as a whole."""
    header = [] if upload.path is None else read_header(upload.path, upload.delimiter, upload.ending)
    if upload.path is None or not header:
        return Ingested(0, 0, [])
    try:
        cells = columns.match(store.catalogue, upload.sobject, header)
    except columns.UnknownFieldError as error:
        raise JobFailedError(f"InvalidBatch : Field name not found : {error.name}") from None
    key = _key(upload, cells)
    table = f'sf_work."upload_{upload.name}"'
    with store.writing() as cursor:
        rows = keep_upload(cursor, upload.path, table, len(header), upload.delimiter, upload.ending)
        stage_upload(cursor, table, len(header))
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
        return Ingested(rows, _keep_outcome(cursor, upload.name), header)


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
        f"SELECT n, id, created, CASE WHEN code IS NOT NULL THEN {ERROR_SQL} END AS error FROM outcome"
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
