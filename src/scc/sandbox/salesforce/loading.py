"""Put an Arrow table into an object's table: types, defaults, ids, all in one INSERT."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from scc.sandbox.database import Cursor, literal
from scc.sandbox.salesforce import ids, tables
from scc.sandbox.salesforce.catalogue.kinds import Field, SObject
from scc.sandbox.salesforce.defaults import default_sql
from scc.sandbox.state import State

STATUS_LABELS = ((1, "Sent", True, False), (2, "Responded", False, True))
"""Member statuses that a new campaign gets: order, label, default, responded (sandbox-salesforce.md 6)."""


def load(cursor: Cursor, state: State, sobject: SObject, table: pa.Table, *, user_id: str) -> pa.ChunkedArray:
    """Insert the table's rows and return their ids in order. Raises KeyError for an unknown column."""
    known = [_known(sobject, name) for name in table.column_names]
    first = state.counters.take(f"salesforce.{sobject.name}", table.num_rows)
    columns = {field.name: _plain(field, column) for field, column in zip(known, table.columns, strict=True)}
    given = set(columns)
    columns["_row"] = pa.array(range(table.num_rows), pa.int64())
    made = _ids(cursor, sobject, columns, first)
    columns["Id"] = made
    stored = [*sobject.stored, *([] if "IsDeleted" in sobject.fields else [Field("IsDeleted", "boolean")])]
    names = ", ".join(f'"{field.name}"' for field in stored)
    values = ", ".join(_value(sobject, field, set(columns), user_id) for field in stored)
    now = literal(state.clock.naive().replace(microsecond=0).isoformat(sep=" "))
    with cursor.table("loaded", pa.table(columns)):
        if sobject.name == "CampaignMemberStatus":
            cursor.run(f'DELETE FROM {sobject.table} WHERE "CampaignId" IN (SELECT "CampaignId" FROM loaded)')
        cursor.run(
            f"INSERT INTO {sobject.table} ({names}) SELECT {values} FROM (SELECT *, TIMESTAMP {now} AS _now FROM loaded)"
        )
    if "Id" in given:
        number = tables.highest_number(cursor, sobject) + 1
        state.counters.at_least(f"salesforce.{sobject.name}", number)
    if sobject.name == "Campaign":
        add_member_statuses(cursor, state, made, user_id=user_id)
    return made


def _ids(
    cursor: Cursor, sobject: SObject, columns: dict[str, pa.ChunkedArray], first: int
) -> pa.ChunkedArray:
    """Return the rows' ids: those given, and fresh ones, counted from `first`, where there are none."""
    fresh = ids.sql(sobject.prefix, f"{first} + _row")
    narrow = {name: column for name, column in columns.items() if name in {"_row", "Id"}}
    sql = f'coalesce(CAST("Id" AS VARCHAR), {fresh})' if "Id" in columns else fresh
    with cursor.table("numbered", pa.table(narrow)):
        return cursor.arrow(f'SELECT {sql} AS "Id" FROM numbered').column("Id")


def add_member_statuses(cursor: Cursor, state: State, campaigns: pa.ChunkedArray, *, user_id: str) -> None:
    """Give each campaign the statuses that new campaigns have."""
    rows = [
        {
            "_row": len(STATUS_LABELS) * place + order - 1,
            "CampaignId": campaign,
            "SortOrder": order,
            "Label": label,
            "IsDefault": default,
            "HasResponded": responded,
        }
        for place, campaign in enumerate(campaigns.to_pylist())
        for order, label, default, responded in STATUS_LABELS
    ]
    if not rows:
        return
    sobject_table = 'sf."CampaignMemberStatus"'
    first = state.counters.take("salesforce.CampaignMemberStatus", len(rows))
    now = state.clock.naive().replace(microsecond=0)
    made = ids.sql("01Y", f"{first} + _row")
    with cursor.table("statuses", pa.Table.from_pylist(rows)):
        cursor.run(
            f"INSERT INTO {sobject_table} BY NAME SELECT {made} AS Id, "
            "* EXCLUDE (_row), false AS IsDeleted, $1::TIMESTAMP AS CreatedDate, $1::TIMESTAMP AS LastModifiedDate, "
            "$1::TIMESTAMP AS SystemModstamp, $2 AS CreatedById, $2 AS LastModifiedById FROM statuses",
            [now, user_id],
        )


def _known(sobject: SObject, name: str) -> Field:
    field = sobject.field(name)
    if field is None or not field.stored:
        raise KeyError(
            f"{sobject.name} has no column {name!r} to load; known: {', '.join(f.name for f in sobject.stored)}"
        )
    return field


def _plain(field: Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without time zone (in UTC), and with ids of 18 characters."""
    if pa.types.is_timestamp(column.type):
        return pc.cast(column, pa.timestamp("us"), safe=False)
    if (
        field.is_id
        and not pa.types.is_null(column.type)
        and pc.any(pc.equal(pc.utf8_length(column), 15)).as_py()
    ):
        return pa.chunked_array(
            [[each and (ids.normalize(each) or each) for each in column.to_pylist()]], pa.string()
        )
    return column


def _value(sobject: SObject, field: Field, given: set[str], user_id: str) -> str:
    fallback = default_sql(sobject, field, user_id, "_now")
    if field.name not in given:
        return f"CAST({fallback} AS {field.column_type})"
    sent = f'CAST("{field.name}" AS {field.column_type})'
    if field.type == "email":
        sent = f"lower({sent})"
    if field.type == "datetime":
        sent = f"date_trunc('second', {sent})"
    return sent if fallback == "NULL" else f"coalesce({sent}, {fallback})"
