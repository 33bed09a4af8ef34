"""Every live record of the instance as lines of JSON, in one order, without what differs from run to run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scc.sandbox.database import Cursor, identifier, literal
from scc.sandbox.eloqua.entities import EMAILS, Entity
from scc.sandbox.eloqua.tables import EMAIL_GROUP_STATES, FORM_DATA, MEMBERS

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["counts", "dump"]

_VOLATILE = frozenset({"createdAt", "updatedAt", "createdBy", "updatedBy"})
_DATES = frozenset({"subscriptionDate", "unsubscriptionDate", "bouncebackDate", "submittedAt"})
_ASSETS = (
    "contacts/lists",
    "accounts/lists",
    "contacts/segments",
    "contacts/filters",
    "contactFields",
    "accountFields",
)


def counts(store: EloquaStore) -> dict[str, int]:
    """Count the records of each entity; custom objects by name."""
    with store.state.cursor() as cursor:
        records = {_name(store, entity): _count(cursor, entity.table) for entity in store.entities()}
        records["emailAddresses"] = _count(cursor, EMAILS)
        records["formData"] = _count(cursor, FORM_DATA)
    assets = {kind: len(store.documents.all(kind)) for kind in _ASSETS}
    definitions = {"exports": 0, "imports": 0, "syncActions": 0}
    for kind, _ in store.documents.of_kinds("definitions/"):
        definitions[kind.rsplit("/", 1)[-1]] += 1
    return {**records, **assets, **definitions, "syncs": len(store.documents.all("syncs"))}


def dump(store: EloquaStore) -> Iterator[bytes]:
    """Yield blocks of lines: each a record with system, entity and every business field, null where blank."""
    for kind in _ASSETS:
        entries = [{"name": doc["name"], "id": doc["id"]} for doc in store.documents.all(kind)]
        lines = [
            f'{{"system":"eloqua","entity":{_json(kind)},"id":{e["id"]},"name":{_json(e["name"])}}}\n'
            for e in entries
        ]
        yield "".join(lines).encode()
    with store.state.cursor() as cursor:
        for entity in store.entities():
            columns = [name for name in _columns(cursor, entity.table) if name not in _VOLATILE]
            named = {_label(entity, name): name for name in columns}
            yield from _lines(cursor, _name(store, entity), entity.table, named, "id")
        for label, table, order in (
            ("emailAddresses", EMAILS, "address"),
            ("listMembers", MEMBERS, "kind, list, member"),
            ("emailGroupStates", EMAIL_GROUP_STATES, '"group", address'),
            ("formData", FORM_DATA, "form, id"),
        ):
            columns = [name for name in _columns(cursor, table) if name not in _VOLATILE | _DATES]
            yield from _lines(cursor, label, table, {name: name for name in columns}, order)


def _lines(cursor: Cursor, label: str, table: str, columns: dict[str, str], order: str) -> Iterator[bytes]:
    pairs = ", ".join(f"{literal(shown)}: {identifier(name)}" for shown, name in columns.items())
    record = f"to_json({{'system': 'eloqua', 'entity': {literal(label)}, {pairs}}})"
    for batch in cursor.batches(
        f"SELECT CAST({record} AS VARCHAR) || chr(10) AS line FROM {table} ORDER BY {order}"
    ):
        yield "".join(batch.column(0).to_pylist()).encode()


def _columns(cursor: Cursor, table: str) -> list[str]:
    sql = "SELECT column_name FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
    return [name for (name,) in cursor.rows(sql, [table])]


def _count(cursor: Cursor, table: str) -> int:
    return int(cursor.value(f"SELECT count(*) FROM {table}"))


def _label(entity: Entity, column: str) -> str:
    """Return a field's internal name for the column of a custom object."""
    field = next((field for field in entity.fields if entity.column_of(field) == column), None)
    return field.internal_name if field else column


def _name(store: EloquaStore, entity: Entity) -> str:
    return store.custom_object(entity.id)[1]["name"] if entity.kind == "customObjects" else entity.kind


def _json(text: str) -> str:
    return json.dumps(text)
