"""Which row sent each row of a result belongs to.

Salesforce promises no order: a result row carries the columns that were sent, and nothing else of
where it came from. Rows are told apart by the column that names the record where its values differ in
all rows, else by all columns together. Rows that are equal in all of them are as good as each other:
each gets one of their results, none twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from scc.errors import IncompleteError
from scc.salesforce.rows import CLEAR

__all__ = ["keys", "match"]


def keys(sent: pa.Table, names_record: str | None) -> list[str]:
    """Choose the columns to tell rows apart by."""
    for name in sent.schema.names:
        if names_record is not None and name.lower() == names_record.lower():
            column = _plain(sent[name])
            blank = pc.any(pc.equal(column, "")).as_py()
            if not blank and pc.count_distinct(column).as_py() == len(column):
                return [name]
    return list(sent.schema.names)


def match(sent: pa.Table, echoed: pa.Table, *, what: str) -> pa.Array:
    """Give the position among `sent` of each row of `echoed`; both have the key columns only.

    IncompleteError where they do not hold the same rows.
    """
    left = [_plain(sent[name]) for name in sent.schema.names]
    right = [_plain(echoed[name]) for name in sent.schema.names]
    if len(left[0]) != len(right[0]):
        raise IncompleteError(
            f"salesforce: {what}: {len(left[0]):,} rows were sent, {len(right[0]):,} answered"
        )
    if _equal(left, right):  # the order was kept, as mostly where no row failed
        return pa.array(range(len(left[0])), pa.int64())
    left_order, right_order = _order(left), _order(right)
    left = [column.take(left_order) for column in left]
    right = [column.take(right_order) for column in right]
    if not _equal(left, right):
        raise IncompleteError(
            f"salesforce: {what}: the rows answered are not those sent",
            hint="The results stay at Salesforce for seven days under the job's id.",
        )
    back = pc.sort_indices(right_order)  # turns the order around: from a row to its rank
    return left_order.take(back).cast(pa.int64())


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Take empty, null and `#N/A` for the same: which one comes back is not documented."""
    column = pc.fill_null(column, "").combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # an empty one
        column = pa.array([], pa.string())
    return pc.if_else(pc.equal(column, CLEAR), "", column)


def _equal(left: Sequence[pa.Array], right: Sequence[pa.Array]) -> bool:
    return all(a.equals(b) for a, b in zip(left, right, strict=True))


def _order(columns: Sequence[pa.Array]) -> pa.Array:
    names = [str(at) for at in range(len(columns))]
    table = pa.Table.from_arrays(list(columns), names=names)
    return pc.sort_indices(table, sort_keys=[(name, "ascending") for name in names])
