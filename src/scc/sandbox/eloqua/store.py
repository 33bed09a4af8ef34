"""The instance: its catalogue, its documents, its records; loading, counting and dumping them.

Never sees HTTP. What acts on records (exports, imports, REST) is built on `state`, `documents` and `catalogue`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from scc.sandbox.database import Cursor, identifier, literal
from scc.sandbox.eloqua import dumping, loading, tables
from scc.sandbox.eloqua.catalogue import Catalogue
from scc.sandbox.eloqua.criteria import Criteria
from scc.sandbox.eloqua.definitions import Definitions
from scc.sandbox.eloqua.documents import Document, Documents
from scc.sandbox.eloqua.entities import EMAILS, Column, Entity
from scc.sandbox.eloqua.fields import Field, custom_internal_name
from scc.sandbox.eloqua.options import EloquaOptions
from scc.sandbox.eloqua.records import Records
from scc.sandbox.eloqua.staging import Staging
from scc.sandbox.eloqua.statements import Segment
from scc.sandbox.eloqua.syncs import Syncs
from scc.sandbox.eloqua.tokens import Tokens
from scc.sandbox.eloqua.wire_times import bulk_time
from scc.sandbox.state import State

__all__ = ["EloquaStore"]

_EMAIL_STATE = {
    "IsSubscribed": ("isSubscribed", "BOOLEAN"),
    "IsBounced": ("isBounced", "BOOLEAN"),
    "SubscriptionDate": ("subscriptionDate", "TIMESTAMP"),
    "UnsubscriptionDate": ("unsubscriptionDate", "TIMESTAMP"),
    "BouncebackDate": ("bouncebackDate", "TIMESTAMP"),
}

FieldSpec = tuple[str, str, str]
"""Name, internal name, Bulk data type (string, number, date, boolean, emailAddress)."""


class EloquaStore:
    """Records and assets of one Eloqua instance in `state`'s database."""

    system = "eloqua"

    def __init__(self, state: State) -> None:
        self.state = state
        self.options = EloquaOptions()
        self.documents = Documents(state)
        self.catalogue = Catalogue(state, self.documents)
        self.filters = Criteria(self)
        self.definitions = Definitions(self)
        self.staging = Staging(self)
        self.syncs = Syncs(self)
        self.tokens = Tokens(self)
        self.records = Records(self)
        self._count_on()
        self.syncs.resume()

    def reset(self) -> None:
        """Start with an empty instance and default options."""
        self.options = EloquaOptions()
        self.documents.load()
        self.catalogue.load()
        self.syncs.clear()
        self.tokens.clear()

    def _count_on(self) -> None:
        """Let fresh ids follow those that a database file holds already."""
        with self.state.cursor() as cursor:
            for entity in self.entities():
                highest = cursor.value(f"SELECT max(id) FROM {entity.table}") or 0
                self.state.counters.at_least(f"eloqua.{entity.table}", highest + 1)
                for field in entity.fields if entity.kind == "customObjects" else ():
                    self.state.counters.at_least("eloqua.customObjectField", field.id + 1)

    def resolve(self, entity: Entity, path: Sequence[Segment]) -> Column:
        """Return what a statement means for a record of `entity`. Raises StatementError."""
        return self.catalogue.resolver.resolve(entity, path)

    def entities(self) -> list[Entity]:
        standard = [self.catalogue.standard(kind) for kind in ("contacts", "accounts", "activities")]
        return [*standard, *self.catalogue.custom_objects()]

    # Loading

    def create_contact_field(
        self, name: str, internal_name: str | None = None, data_type: str = "string"
    ) -> Field:
        """Add a custom contact field. Raises ValueError when the internal name is taken."""
        contacts = self.catalogue.standard("contacts")
        internal_name = internal_name or custom_internal_name(name, "C_")
        return self.catalogue.add_field(contacts, name, internal_name, data_type)

    def load_contacts(self, table: pa.Table) -> None:
        """Insert contacts. Columns: internal field names, and where wanted id, createdAt, updatedAt, accountId,
        and the state of the address: IsSubscribed, IsBounced, SubscriptionDate, UnsubscriptionDate, BouncebackDate.

        Raises ValueError for any other column. Addresses are not checked for being unique.
        """
        entity = self.catalogue.standard("contacts")
        state_columns = [name for name in _EMAIL_STATE if name in table.column_names]
        rest = table.drop_columns(state_columns)
        with self.state.write_lock, self.state.cursor() as cursor, cursor.transaction():
            loading.insert_rows(self.state, cursor, entity, rest, self._mapping(entity, rest))
            if state_columns:
                _load_email_state(cursor, table.select(["C_EmailAddress", *state_columns]))
            loading.remember_addresses(cursor, f"TIMESTAMP '{self.state.clock.naive().isoformat(sep=' ')}'")

    def load_accounts(self, table: pa.Table) -> None:
        """Insert accounts. Columns: internal field names, and where wanted id, createdAt, updatedAt."""
        self._load(self.catalogue.standard("accounts"), table)

    def load_activities(self, table: pa.Table) -> None:
        """Insert activities. Columns: those of `ACTIVITY_COLUMNS` (type, createdAt, contactId, EmailAddress ...)."""
        self._load(self.catalogue.standard("activities"), table)

    def create_custom_object(
        self,
        name: str,
        fields: Sequence[FieldSpec],
        *,
        unique_field: str | None = None,
        email_field: str | None = None,
        display_field: str | None = None,
        delete_linked: bool = False,
    ) -> int:
        """Make a custom object and return its id.

        `unique_field` (internal name) gives its records their ExternalId, `email_field` links loaded ones to
        contacts; with `delete_linked` they go when their contact is deleted.
        """
        document: Document = {
            "name": name,
            "fields": [
                {"name": field, "internal_name": internal, "data_type": kind}
                for field, internal, kind in fields
            ],
            "deleteLinked": delete_linked,
            **self._stamps(),
        }
        entity = self.catalogue.add_custom_object(document)
        for key, wanted in (
            ("uniqueField", unique_field),
            ("emailField", email_field),
            ("displayField", display_field),
        ):
            field = entity.field_named(wanted) if wanted else None
            if wanted and field is None:
                raise ValueError(f"{name} has no field {wanted}")
            document[key] = field.id if field else None
        self.documents.put("customObjects", entity.id, document)
        return entity.id

    def load_custom_object(self, number: int, table: pa.Table) -> None:
        """Insert records of a custom object. Columns: internal field names, and where wanted id, externalId,
        contactId, accountId, createdAt, updatedAt. Records without a contactId are linked by e-mail address.
        """
        entity, document = self.custom_object(number)
        with self.state.write_lock, self.state.cursor() as cursor, cursor.transaction():
            loading.insert_rows(self.state, cursor, entity, table, self._mapping(entity, table))
            cursor.run(
                f'UPDATE {entity.table} SET "externalId" = {self.external_id_sql(document)} WHERE "externalId" IS NULL'
            )
            if document.get("emailField"):
                loading.link_by_email(cursor, entity, f"f{document['emailField']}")

    def custom_object(self, number: int) -> tuple[Entity, Document]:
        """Raises KeyError when there is none."""
        entity = self.catalogue.custom_object(number)
        document = self.documents.get("customObjects", number)
        if entity is None or document is None:
            raise KeyError(number)
        return entity, document

    def external_id_sql(self, document: Document) -> str:
        """Return the SQL that makes a record's ExternalId: its unique field, or its id behind the object's letters."""
        letters = "".join(char for char in document["name"].upper() if char.isascii() and char.isalpha())[:3]
        made = f"{literal('DC' + letters)} || lpad(CAST(id AS VARCHAR), 12, '0')"
        unique = document.get("uniqueField")
        return f"coalesce(CAST(f{unique} AS VARCHAR), {made})" if unique else made

    def _load(self, entity: Entity, table: pa.Table) -> None:
        with self.state.write_lock, self.state.cursor() as cursor, cursor.transaction():
            loading.insert_rows(self.state, cursor, entity, table, self._mapping(entity, table))

    def _mapping(self, entity: Entity, table: pa.Table) -> dict[str, tuple[str, str]]:
        """Say where each column of a table to load goes. Raises ValueError for one that goes nowhere."""
        system = loading.system_columns(entity)
        mapping: dict[str, tuple[str, str]] = {}
        for name in table.column_names:
            field = entity.field_named(name)
            if name in system:
                mapping[name] = (name, system[name])
            elif field is not None and field.derived is None:
                mapping[name] = (entity.column_of(field), field.data_type)
            else:
                raise ValueError(f"{entity.prefix} has no column {name!r} to load")
        return mapping

    def _stamps(self) -> dict[str, Any]:
        now = bulk_time(self.state.clock.now())
        user = self.state.credentials.eloqua.user
        return {"createdBy": user, "createdAt": now, "updatedBy": user, "updatedAt": now}

    # Assets

    def create_list(self, name: str, members: Sequence[int] = (), *, kind: str = "contacts") -> int:
        """Make a shared list of contacts or accounts and return its id."""
        number = self.documents.add(f"{kind}/lists", {"name": name, "scope": "global", **self._stamps()})
        self.add_members(kind, number, members)
        return number

    def add_members(self, kind: str, number: int, members: Sequence[int]) -> None:
        """Put records into a list; those in it already stay once."""
        if not members:
            return
        data = pa.table({"member": pa.array(list(members), pa.int64())})
        with self.state.write_lock, self.state.cursor() as cursor, cursor.table("eloqua_new_members", data):
            cursor.run(
                f"""INSERT INTO {tables.MEMBERS} SELECT DISTINCT ?, CAST(? AS BIGINT), member FROM eloqua_new_members
                WHERE member NOT IN (SELECT member FROM {tables.MEMBERS} WHERE kind = ? AND list = ?)""",
                [kind, number, kind, number],
            )

    def remove_members(self, kind: str, number: int, members: Sequence[int] | None) -> None:
        """Take records out of a list; None takes all."""
        chosen = "" if members is None else " AND member IN (SELECT unnest(?))"
        parameters = [kind, number, *([] if members is None else [list(members)])]
        with self.state.write_lock, self.state.cursor() as cursor:
            cursor.run(f"DELETE FROM {tables.MEMBERS} WHERE kind = ? AND list = ?{chosen}", parameters)

    def create_segment(self, name: str, criterion: str, *, kind: str = "segments") -> int:
        """Make a segment (or, with kind "filters", a contact filter) of the contacts that meet a filter text."""
        document = {"name": name, "criterion": criterion, "scope": "global", **self._stamps()}
        return self.documents.add(f"contacts/{kind}", document)

    def create_asset(self, kind: str, **properties: Any) -> int:
        """Make an asset that is only looked at: `campaigns`, `emails`, `forms`, `email/groups`, `scoring/models` ..."""
        return self.documents.add(kind, {**self._stamps(), **properties})

    # Looking in

    def counts(self) -> Mapping[str, int]:
        return dumping.counts(self)

    def under_way(self) -> Mapping[str, Any]:
        return self.syncs.under_way()

    def dump(self) -> Iterator[bytes]:
        yield from dumping.dump(self)


def _load_email_state(cursor: Cursor, table: pa.Table) -> None:
    """Keep the state that a load gives to addresses; addresses that have a state already keep theirs."""
    values = {
        stored: f"any_value(CAST({identifier(name)} AS {kind}))"
        for name, (stored, kind) in _EMAIL_STATE.items()
        if name in table.column_names
    }
    defaults = {"isSubscribed": "TRUE", "isBounced": "FALSE"}
    chosen = {name: f"coalesce({values.get(name, default)}, {default})" for name, default in defaults.items()}
    selected = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in {**values, **chosen}.items())
    with cursor.table("eloqua_email_loading", loading.without_zones(table)):
        cursor.run(
            f"""INSERT INTO {EMAILS} BY NAME SELECT lower("C_EmailAddress") AS address, {selected}
            FROM eloqua_email_loading
            WHERE "C_EmailAddress" <> '' AND lower("C_EmailAddress") NOT IN (SELECT address FROM {EMAILS})
            GROUP BY lower("C_EmailAddress")"""
        )
