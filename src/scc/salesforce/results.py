"""What became of every row of an ingest job: three CSV results brought back into the order of sending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from scc.salesforce.errors import reason, without_values
from scc.salesforce.matching import keys, match
from scc.salesforce.models import IngestJob, JobState, Outcome, RowResult
from scc.salesforce.pages import read_page

__all__ = ["SCHEMA", "IngestResult", "read_results"]

SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("outcome", pa.string()),
        ("id", pa.string()),
        ("created", pa.bool_()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("fields", pa.string()),
    ]
)
_ERROR = r"(?s)^(?P<code>[A-Za-z][A-Za-z0-9_]*):(?P<message>.*):(?P<fields>[^:]*?) ?--$"


@dataclass(frozen=True)
class IngestResult:
    """The outcome of one job: a row of `table` for each row sent, in the order of sending.

    `table` has the columns of `SCHEMA`: `row` counts over all jobs of one `ingest`, `outcome` is
    `successful`, `failed` or `unprocessed`, `fields` is a list with commas.
    """

    job: IngestJob
    first_row: int
    table: pa.Table = field(repr=False)

    def __iter__(self) -> Iterator[RowResult]:
        return _rows(self.table)

    def counts(self) -> dict[Outcome, int]:
        """Rows by outcome."""
        counted = {one["values"]: one["counts"] for one in pc.value_counts(self.table["outcome"]).to_pylist()}
        return {outcome: counted.get(outcome.value, 0) for outcome in Outcome}

    def failures(self) -> Iterator[RowResult]:
        """Give the rows that were not written, with the reason: failed and unprocessed ones."""
        return _rows(self.table.filter(pc.not_equal(self.table["outcome"], Outcome.SUCCESSFUL)))


def read_results(
    job: IngestJob,
    sent: pa.Table,
    bodies: dict[Outcome, bytes],
    *,
    first_row: int,
    names_record: str | None,
) -> IngestResult:
    """Match the three result files with the rows sent; IncompleteError where they do not add up."""
    by = keys(sent, names_record)
    parts = [_read(outcome, body, by, job) for outcome, body in bodies.items()]
    echoed = pa.concat_tables([echo for echo, _ in parts])
    found = pa.concat_tables([result for _, result in parts])
    position = match(sent.select(by), echoed, what=f"job {job.id}")
    found = found.append_column("row", position).sort_by("row")
    rows = pc.add(found["row"], pa.scalar(first_row, pa.int64()))
    found = found.set_column(found.schema.get_field_index("row"), "row", rows)
    return IngestResult(job, first_row, found.select(SCHEMA.names).cast(SCHEMA))


def _read(outcome: Outcome, body: bytes, by: list[str], job: IngestJob) -> tuple[pa.Table, pa.Table]:
    """Give the key columns as sent, and the result columns, of one of the three files."""
    own = {
        Outcome.SUCCESSFUL: ["sf__Id", "sf__Created"],
        Outcome.FAILED: ["sf__Id", "sf__Error"],
        Outcome.UNPROCESSED: [],
    }[outcome]
    if body.find(b"\n", 0, len(body) - 1) < 0:  # no rows; whose columns a header then names is not documented
        page = pa.schema([(name, pa.string()) for name in [*own, *by]]).empty_table()
    else:
        page = read_page(body, what=f"job {job.id}, {outcome} rows", columns=[*own, *by])
    page = page.rename_columns([*own, *by]).combine_chunks()
    rows = page.num_rows
    blank = pa.nulls(rows, pa.string())
    columns = {
        "outcome": _repeat(outcome.value, rows),
        "id": page["sf__Id"] if own else blank,
        "created": pc.equal(page["sf__Created"], "true")
        if outcome is Outcome.SUCCESSFUL
        else pa.nulls(rows, pa.bool_()),
        "code": blank,
        "message": blank,
        "fields": blank,
    }
    if outcome is Outcome.FAILED:
        columns |= _errors(page["sf__Error"])
    elif outcome is Outcome.UNPROCESSED and job.state is not JobState.JOB_COMPLETE:
        columns |= _job_error(job, rows)
    return page.select(by), pa.table(columns)


def _errors(said: pa.ChunkedArray) -> dict[str, pa.Array]:
    """Cut `CODE:message:Field1,Field2 --` apart; words of another shape are all message."""
    distinct = said.combine_chunks().dictionary_encode()
    words = distinct.dictionary
    cut = pc.extract_regex(words, _ERROR)
    code = pc.struct_field(cut, "code")
    code = pc.if_else(pc.is_valid(cut), code, None)
    message = pc.if_else(pc.is_valid(cut), pc.struct_field(cut, "message"), words)
    fields = pc.struct_field(cut, "fields")
    fields = pc.if_else(pc.and_kleene(pc.is_valid(cut), pc.not_equal(fields, "")), fields, None)
    clean = pa.array(
        [without_values(*one) for one in zip(code.to_pylist(), message.to_pylist(), strict=True)], pa.string()
    )
    return {
        name: column.take(distinct.indices)
        for name, column in (("code", code), ("message", clean), ("fields", fields))
    }


def _job_error(job: IngestJob, rows: int) -> dict[str, pa.Array]:
    code, words = reason(job.error)
    return {"code": _repeat(code, rows), "message": _repeat(words, rows)}


def _repeat(value: str | None, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def _rows(table: pa.Table) -> Iterator[RowResult]:
    for batch in table.to_batches(max_chunksize=10_000):
        for raw in batch.to_pylist():
            fields = tuple((raw["fields"] or "").split(",")) if raw["fields"] else ()
            yield RowResult(
                row=raw["row"],
                outcome=Outcome(raw["outcome"]),
                id=raw["id"],
                created=bool(raw["created"]),
                code=raw["code"],
                message=raw["message"],
                fields=fields,
            )
