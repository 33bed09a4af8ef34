"""The receipt: what really happened to each change of a plan.

`SCHEMA` is its documented shape on disk, sorted by `change`, one row for each row of the plan:

    change     int64   the row of the change set
    system, object, operation, key   as there, so that a receipt can be read alone
    outcome    string  see Outcome
    code       string  the system's own code of a refusal ("ELQ-00040"), else ""
    message    string  the system's own words, or the plan's reason of a skipped row
    job        string  where it happened in that system ("/syncs/12"), else ""
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa

__all__ = ["SCHEMA", "Outcome", "ReceiptSummary"]

SCHEMA = pa.schema(
    [
        pa.field("change", pa.int64(), nullable=False),
        *(pa.field(n, pa.string(), nullable=False) for n in ("system", "object", "operation", "key")),
        *(pa.field(n, pa.string(), nullable=False) for n in ("outcome", "code", "message", "job")),
    ]
)

_KEY = ("system", "object", "operation", "outcome", "code")
"""What a summary counts by."""


class Outcome(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclass(slots=True)
class ReceiptSummary:
    """Counts of a receipt, keyed by (system, object, operation, outcome, code)."""

    counts: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)

    def by_outcome(self) -> Counter[Outcome]:
        totals: Counter[Outcome] = Counter()
        for key, n in self.counts.items():
            totals[Outcome(key[3])] += n
        return totals

    def add(self, batch: pa.RecordBatch) -> None:
        groups = pa.Table.from_batches([batch]).group_by(list(_KEY)).aggregate([([], "count_all")])
        for row in groups.to_pylist():
            self.counts[tuple(row[name] for name in _KEY)] += row["count_all"]

    def records(self) -> list[dict[str, str | int]]:
        """One mapping for each count, as it is told to people and machines."""
        return [{**dict(zip(_KEY, key, strict=True)), "records": n} for key, n in sorted(self.counts.items())]

    @classmethod
    def from_records(cls, records: Iterable[Mapping[str, str | int]]) -> ReceiptSummary:
        """The summary that `records` was asked of."""
        summary = cls()
        for one in records:
            system, name, operation, outcome, code = (str(one[part]) for part in _KEY)
            summary.counts[system, name, operation, outcome, code] += int(one["records"])
        return summary

    def to_json(self) -> dict[str, object]:
        return {"counts": [[*key, n] for key, n in sorted(self.counts.items())]}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> ReceiptSummary:
        rows: list[list[object]] = data["counts"]  # type: ignore[assignment]  # our own manifest
        summary = cls()
        for system, name, operation, outcome, code, n in rows:
            summary.counts[str(system), str(name), str(operation), str(outcome), str(code)] = int(str(n))
        return summary
