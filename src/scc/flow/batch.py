"""A batch of changes that one bulk call writes, and its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from scc.core.changes import ERASED, Operation, written_fields
from scc.core.receipts import SCHEMA, Outcome
from scc.errors import DataError

__all__ = ["Batch", "Destination"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes of one system, object and operation; `changes` has change, key, before, after.

    `clears`: the rows set some field to blank, and all rows write the same fields. Otherwise a field
    that a row does not name is left as it is. `names`: just these of the fields that the rows write.
    """

    system: str
    object: str
    operation: Operation
    clears: bool
    changes: pa.Table
    names: tuple[str, ...] | None = None
    erased: int = 0
    """Rows that are no more among the changes, and may have been sent by an earlier try."""

    def fields(self) -> list[str]:
        """All fields that some row writes, sorted."""
        if self.names is not None:
            return list(self.names)
        names: set[str] = set()
        for chunk in self.changes["after"].chunks:
            names.update(written_fields(chunk))
        return sorted(names)

    def without_erased(self) -> tuple[Batch, pa.RecordBatch | None]:
        """The batch without the rows of persons who were erased since the plan was made, and those rows' receipt."""
        is_erased = pc.starts_with(self.changes["key"], ERASED)
        if not pc.any(is_erased).as_py():
            return self, None
        gone = replace(self, changes=self.changes.filter(is_erased).combine_chunks())
        rows = [
            {**row, "outcome": str(Outcome.SKIPPED), "message": "the person was erased since (scc forget)"}
            for row in gone.receipt(job="", rejects={}).to_pylist()
        ]
        kept = self.changes.filter(pc.invert(is_erased)).combine_chunks()
        return replace(self, changes=kept, erased=len(rows)), pa.RecordBatch.from_pylist(rows, schema=SCHEMA)

    def pieces(self, most: int) -> list[Batch]:
        """The same rows again and again, with at most so many of the fields each."""
        names = self.fields()
        return [
            replace(self, names=tuple(names[at : at + most])) for at in range(0, max(len(names), 1), most)
        ]

    def values(self, field: str) -> pa.ChunkedArray:
        """One field's new values; null where a row does not write it."""
        return pc.map_lookup(self.changes["after"], pa.scalar(field), "first")

    def receipt(self, *, job: str, rejects: Mapping[str, tuple[str, str]]) -> pa.RecordBatch:
        """A receipt for every row: applied, unless its key is among the rejects (code, message)."""
        keys = self.changes["key"].to_pylist()
        unknown = rejects.keys() - set(keys)
        if len(unknown) > self.erased:
            raise DataError(f"{self.system} rejected {len(unknown):,} records that {job} never held")
        return self.told({key: (Outcome.REJECTED, *why) for key, why in rejects.items()}, job=job)

    def told(self, told: Mapping[str, tuple[Outcome, str, str]], *, job: str = "") -> pa.RecordBatch:
        """A receipt for every row: what is told of its key (outcome, code, message), else applied."""
        keys = self.changes["key"].to_pylist()
        rows = len(keys)
        applied = (Outcome.APPLIED, "", "")
        outcomes, codes, words = zip(*(told.get(key, applied) for key in keys), strict=True)
        columns = [
            self.changes["change"].combine_chunks(),
            pa.repeat(self.system, rows),
            pa.repeat(self.object, rows),
            pa.repeat(str(self.operation), rows),
            self.changes["key"].combine_chunks(),
            pa.array([str(outcome) for outcome in outcomes]),
            pa.array(codes),
            pa.array(words),
            pa.repeat(job, rows),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


class Destination(Protocol):
    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        """Write the batch and give its receipt.

        Notes in `journal` what it starts, before any data is sent: called again after a kill, it
        goes on from there.
        """
        ...
