"""Whole contacts: every field, the shared lists they are on, the custom object records that hang on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from scc.errors import NotFoundError, UnavailableError
from scc.flow.eloqua_job import EloquaJob
from scc.flow.objects import eloqua_fields, eloqua_object
from scc.flow.systems import Systems
from scc.store.archive import SCHEMA
from scc.store.dataset import Dataset, DatasetWriter

if TYPE_CHECKING:
    from scc.eloqua import Contact, Field
    from scc.eloqua.models import Sync

__all__ = ["ACCOUNT", "AT_ONCE", "CONTACTS", "RECORDS", "Profiles"]

AT_ONCE = 200
"""Contacts that one request reads."""
_IN_FLIGHT = 4
ACCOUNT = "Account.Id"
"""Among a contact's archived fields: the account that it was linked to, which is no field of it."""
CONTACTS = pa.schema(
    [pa.field("contact_id", pa.string(), nullable=False)]
    + [SCHEMA.field(name) for name in ("address", "fields", "lists")]
)
RECORDS = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("contact_id", "object", "id")]
    + [pa.field("fields", SCHEMA.field("fields").type)]
)


class Profiles:
    """Reads contacts of Eloqua whole. Contacts come by REST, since a bulk filter takes a few ids only;
    custom object records by one export of each custom object, of which the rows that matter are kept."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        self._client = systems.eloqua

    @cached_property
    def _fields(self) -> list[Field]:
        from scc import eloqua

        return self._client.bulk.fields(eloqua.contacts())

    def contacts(self, numbers: Sequence[str]) -> pa.RecordBatch:
        """Those of up to 200 contacts that are there, as rows of CONTACTS."""
        from scc.eloqua import contact_values

        found = self._client.rest.contacts.by_ids([int(one) for one in numbers], depth="complete")
        with ThreadPoolExecutor(_IN_FLIGHT) as pool:
            lists = list(pool.map(self._lists, found))
        rows = [
            {
                "contact_id": str(one.id),
                "address": one.email_address or "",
                "fields": contact_values(one, self._fields) | _account(one),
                "lists": on,
            }
            for one, on in zip(found, lists, strict=True)
            if on is not None
        ]
        return pa.RecordBatch.from_pylist(rows, schema=CONTACTS)

    def _lists(self, contact: Contact) -> list[dict[str, str]] | None:
        """The shared lists that it is on; None where it is gone since it was read."""
        try:
            found = self._client.rest.contacts.memberships(int(contact.id or 0))
        except NotFoundError:
            return None
        return [
            {"id": str(one.id), "name": one.name or ""}
            for one in sorted(found, key=lambda one: one.id or 0)
            if one.raw.get("type", "ContactList") == "ContactList"
        ]

    def objects(self) -> list[str]:
        """All custom objects, as change sets name them."""
        return sorted(f"customObject/{one.id}" for one in self._client.bulk.custom_objects())

    def records(self, name: str, contacts: pa.Array, target: Path) -> Dataset:
        """The records of one custom object that hang on one of the contacts, as a dataset of RECORDS.

        Killed, it goes on with the export that it had started.
        """
        dataset = Dataset(target)
        if dataset.exists():
            dataset.verify()
            return dataset
        target.mkdir(parents=True, exist_ok=True)
        job = EloquaJob(self._systems, target / "journal.json")
        names = {f"f{at}": one for at, one in enumerate(self._own_fields(name))}
        sync = self._sync(job, name, names)
        with DatasetWriter(target, RECORDS) as writer:
            for batch in self._client.bulk.data(sync.uri, ["Id", "Contact", *names]):
                kept = batch.filter(pc.is_in(batch["Contact"], contacts))
                writer.write(pa.RecordBatch.from_pylist(list(_rows(kept, name, names)), schema=RECORDS))
            writer.meta["as_of"] = sync.created_at.isoformat()
        job.clear()
        return dataset

    def _own_fields(self, name: str) -> list[str]:
        own = f"{{{{CustomObject[{name.partition('/')[2]}].Field["
        fields = self._client.bulk.fields(eloqua_object(name))
        return [one.internal_name for one in fields if one.statement.startswith(own)]

    def _sync(self, job: EloquaJob, name: str, names: dict[str, str]) -> Sync:
        sync = job.resume()
        if sync is None or sync.status not in {"success", "warning"}:
            job.clear()
            known, obj = eloqua_fields(self._client, name), eloqua_object(name)
            own = {alias: known[field].statement for alias, field in names.items()}
            fields = {"Id": obj.statement("Id"), "Contact": obj.statement("Contact.Id"), **own}
            sync = job.start(self._client.bulk.create_export(obj, fields, name="SCC archive").uri)
        if sync.status not in {"success", "warning"}:
            job.clear()
            raise UnavailableError(
                f"Eloqua's export of {name} ended in {sync.status} ({sync.uri})",
                system="eloqua",
                hint="Start the run of that moment again: it goes on with this export.",
            )
        return sync


def _account(contact: Contact) -> dict[str, str]:
    number = contact.raw.get("accountId")
    return {ACCOUNT: str(number)} if number else {}


def _rows(batch: pa.RecordBatch, name: str, names: dict[str, str]) -> Iterator[dict[str, Any]]:
    for row in batch.to_pylist():
        values = {field: row[alias] for alias, field in names.items() if row[alias]}
        yield {"contact_id": row["Contact"], "object": name, "id": row["Id"], "fields": values}
