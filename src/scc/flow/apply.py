"""Apply: write a change set in batches, each with a receipt as soon as it is done.

apply/cut.json            how the plan was cut into batches; a retry cuts it the same way
apply/00003/journal.json  what is under way in the other system, on record before data is sent
apply/00003/manifest.json the batch's receipt: the batch is done
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from scc.core.changes import Operation
from scc.core.receipts import SCHEMA, Outcome, ReceiptSummary
from scc.core.runs import RunId
from scc.engines.base import Engine, Query, Table
from scc.errors import DataError
from scc.flow.batch import Batch
from scc.flow.destinations import destination
from scc.flow.plan import read_summary
from scc.flow.progress import Progress
from scc.flow.systems import Systems
from scc.store.dataset import Dataset, DatasetWriter
from scc.store.files import read_json, write_json
from scc.store.runs import Store

__all__ = ["apply_plan", "batch_object", "read_receipt_summary"]

log = logging.getLogger(__name__)

# Rows that clear a field can't go with rows that leave it alone: one import has one rule for blanks.
_CUT = """
SELECT change, system, object, operation, key, before, after,
       CASE WHEN list_contains(map_values(after), '') THEN array_to_string(list_sort(map_keys(after)), ',')
            ELSE '' END AS clears
FROM plan
WHERE operation <> 'skip'
ORDER BY system, object, operation, clears, change
"""
_GROUP = ("system", "object", "operation", "clears")


def apply_plan(
    *,
    store: Store,
    run: RunId,
    engine: Engine,
    systems: Systems,
    batch_rows: int,
    progress: Progress,
) -> None:
    """Write the run's plan to the systems and its receipt to the store; finished batches are not sent again."""
    plan, folder = store.plan(run), store.folder(run) / "apply"
    plan.verify()
    total = read_summary(plan).changes
    progress.start("apply", total)
    done = []
    for number, batch in enumerate(_cut(engine, plan, _batch_rows(folder, batch_rows))):
        receipt = Dataset(folder / f"{number:05}")
        if not receipt.exists():
            receipt.folder.mkdir(parents=True, exist_ok=True)
            kept, erased = batch.without_erased()
            with DatasetWriter(receipt.folder, SCHEMA) as writer:
                if kept.changes.num_rows:
                    journal = receipt.folder / "journal.json"
                    writer.write(destination(systems, store, run, kept).write(kept, journal))
                if erased is not None:
                    writer.write(erased)
            rows = batch.changes.num_rows
            told = {"step": "apply", "system": batch.system, "rows": rows}
            log.info("batch %d: %d x %s %s", number, rows, batch.operation, batch.object, extra=told)
        # The receipt tells all that the journal did; an erasure need not look into it any more.
        (receipt.folder / "journal.jsonl").unlink(missing_ok=True)
        done.append(receipt)
        progress.advance("apply", batch.changes.num_rows)
    summary = _write_receipt(engine, plan, done, store.receipt(run))
    outcomes = summary.by_outcome()
    progress.finish(
        "apply", ", ".join(f"{outcomes[one]:,} {one}" for one in Outcome if outcomes[one]) or "nothing to do"
    )


def batch_object(engine: Engine, store: Store, run: RunId, number: int) -> str:
    """What the batch of that number is of: "contact", "customObject/12"; "" where there is no such batch."""
    folder = store.folder(run) / "apply"
    if not (folder / "cut.json").is_file():
        return ""
    batches = _cut(engine, store.plan(run), _batch_rows(folder, 0))
    return next((batch.object for at, batch in enumerate(batches) if at == number), "")


def read_receipt_summary(receipt: Dataset) -> ReceiptSummary:
    return ReceiptSummary.from_json(receipt.manifest.meta["summary"])  # type: ignore[arg-type]  # our own manifest


def _batch_rows(folder: Path, wanted: int) -> int:
    """The size that this plan's batches were cut to by the first try."""
    cut = read_json(folder / "cut.json")
    if cut is None:
        folder.mkdir(parents=True, exist_ok=True)
        cut = {"batch_rows": wanted}
        write_json(folder / "cut.json", cut)
    return int(str(cut["batch_rows"]))


def _cut(engine: Engine, plan: Dataset, batch_rows: int) -> Iterator[Batch]:
    """The plan's writing rows in batches of one system, object, operation and treatment of blanks."""
    pending: list[pa.RecordBatch] = []
    for rows in engine.run(Query(_CUT, {"plan": Table([plan])})):
        for group in _runs_of_equal(rows):
            if pending and _key(pending[0]) != _key(group):
                yield _batch(pending)
                pending = []
            at = 0
            while at < group.num_rows:
                room = batch_rows - sum(part.num_rows for part in pending)
                pending.append(group.slice(at, room))
                at += room
                if sum(part.num_rows for part in pending) == batch_rows:
                    yield _batch(pending)
                    pending = []
    if pending:
        yield _batch(pending)


def _runs_of_equal(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Slices of a sorted batch that share the columns of _GROUP."""
    at = 0
    while at < rows.num_rows:
        rest = rows.slice(at)
        same = pa.repeat(True, rest.num_rows)
        for name, value in zip(_GROUP, _key(rest), strict=True):
            same = pc.and_(same, pc.equal(rest[name], value))
        size = pc.index(same, pa.scalar(value=False)).as_py()
        size = rest.num_rows if size < 0 else size
        yield rest.slice(0, size)
        at += size


def _key(rows: pa.RecordBatch) -> tuple[str, ...]:
    return tuple(rows[name][0].as_py() for name in _GROUP)


def _batch(parts: list[pa.RecordBatch]) -> Batch:
    system, name, operation, clears = _key(parts[0])
    changes = pa.Table.from_batches(parts).drop_columns(list(_GROUP)).combine_chunks()
    return Batch(system, name, Operation(operation), clears=bool(clears), changes=changes)


_SKIPPED = """
SELECT change, system, object, operation, key, 'skipped' AS outcome, '' AS code, reason AS message, '' AS job
FROM plan WHERE operation = 'skip' ORDER BY change
"""
_ALL = """
SELECT change, system, object, operation, key, outcome, code, message, job FROM done
UNION ALL
SELECT change, system, object, operation, key, 'skipped', '', reason, '' FROM plan WHERE operation = 'skip'
ORDER BY change
"""


def _write_receipt(engine: Engine, plan: Dataset, done: list[Dataset], target: Dataset) -> ReceiptSummary:
    """Merge the batches' receipts with the rows left alone; each row of the plan must be there once."""
    tables = {"plan": Table([plan])} | ({"done": Table(done)} if done else {})
    summary = ReceiptSummary()
    with DatasetWriter(target.folder, SCHEMA) as writer:
        for batch in engine.run(Query(_ALL if done else _SKIPPED, tables)):
            checked = batch.cast(SCHEMA)
            summary.add(checked)
            writer.write(checked)
        if writer.rows != plan.manifest.rows:
            raise DataError(
                f"{target.folder}: {writer.rows:,} receipts for {plan.manifest.rows:,} rows of the plan"
            )
        writer.meta["summary"] = summary.to_json()
    return summary
