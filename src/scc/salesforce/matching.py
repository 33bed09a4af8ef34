"""Which row sent each row of a result belongs to.

Salesforce promises no order: a result row carries the columns that were sent, and nothing else of
where it came from. Rows are told apart by the column that names the record where its values differ in
all rows, else by all columns together. Rows that are equal in all of them are as good as each other:
each gets one of their results, none twice.
"""

from __future__ import annotations

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
    names = sent.schema.names
    if sent.num_rows != echoed.num_rows:
        raise IncompleteError(
            f"salesforce: {what}: {sent.num_rows:,} rows were sent, {echoed.num_rows:,} answered"
        )
    # the order is mostly kept where no row failed; one column at a time, as they are copied
    if all(_plain(sent[name]).equals(_plain(echoed[name])) for name in names):
        return pa.array(range(sent.num_rows), pa.int64())
    left, left_order = _sorted(sent)
    right, right_order = _sorted(echoed.select(names))
    if not left.equals(right):
        raise IncompleteError(
            f"salesforce: {what}: the rows answered are not those sent",
            hint="The results stay at Salesforce for seven days under the job's id.",
        )
    back = pc.sort_indices(right_order)  # turns the order around: from a row to its rank
    return left_order.take(back).cast(pa.int64())


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Take empty, null and `#N/A` for the same: which one comes back is not documented."""
    whole = pc.fill_null(column, "").combine_chunks()
    return pc.if_else(pc.equal(whole, CLEAR), "", whole)


def _sorted(table: pa.Table) -> tuple[pa.Table, pa.Array]:
    plain = pa.table({name: _plain(table[name]) for name in table.schema.names})
    order = pc.sort_indices(plain, sort_keys=[(name, "ascending") for name in table.schema.names])
    return plain.take(order).combine_chunks(), order
