"""Write and find records by calls that carry them as JSON. Never sees HTTP.

Raises ApiError for what is wrong with the call as a whole; what is wrong with a record is in its `Written`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.catalogue.kinds import Field, SObject
from scc.sandbox.salesforce.errors import Problem, not_found, refused
from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.salesforce.writes import columns
from scc.sandbox.salesforce.writes.cells import Cell, folded, typed
from scc.sandbox.salesforce.writes.engine import Engine
from scc.sandbox.salesforce.writes.request import Forced, Operation, Write
from scc.sandbox.salesforce.writes.staging import stage_records

_VERBS = {
    "insert": ("createable", "inserted"),
    "update": ("updateable", "updated"),
    "upsert": ("createable", "upserted"),
    "delete": ("deletable", "deleted"),
    "hardDelete": ("deletable", "deleted"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one record: its id (None when it was not made), or the problem."""

    id: str | None
    created: bool
    problem: Problem | None


class Records:
    """Records of one store, for the user of a session."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store

    def sobject(self, name: str) -> SObject:
        """Find an object by name. Raises ApiError (404)."""
        found = self._store.catalogue.find(name)
        if found is None:
            raise not_found()
        return found

    def write(
        self,
        sobject: SObject,
        operation: Operation,
        records: Sequence[Mapping[str, Any]],
        user_id: str,
        *,
        key: str = "Id",
        all_or_none: bool = False,
        update_only: bool = False,
        forced: Forced | None = None,
    ) -> list[Written]:
        """Write records and return what became of each, in order. Raises ApiError."""
        check_operation(sobject, operation)
        with self._store.writing() as cursor:
            names = stage_records(cursor, records)
            cells = self._cells(sobject, names)
            key_cell = None if operation == "insert" else self._key(sobject, cells, key)
            write = Write(
                sobject,
                operation,
                tuple(cells),
                key_cell,
                user_id,
                self._store.now(),
                as_json=True,
                all_or_none=all_or_none,
                update_only=update_only,
                strict_statuses=self._store.options.member_status_strict,
                forced=forced,
            )
            Engine(self._store.state, self._store.catalogue, cursor, write).run()
            rows = cursor.rows("SELECT id, created, code, message, fields FROM outcome ORDER BY n")
        return [
            Written(row[0], row[1], None if row[2] is None else Problem(row[2], row[3], _names(row[4])))
            for row in rows
        ]

    def _cells(self, sobject: SObject, names: Sequence[str]) -> list[Cell]:
        try:
            return columns.match(self._store.catalogue, sobject, names)
        except columns.UnknownFieldError as error:
            raise unknown_field(error.name, error.sobject) from None

    def _key(self, sobject: SObject, cells: list[Cell], key: str) -> Cell:
        field = external_field(sobject, key)
        for cell in cells:
            if cell.field is field and cell.lookup is None:
                return cell
        raise refused(400, "MISSING_ARGUMENT", f"{field.name} not specified", ())

    def find(self, sobject: SObject, key: Field, value: str) -> list[str]:
        """Return the ids of the live records with this value of an external id field."""
        sent = folded(typed("$1::VARCHAR", key), key)
        with self._store.reading() as cursor:
            rows = cursor.rows(
                f'SELECT "Id" FROM {sobject.table} WHERE NOT "IsDeleted" AND {folded(chr(34) + key.name + chr(34), key)} = {sent} '
                'ORDER BY "Id"',
                [value],
            )
        return [row[0] for row in rows]

    def is_deleted(self, sobject: SObject, record_id: str) -> bool | None:
        """Whether a record is deleted; None when there never was one."""
        with self._store.reading() as cursor:
            found: bool | None = cursor.value(
                f'SELECT "IsDeleted" FROM {sobject.table} WHERE "Id" = ?', [ids.normalize(record_id)]
            )
        return found


def check_operation(sobject: SObject, operation: Operation) -> None:
    """Raises ApiError for an object that does not take the operation."""
    flag, verb = _VERBS[operation]
    if not getattr(sobject, flag):
        raise refused(400, "INVALID_TYPE_FOR_OPERATION", f"entity type cannot be {verb}: {sobject.name}", ())


def external_field(sobject: SObject, name: str) -> Field:
    """Return a field that may name a record: Id, or an external id or id-lookup field. Raises ApiError (404)."""
    field = sobject.field(name)
    if field is None or not (field.name == "Id" or field.external_id or field.id_lookup):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def unknown_field(name: str, sobject: SObject) -> Exception:
    return refused(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")


def _names(fields: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if fields is None else tuple(fields)
