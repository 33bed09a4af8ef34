"""Filling the tables straight from Arrow, for demonstration data and tests: no checks but those of types and names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from scc.sandbox.database import Cursor, identifier
from scc.sandbox.eloqua.activity_fields import ACTIVITY_COLUMNS
from scc.sandbox.eloqua.entities import CONTACTS, EMAILS, Entity
from scc.sandbox.eloqua.values import sql_type, typed_of
from scc.sandbox.state import State

__all__ = [
    "insert_rows",
    "link_by_email",
    "remember_address",
    "remember_addresses",
    "system_columns",
    "without_zones",
]

_INPUT = "eloqua_loading"


def system_columns(entity: Entity) -> dict[str, str]:
    """Return the columns that every record of an entity has beside its fields, with Bulk data types."""
    columns = {
        "id": "id",
        "createdAt": "date",
        "updatedAt": "date",
        "createdBy": "string",
        "updatedBy": "string",
    }
    if entity.kind == "contacts":
        columns["accountId"] = "id"
    elif entity.kind == "customObjects":
        columns |= {"externalId": "string", "contactId": "id", "accountId": "id"}
    elif entity.kind == "activities":
        return {
            name: {"BIGINT": "id", "TIMESTAMP": "date"}.get(kind, "string")
            for name, kind in ACTIVITY_COLUMNS.items()
        }
    return columns


def insert_rows(
    state: State, cursor: Cursor, entity: Entity, table: pa.Table, columns: Mapping[str, tuple[str, str]]
) -> int:
    """Insert `table`; `columns` says for each of its columns the stored column and its data type.

    Ids and times that are missing are given: fresh numbers and the clock's now. Returns the first fresh id.
    """
    data = without_zones(table.select(list(columns)))
    first = state.counters.take(f"eloqua.{entity.table}", data.num_rows)
    stored = {name: _read(data.schema.field(source), kind) for source, (name, kind) in columns.items()}
    fresh_id = f"{first} + row_number() OVER () - 1"
    stored["id"] = f"coalesce({stored['id']}, {fresh_id})" if "id" in stored else fresh_id
    now = f"TIMESTAMP '{state.clock.naive().isoformat(sep=' ')}'"
    for name in ("createdAt", "updatedAt"):
        if name in system_columns(entity):
            stored[name] = f"coalesce({stored[name]}, {now})" if name in stored else now
    names = ", ".join(identifier(name) for name in stored)
    with cursor.table(_INPUT, data):
        cursor.run(f"INSERT INTO {entity.table} ({names}) SELECT {', '.join(stored.values())} FROM {_INPUT}")
    highest = cursor.value(f"SELECT max(id) FROM {entity.table}") or 0
    state.counters.at_least(f"eloqua.{entity.table}", highest + 1)
    return first


def remember_addresses(cursor: Cursor, now_sql: str) -> None:
    """Give a state to every contact's address that has none yet: subscribed, not bounced (sources.md E3.2)."""
    cursor.run(
        f"""INSERT INTO {EMAILS} BY NAME
        SELECT DISTINCT lower("C_EmailAddress") AS address, TRUE AS "isSubscribed", FALSE AS "isBounced",
            {now_sql} AS "subscriptionDate"
        FROM {CONTACTS}
        WHERE "C_EmailAddress" IS NOT NULL
            AND lower("C_EmailAddress") NOT IN (SELECT address FROM {EMAILS})"""
    )


def remember_address(cursor: Cursor, address: str, now: datetime) -> None:
    """Give a state to one address that has none yet."""
    cursor.run(
        f"""INSERT INTO {EMAILS} (address, "isSubscribed", "isBounced", "subscriptionDate")
        VALUES (lower(?), TRUE, FALSE, ?)""",
        [address, now],
    )


def link_by_email(cursor: Cursor, entity: Entity, email_column: str) -> None:
    """Link the records that are linked to nobody to the contact with their address."""
    cursor.run(
        f"""UPDATE {entity.table} AS r SET "contactId" = c.id
        FROM (SELECT lower("C_EmailAddress") AS address, min(id) AS id FROM {CONTACTS} GROUP BY ALL) AS c
        WHERE r."contactId" IS NULL AND lower(r.{identifier(email_column)}) = c.address"""
    )


def _read(field: pa.Field, data_type: str) -> str:
    column = identifier(field.name)
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        # A load takes addresses as they come: what is no address is there to be found.
        return typed_of(column, "string" if data_type == "emailAddress" else data_type)
    return f"CAST({column} AS {'BIGINT' if data_type == 'id' else sql_type(data_type)})"


def without_zones(table: pa.Table) -> pa.Table:
    """Turn zoned times into UTC without a zone, so that no session's zone has a say."""
    fields = [
        pa.field(field.name, pa.timestamp("us") if pa.types.is_timestamp(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
