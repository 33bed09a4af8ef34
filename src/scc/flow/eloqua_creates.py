"""Contacts made again in Eloqua, and the custom object records that hung on them.

A change of theirs names the contact by its address (`C_EmailAddress` among the new values), since the id that
it will have is Eloqua's to choose; `key` is the id that it had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from scc.core.changes import Operation
from scc.core.receipts import Outcome
from scc.errors import CredentialsError, QuotaError, RefusedError
from scc.flow.batch import Batch
from scc.flow.eloqua_deletes import Journal, Told
from scc.flow.eloqua_destinations import EloquaImport
from scc.flow.objects import eloqua_object
from scc.flow.profiles import ACCOUNT
from scc.flow.systems import Systems

if TYPE_CHECKING:
    from scc.eloqua import CustomObjectRecord, EloquaClient, Field
    from scc.eloqua.rest import Collection

__all__ = ["ADDRESS", "HOLDER", "EloquaAccounts", "EloquaCreates", "EloquaLinks"]

ADDRESS = "C_EmailAddress"
HOLDER = "Contact.C_EmailAddress"
"""Among a record's values: the address of the contact that it hangs on."""


class EloquaCreates(EloquaImport):
    """Contacts by bulk import, matched by address: a repeated batch lands on the same contacts, and one that
    somebody else has made meanwhile keeps what it has."""

    identifier = ADDRESS

    def update_rule(self, batch: Batch) -> str:
        del batch
        return "ifExistingIsNull"


class _Holders:
    """Who has an address now."""

    def __init__(self, client: EloquaClient) -> None:
        self._contacts = client.rest.contacts
        self._known: dict[str, int | None] = {}

    def find(self, address: str) -> int | None:
        """The contact that has the address; one with a quote can't be searched for as it is."""
        if address not in self._known:
            from scc.eloqua import search_term

            term = search_term("emailAddress", "=", address.replace("'", "*"))
            found = [
                one.id
                for one in self._contacts.search(term, depth="minimal")
                if (one.email_address or str(one.raw.get("name") or "")).lower() == address.lower()
            ]
            self._known[address] = found[0] if found else None
        return self._known[address]


class EloquaAccounts:
    """Contacts linked to their accounts, unless somebody has linked them meanwhile. May be repeated."""

    def __init__(self, systems: Systems) -> None:
        self._contacts = systems.eloqua.rest.contacts
        self._holders = _Holders(systems.eloqua)

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        notes = Journal(journal.with_suffix(".jsonl"))
        try:
            for row in batch.changes.select(["key", "after"]).to_pylist():
                if row["key"] not in notes.told:
                    notes.tell({row["key"]: self._told(dict(row["after"]))})
        finally:
            notes.close()
        return batch.told(notes.told)

    def _told(self, after: Mapping[str, str]) -> Told:
        holder = self._holders.find(after[ADDRESS])
        if holder is None:
            return Told(Outcome.REJECTED, "", "Eloqua has no contact with the address")
        try:
            contact = self._contacts.get(holder)
            linked = str(contact.raw.get("accountId") or "")
            if linked not in {"", after[ACCOUNT]}:
                return Told(Outcome.SKIPPED, "", "the contact is linked to another account by now")
            self._contacts.update(replace(contact, raw={**contact.raw, "accountId": after[ACCOUNT]}))
            return Told(Outcome.APPLIED)
        except (CredentialsError, QuotaError):
            raise
        except RefusedError as error:
            return Told(Outcome.REJECTED, error.code or str(error.status or ""), error.message)


class EloquaLinks:
    """Records of a custom object, linked to the contact of an address; those that are to be made are made.

    A link may be repeated. A record is made once: where a try was killed between asking and hearing, nobody
    knows whether it is there, and the receipt says so.
    """

    def __init__(self, systems: Systems) -> None:
        self._client = systems.eloqua
        self._holders = _Holders(systems.eloqua)

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        wire = _Wire(self._client.bulk.fields(eloqua_object(batch.object)))
        records = self._client.rest.custom_object_records(int(batch.object.partition("/")[2]))
        notes = Journal(journal.with_suffix(".jsonl"))
        try:
            for row in batch.changes.select(["key", "after"]).to_pylist():
                if row["key"] not in notes.told:
                    change = _Change(row["key"], batch.operation, dict(row["after"]))
                    notes.tell({change.key: self._told(records, change, wire, notes)})
        finally:
            notes.close()
        return batch.told(notes.told)

    def _told(
        self, records: Collection[CustomObjectRecord], change: _Change, wire: _Wire, notes: Journal
    ) -> Told:
        holder = self._holders.find(change.after[HOLDER])
        if holder is None:
            return Told(Outcome.REJECTED, "", "Eloqua has no contact with the address that it hung on")
        try:
            if change.operation is Operation.LINK:
                records.update(replace(records.get(int(change.key)), contact_id=holder))
                return Told(Outcome.APPLIED)
            return self._make(records, change, wire, holder, notes)
        except (CredentialsError, QuotaError):
            raise
        except RefusedError as error:
            return Told(Outcome.REJECTED, error.code or str(error.status or ""), error.message)

    def _make(
        self,
        records: Collection[CustomObjectRecord],
        change: _Change,
        wire: _Wire,
        holder: int,
        notes: Journal,
    ) -> Told:
        from scc.eloqua import CustomObjectRecord

        if change.key in notes.sent:
            return Told(Outcome.REJECTED, "", "a try was stopped while it was made: look whether it is there")
        notes.send([change.key])
        values = {name: value for name, value in change.after.items() if name != HOLDER}
        records.create(CustomObjectRecord(contact_id=holder, field_values=wire.values(values)))
        return Told(Outcome.APPLIED)


@dataclass(frozen=True, slots=True)
class _Change:
    key: str
    operation: Operation
    after: Mapping[str, str]


class _Wire:
    """A custom object's values as REST takes them: by the field's number, dates in unix seconds."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = {one.internal_name: one for one in fields}

    def values(self, values: Mapping[str, str]) -> dict[int, str]:
        return {
            int(self._fields[name].uri.rpartition("/")[2]): self._value(name, value)
            for name, value in values.items()
            if name in self._fields and not self._fields[name].is_read_only
        }

    def _value(self, name: str, value: str) -> str:
        if self._fields[name].data_type != "date":
            return value
        try:
            return str(int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()))
        except ValueError:
            return value
