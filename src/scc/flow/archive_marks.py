"""Marks in the archive: which entries came back, and as which contacts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from scc.core.receipts import Outcome
from scc.core.runs import RunId
from scc.errors import DataError
from scc.flow.batch import Batch
from scc.store.archive import Archive, Mark
from scc.store.dataset import Dataset
from scc.store.runs import Store

__all__ = ["ArchiveMarks"]


class ArchiveMarks:
    """Sets and removes marks: `key` is the archived contact, `restored_to` the new ones, "" takes the mark off.

    A mark follows its contacts. Changes are applied system by system, "eloqua" before "store", so that what
    became of the contacts is in the receipts of the batches before; where Eloqua rejected one, the mark is
    rejected too, and both are offered again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        apply = journal.parent.parent
        run = RunId.from_folder(apply.parent.parent.name, apply.parent.name)
        if run is None:
            raise DataError(f"{apply} belongs to no run")
        refused, now = _rejected_contacts(apply), datetime.now(UTC).replace(microsecond=0)
        marks, unmarked, rejects = [], [], {}
        for row in batch.changes.select(["key", "before", "after"]).to_pylist():
            new, old = (dict(row[name])["restored_to"] for name in ("after", "before"))
            if refused & set((new or old).split(",")):
                rejects[row["key"]] = ("", "Eloqua rejected the contact that this entry goes with")
            elif new:
                marks.append(Mark(row["key"], new, now, str(run)))
            else:
                unmarked.append(row["key"])
        Archive(self._store.root / "archive").mark(marks, unmark=unmarked)
        return batch.receipt(job="", rejects=rejects)


def _rejected_contacts(apply: Path) -> set[str]:
    found: set[str] = set()
    for folder in sorted(apply.glob("*/manifest.json")):
        for batch in Dataset(folder.parent).batches(["system", "object", "key", "outcome"]):
            table = pa.Table.from_batches([batch])
            for name, value in (("system", "eloqua"), ("object", "contact"), ("outcome", Outcome.REJECTED)):
                table = table.filter(pc.equal(table[name], str(value)))
            found.update(table["key"].to_pylist())
    return found
