"""Single records and short lists of them, for the REST interface. Never sees HTTP; Bulk has its own ways.

A record is a dictionary of column names, a contact's with the state of its address too; times are naive UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scc.sandbox.database import Cursor, identifier
from scc.sandbox.eloqua import loading, tables
from scc.sandbox.eloqua.entities import CONTACTS, EMAILS, Entity

if TYPE_CHECKING:
    from scc.sandbox.eloqua.store import EloquaStore

__all__ = ["Record", "Records"]

Record = dict[str, Any]

_EMAIL_COLUMNS = (
    "isSubscribed",
    "isBounced",
    "format",
    "subscriptionDate",
    "unsubscriptionDate",
    "bouncebackDate",
)


class Records:
    def __init__(self, store: EloquaStore) -> None:
        self._store = store
        self._state = store.state

    def get(self, entity: Entity, number: int) -> Record | None:
        found = self.select(entity, "r.id = ?", [number], limit=1)
        return found[0] if found else None

    def count(self, entity: Entity, where: str = "TRUE", parameters: Sequence[object] = ()) -> int:
        with self._state.cursor() as cursor:
            return int(cursor.value(f"SELECT count(*) FROM {entity.table} r WHERE {where}", list(parameters)))

    def select(
        self,
        entity: Entity,
        where: str = "TRUE",
        parameters: Sequence[object] = (),
        *,
        order: str = "r.id",
        limit: int = 1000,
        offset: int = 0,
    ) -> list[Record]:
        """Return the records that meet a condition on the alias r, with their derived fields."""
        derived = ", ".join(
            f"{field.derived.replace('{r}', 'r')} AS {identifier(field.internal_name)}"
            for field in entity.fields
            if field.derived is not None
        )
        columns = f"r.*, {derived}" if derived else "r.*"
        sql = f"SELECT {columns} FROM {entity.table} r WHERE {where} ORDER BY {order} LIMIT {limit} OFFSET {offset}"
        with self._state.cursor() as cursor:
            records: list[Record] = cursor.arrow(sql, list(parameters)).to_pylist()
            if entity.kind == "contacts":
                self._add_email_state(cursor, records)
        return records

    def _add_email_state(self, cursor: Cursor, records: list[Record]) -> None:
        addresses = list({one["C_EmailAddress"].lower() for one in records if one["C_EmailAddress"]})
        names = ", ".join(identifier(name) for name in _EMAIL_COLUMNS)
        rows = cursor.rows(
            f"SELECT address, {names} FROM {EMAILS} WHERE address IN (SELECT unnest(?))", [addresses]
        )
        states = {address: dict(zip(_EMAIL_COLUMNS, values, strict=True)) for address, *values in rows}
        default = {**dict.fromkeys(_EMAIL_COLUMNS), "isSubscribed": True, "isBounced": False}
        for record in records:
            record.update(states.get((record["C_EmailAddress"] or "").lower(), default))

    def insert(self, entity: Entity, values: Mapping[str, object]) -> int:
        """Insert a record of stored columns and return its id; system columns are filled in."""
        now, user = self._state.clock.naive(), self._state.credentials.eloqua.user
        stamps: dict[str, object] = {"createdAt": now, "updatedAt": now, "createdBy": user, "updatedBy": user}
        with self._state.write_lock:
            number = self.insert_plain(entity, {**stamps, **values})
            with self._state.cursor() as cursor:
                self._remember_address(cursor, values)
        return number

    def insert_plain(self, entity: Entity, values: Mapping[str, object]) -> int:
        """Insert a record of an entity that has no system columns but its id, such as an activity."""
        with self._state.write_lock, self._state.cursor() as cursor:
            number = self._state.counters.take(f"eloqua.{entity.table}")
            row = {"id": number, **values}
            names = ", ".join(identifier(name) for name in row)
            marks = ", ".join("?" for _ in row)
            cursor.run(f"INSERT INTO {entity.table} ({names}) VALUES ({marks})", list(row.values()))
        return number

    def update(self, entity: Entity, number: int, values: Mapping[str, object]) -> bool:
        """Change stored columns; `updatedAt` moves. Return whether there was such a record."""
        now, user = self._state.clock.naive(), self._state.credentials.eloqua.user
        row = {**values, "updatedAt": now, "updatedBy": user}
        changes = ", ".join(f"{identifier(name)} = ?" for name in row)
        with self._state.write_lock, self._state.cursor() as cursor, cursor.transaction():
            changed = f"UPDATE {entity.table} SET {changes} WHERE id = ? RETURNING id"
            if not cursor.rows(changed, [*row.values(), number]):
                return False
            self._remember_address(cursor, values)
        return True

    def delete(self, entity: Entity, number: int) -> bool:
        """Delete a record and what hangs on it; return whether there was one.

        The state of a contact's address stays (sources.md E3.2), and so do its custom object records, unlinked,
        unless their object says that they go too (3.3).
        """
        with self._state.write_lock, self._state.cursor() as cursor, cursor.transaction():
            if not cursor.rows(f"DELETE FROM {entity.table} WHERE id = ? RETURNING id", [number]):
                return False
            if entity.kind in ("contacts", "accounts"):
                cursor.run(
                    f"DELETE FROM {tables.MEMBERS} WHERE kind = ? AND member = ?", [entity.kind, number]
                )
                self._unlink(cursor, entity, number)
        return True

    def _unlink(self, cursor: Cursor, entity: Entity, number: int) -> None:
        link = '"contactId"' if entity.kind == "contacts" else '"accountId"'
        for other in self._store.catalogue.custom_objects():
            if entity.kind == "contacts" and self._store.custom_object(other.id)[1].get("deleteLinked"):
                cursor.run(f"DELETE FROM {other.table} WHERE {link} = ?", [number])
            else:
                cursor.run(f"UPDATE {other.table} SET {link} = NULL WHERE {link} = ?", [number])
        if entity.kind == "accounts":
            cursor.run(f'UPDATE {CONTACTS} SET "accountId" = NULL WHERE "accountId" = ?', [number])

    def holder_of(self, address: str) -> int | None:
        """Return the id of the contact with this address, in any case."""
        with self._state.cursor() as cursor:
            found = cursor.value(
                f'SELECT id FROM {CONTACTS} WHERE lower("C_EmailAddress") = lower(?)', [address]
            )
        return None if found is None else int(found)

    def set_email_state(
        self, address: str, *, subscribed: bool | None = None, bounced: bool | None = None
    ) -> None:
        """Change the state of an address; None leaves it."""
        now = self._state.clock.naive()
        changes: dict[str, object] = {}
        if subscribed is not None:
            changes["isSubscribed"] = subscribed
            changes["subscriptionDate" if subscribed else "unsubscriptionDate"] = now
        if bounced is not None:
            changes["isBounced"] = bounced
            changes |= {"bouncebackDate": now} if bounced else {}
        if not changes:
            return
        sets = ", ".join(f"{identifier(name)} = ?" for name in changes)
        with self._state.write_lock, self._state.cursor() as cursor:
            cursor.run(f"UPDATE {EMAILS} SET {sets} WHERE address = lower(?)", [*changes.values(), address])

    def _remember_address(self, cursor: Cursor, values: Mapping[str, object]) -> None:
        address = values.get("C_EmailAddress")
        if isinstance(address, str) and not cursor.value(
            f"SELECT count(*) FROM {EMAILS} WHERE address = lower(?)", [address]
        ):
            loading.remember_address(cursor, address, self._state.clock.naive())
