"""The change set: what a run would do, one row a change, in an order that never varies.

`SCHEMA` is the documented shape of every plan on disk:

    change     int64                the row's number, from 0; receipts refer to it
    system     string               "eloqua", "salesforce"
    object     string               "contact", "customObject/12", "Lead"
    operation  string               see Operation
    key        string               the record's id in that system
    before     map<string, string>  values now, of the fields that would change; "" is blank
    after      map<string, string>  values then; "" clears the field
    reason     string               why, in words that many rows share and that hold no personal data
    evidence   string               what the reason rests on in this row: ids, no personal data

A row whose person was erased later (`scc forget`) keeps its place: its key is "erased/" and its number, its
values are hidden, and it is never written.

A row with the operation `skip` changes nothing: it keeps on record that something was looked at,
and why it is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from scc.errors import DataError

__all__ = ["ERASED", "SCHEMA", "Operation", "PlanSummary", "number_changes", "written_fields"]

FIELDS = pa.map_(pa.string(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("change", pa.int64(), nullable=False),
        pa.field("system", pa.string(), nullable=False),
        pa.field("object", pa.string(), nullable=False),
        pa.field("operation", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("before", FIELDS),
        pa.field("after", FIELDS),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("evidence", pa.string(), nullable=False),
    ]
)
ERASED = "erased/"
"""How the key of a row begins whose person was erased from the change set."""
ORDER = ("system", "object", "operation", "key")
"""A change set is sorted by these, and no two rows share them."""


class Operation(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    FILL = "fill"
    """An update that the other system itself keeps to fields that are blank when it arrives."""
    UPSERT = "upsert"
    DELETE = "delete"
    LINK = "link"
    """A record of a custom object hangs on a contact again, or a contact on its account; no field of it changes."""
    LIST_ADD = "list-add"
    LIST_REMOVE = "list-remove"
    SKIP = "skip"

    @property
    def writes(self) -> bool:
        return self is not Operation.SKIP


@dataclass(slots=True)
class PlanSummary:
    """Counts of a change set, gathered batch by batch.

    `counts` is keyed by (system, object, operation, reason); `fields` by (system, object) with the
    names of all fields that some row would write.
    """

    counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    fields: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        """Rows that would write something."""
        return sum(n for key, n in self.counts.items() if Operation(key[2]).writes)

    @property
    def skipped(self) -> int:
        return sum(n for key, n in self.counts.items() if not Operation(key[2]).writes)

    def by_operation(self) -> Counter[Operation]:
        totals: Counter[Operation] = Counter()
        for (_, _, operation, _), n in self.counts.items():
            totals[Operation(operation)] += n
        return totals

    def add(self, batch: pa.RecordBatch) -> None:
        by = ["system", "object", "operation", "reason"]
        groups = pa.Table.from_batches([batch]).group_by(by).aggregate([([], "count_all")])
        for row in groups.to_pylist():
            self.counts[row["system"], row["object"], row["operation"], row["reason"]] += row["count_all"]
        for system, name in {(row["system"], row["object"]) for row in groups.to_pylist()}:
            chosen = batch.filter(pc.and_(pc.equal(batch["system"], system), pc.equal(batch["object"], name)))
            self.fields.setdefault((system, name), set()).update(written_fields(chosen["after"]))

    def to_json(self) -> dict[str, object]:
        return {
            "changes": self.changes,
            "skipped": self.skipped,
            "counts": [[*key, n] for key, n in sorted(self.counts.items())],
            "fields": [[*key, sorted(names)] for key, names in sorted(self.fields.items())],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> PlanSummary:
        counts: list[list[object]] = data["counts"]  # type: ignore[assignment]  # our own manifest
        fields: list[list[object]] = data["fields"]  # type: ignore[assignment]  # our own manifest
        summary = cls()
        for system, name, operation, reason, n in counts:
            summary.counts[str(system), str(name), str(operation), str(reason)] = int(str(n))
        for system, name, names in fields:
            summary.fields[str(system), str(name)] = set(names)  # type: ignore[call-overload]  # as above
        return summary


def written_fields(after: pa.MapArray) -> set[str]:
    """The fields that rows of a change set write."""
    # MapArray.keys gives the keys of the whole array, also where this is a slice of it.
    entries = after.cast(pa.list_(pa.struct([("key", pa.string()), ("value", pa.string())]))).flatten()
    return set(pc.unique(entries.field("key")).to_pylist())


def number_changes(batches: Iterable[pa.RecordBatch], summary: PlanSummary) -> Iterator[pa.RecordBatch]:
    """Number the rows of a plan's query and check its promises on the way.

    The query gives the columns of SCHEMA but `change`, sorted by ORDER. Raises DataError where it
    names an unknown operation, leaves a key or reason empty, is not sorted, or holds two changes for
    one record: whichever was applied last would win, and that must not be left to chance.
    """
    start, last = 0, None
    for batch in batches:
        if not batch.num_rows:
            continue
        columns = [pa.array(range(start, start + batch.num_rows), pa.int64())]
        columns += [_cast(batch, name) for name in SCHEMA.names[1:]]
        numbered = pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
        _check_values(numbered)
        last = _check_order(numbered, last)
        summary.add(numbered)
        start += batch.num_rows
        yield numbered


def _cast(batch: pa.RecordBatch, name: str) -> pa.Array:
    try:
        return batch.column(name).cast(SCHEMA.field(name).type)
    except KeyError:
        raise DataError(f"the plan's query gives no column {name!r}") from None


def _check_values(batch: pa.RecordBatch) -> None:
    unknown = set(pc.unique(batch["operation"]).to_pylist()) - set(Operation)
    if unknown:
        known = ", ".join(Operation)
        raise DataError(
            f"the plan holds the unknown operation {min(map(str, unknown))!r}, not one of {known}"
        )
    for name in ("system", "object", "key", "reason"):
        column = batch[name]
        if column.null_count or pc.any(pc.equal(column, "")).as_py():
            raise DataError(f"the plan holds a row without {name!r}")


def _check_order(batch: pa.RecordBatch, last: tuple[str, ...] | None) -> tuple[str, ...]:
    """Compare each row with the one before it; `last` is the last row of the batch before."""
    table = pa.Table.from_batches([batch]).select(ORDER)
    size = table.num_rows
    # Where all columns so far are equal, the next one decides.
    equal, ascending = pa.repeat(True, size - 1), pa.repeat(False, size - 1)
    for name in ORDER:
        one, two = table[name].slice(0, size - 1), table[name].slice(1)
        ascending = pc.or_(ascending, pc.and_(equal, pc.less(one, two)))
        equal = pc.and_(equal, pc.equal(one, two))
    first, final = (tuple(table.slice(at, 1).to_pylist()[0].values()) for at in (0, size - 1))
    if (size > 1 and not pc.all(ascending).as_py()) or (last is not None and not last < first):
        raise DataError(
            "the plan holds two changes for one record, or is not sorted by " + ", ".join(ORDER),
            hint="Let the pipeline's SQL give one row a record and end in ORDER BY system, object, operation, key.",
        )
    return final
