"""Which entities and fields this instance has: the standard ones, custom fields, custom objects.

Keeps their descriptions as documents and their tables in step. Holds no records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from scc.sandbox.eloqua import tables
from scc.sandbox.eloqua.documents import Document, Documents
from scc.sandbox.eloqua.entities import ACCOUNTS, ACTIVITIES, CONTACTS, EMAILS, Entity, Resolver
from scc.sandbox.eloqua.fields import (
    ACCOUNT_FIELDS,
    CONTACT_FIELDS,
    CUSTOM_FIELD_START,
    Field,
    custom_internal_name,
)
from scc.sandbox.eloqua.statements import Segment
from scc.sandbox.eloqua.wire_times import bulk_time
from scc.sandbox.state import State

__all__ = ["Catalogue"]

_CUSTOM_OBJECT_PREFIX = re.compile(r"/customobjects/(\d{1,18})", re.IGNORECASE)


class Catalogue:
    def __init__(self, state: State, documents: Documents) -> None:
        self._state = state
        self._documents = documents
        self._custom_objects: dict[int, Entity] = {}
        self._contacts, self._accounts = _standard("contacts", ()), _standard("accounts", ())
        self.activities = Entity("activities", "/activities", ACTIVITIES, Segment("Activity"), ())
        self.addresses = Entity("emailAddresses", "/emailAddresses", EMAILS, Segment("EmailAddress"), ())
        self.resolver = Resolver(self.standard)
        self.load()

    def load(self) -> None:
        """Make the tables that are missing and read what the documents describe."""
        with self._state.write_lock, self._state.cursor() as cursor:
            tables.create_base(cursor)
            self._refresh()
            for entity in self._custom_objects.values():
                tables.create_custom_object(cursor, entity)

    def _refresh(self) -> None:
        self._contacts = _standard("contacts", self._custom_fields("contactFields"))
        self._accounts = _standard("accounts", self._custom_fields("accountFields"))
        self._custom_objects = {
            doc["id"]: _custom_object(doc) for doc in self._documents.all("customObjects")
        }

    def _custom_fields(self, kind: str) -> Iterable[Field]:
        return [_field(doc) for doc in self._documents.all(kind)]

    def standard(self, kind: str) -> Entity:
        """Return `contacts`, `accounts` or `activities`."""
        return {"contacts": self._contacts, "accounts": self._accounts, "activities": self.activities}[kind]

    def custom_object(self, number: int) -> Entity | None:
        return self._custom_objects.get(number)

    def custom_objects(self) -> list[Entity]:
        return [self._custom_objects[number] for number in sorted(self._custom_objects)]

    def at(self, prefix: str) -> Entity | None:
        """Return the entity of a Bulk address such as /contacts or /customObjects/9, in any case."""
        match = _CUSTOM_OBJECT_PREFIX.fullmatch(prefix)
        if match:
            return self.custom_object(int(match[1]))
        found = (self._contacts, self._accounts, self.activities, self.addresses)
        return next((entity for entity in found if entity.prefix.lower() == prefix.lower()), None)

    def add_field(self, entity: Entity, name: str, internal_name: str, data_type: str, **more: str) -> Field:
        """Add a custom field to contacts or accounts; `data_type` is Bulk's. Raises ValueError for a name in use."""
        if entity.field_named(internal_name):
            raise ValueError(f"{entity.kind} have a field {internal_name} already")
        kind = "contactFields" if entity.kind == "contacts" else "accountFields"
        document: Document = {"name": name, "internal_name": internal_name, "data_type": data_type, **more}
        document |= {"is_standard": False, "created_at": bulk_time(self._state.clock.now())}
        with self._state.write_lock, self._state.cursor() as cursor:
            self._documents.add(kind, document, start=CUSTOM_FIELD_START)
            tables.add_column(cursor, entity, _field(document))
            self._refresh()
        return _field(document)

    def change_field(self, entity: Entity, number: int, **changes: str) -> Field | None:
        """Change a custom field's description; None where there is no such custom field."""
        kind = "contactFields" if entity.kind == "contacts" else "accountFields"
        with self._state.write_lock:
            document = self._documents.get(kind, number)
            if document is None:
                return None
            document |= changes
            self._documents.put(kind, number, document)
            self._refresh()
        return _field(document)

    def remove_field(self, entity: Entity, number: int) -> bool:
        """Return whether there was such a custom field; its values are gone with it."""
        kind = "contactFields" if entity.kind == "contacts" else "accountFields"
        field = entity.field_numbered(number)
        with self._state.write_lock, self._state.cursor() as cursor:
            if field is None or not self._documents.delete(kind, number):
                return False
            cursor.run(f'ALTER TABLE {entity.table} DROP COLUMN "{field.internal_name}"')
            self._refresh()
        return True

    def add_custom_object(self, document: Document) -> Entity:
        """`document` has a name and `fields`, dictionaries with name, internal_name and data_type."""
        with self._state.write_lock, self._state.cursor() as cursor:
            for field in document["fields"]:
                field.setdefault("id", self._state.counters.take("eloqua.customObjectField", start=101))
            self._documents.add("customObjects", document)
            self._refresh()
            entity = self._custom_objects[document["id"]]
            tables.create_custom_object(cursor, entity)
        return entity

    def change_custom_object(self, document: Document) -> Entity:
        """Keep a changed description; new fields get their columns, removed ones lose theirs."""
        with self._state.write_lock, self._state.cursor() as cursor:
            before = self._custom_objects[document["id"]]
            for field in document["fields"]:
                field.setdefault("id", self._state.counters.take("eloqua.customObjectField", start=101))
            self._documents.put("customObjects", document["id"], document)
            self._refresh()
            entity = self._custom_objects[document["id"]]
            for field_ in entity.fields:
                tables.add_column(cursor, entity, field_)
            for field_ in before.fields:
                if entity.field_numbered(field_.id) is None:
                    cursor.run(f'ALTER TABLE {entity.table} DROP COLUMN "{before.column_of(field_)}"')
        return entity

    def remove_custom_object(self, number: int) -> bool:
        with self._state.write_lock, self._state.cursor() as cursor:
            entity = self._custom_objects.get(number)
            if entity is None:
                return False
            self._documents.delete("customObjects", number)
            cursor.run(f"DROP TABLE {entity.table}")
            self._refresh()
        return True


def _standard(kind: str, custom: Iterable[Field]) -> Entity:
    fields, table, root = {
        "contacts": (CONTACT_FIELDS, CONTACTS, "Contact"),
        "accounts": (ACCOUNT_FIELDS, ACCOUNTS, "Account"),
    }[kind]
    return Entity(kind, f"/{kind}", table, Segment(root), (*fields, *custom))


def _custom_object(document: Document) -> Entity:
    number = document["id"]
    return Entity(
        "customObjects",
        f"/customObjects/{number}",
        f"eloqua_custom_object_{number}",
        Segment("CustomObject", number=number),
        tuple(_field(field) for field in document["fields"]),
        number,
    )


def _field(document: Document) -> Field:
    known = Field.__dataclass_fields__
    values = {key: value for key, value in document.items() if key in known}
    values.setdefault("internal_name", custom_internal_name(document["name"], "C_"))
    return Field(**{"is_standard": False, **values})
