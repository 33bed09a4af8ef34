"""What it takes to bring back the contacts that a run deleted, as the archive has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from scc.core.changes import SCHEMA, Operation
from scc.core.runs import RunId
from scc.errors import ConfigError, NotFoundError
from scc.flow.eloqua_creates import ADDRESS, HOLDER
from scc.flow.objects import eloqua_object
from scc.flow.pipeline import Reading
from scc.flow.profiles import ACCOUNT
from scc.store.archive import Archive
from scc.store.dataset import DatasetWriter

__all__ = ["ArchivedChanges"]

CHANGES = pa.schema(
    [pa.field(name, pa.string(), nullable=False) for name in ("contact_id", "address", "object")]
    + [pa.field(name, pa.string(), nullable=False) for name in ("operation", "key")]
    + [SCHEMA.field("after")]
)


@dataclass(frozen=True, slots=True)
class ArchivedChanges:
    """A row for each contact to be made again (`create`) and linked to its account (`link`), each list that it
    goes back on (`list-add`), and each custom object record that hangs on it again (`link`) or is made again
    with it (`create`); `skip` where its custom object is gone.

    Meta `fields` has the fields that are written, by object. ConfigError where the archive has no entries
    of the run.
    """

    name: str
    of: RunId
    needs: tuple[str, ...] = ()
    system: str = field(default="eloqua", init=False)

    def read(self, reading: Reading) -> None:
        entries = Archive(reading.store.root / "archive").entries(self.of)
        if not entries.exists():
            raise ConfigError(
                f"the archive has no entries of {self.of}: what it deleted can't be brought back",
                hint=f"They belong into {entries.folder}; restore that folder from a backup.",
            )
        entries.verify()
        writable, remade = self._writable(reading), _Remade(reading)
        fields: dict[str, set[str]] = {"contact": {ADDRESS}}
        with DatasetWriter(reading.target, CHANGES) as writer:
            for batch in entries.batches():
                rows = [row for entry in batch.to_pylist() for row in _changes(entry, writable, remade)]
                for row in rows:
                    fields.setdefault(row["object"], set()).update(row["after"] or ())
                writer.write(pa.RecordBatch.from_pylist(rows, schema=CHANGES))
            writer.meta["fields"] = {name: sorted(names) for name, names in sorted(fields.items())}
        reading.progress.finish(f"export {self.name}", f"{entries.manifest.rows:,} contacts in the archive")

    @staticmethod
    def _writable(reading: Reading) -> frozenset[str]:
        known = reading.systems.eloqua.bulk.fields(eloqua_object("contact"))
        return frozenset(
            one.internal_name
            for one in known
            if one.statement.startswith("{{Contact.Field(") and not one.is_read_only
        )


class _Remade:
    """What becomes of a custom object's records: they are linked again, made again where they went with their
    contact, or left alone (`skip`) where Eloqua has the custom object no more."""

    def __init__(self, reading: Reading) -> None:
        self._objects = reading.systems.eloqua.rest.custom_objects
        self._known: dict[str, Operation] = {}

    def __call__(self, name: str) -> Operation:
        if name not in self._known:
            self._known[name] = self._judge(int(name.partition("/")[2]))
        return self._known[name]

    def _judge(self, number: int) -> Operation:
        try:
            asset = self._objects.get(number)
        except NotFoundError:
            return Operation.SKIP
        goes_along = str(asset.raw.get("deleteLinkedCustomObjectData")).lower() == "true"
        return Operation.CREATE if goes_along else Operation.LINK


def _changes(entry: dict[str, Any], writable: frozenset[str], remade: _Remade) -> Iterator[dict[str, Any]]:
    whose = {"contact_id": entry["contact_id"], "address": entry["address"]}
    address = {ADDRESS: entry["address"]}
    values = {name: value for name, value in entry["fields"] if name in writable}
    yield {
        **whose,
        "object": "contact",
        "operation": str(Operation.CREATE),
        "key": entry["contact_id"],
        "after": {**values, **address},
    }
    if account := dict(entry["fields"]).get(ACCOUNT):
        yield {
            **whose,
            "object": "contact",
            "operation": str(Operation.LINK),
            "key": entry["contact_id"],
            "after": {**address, ACCOUNT: account},
        }
    for one in entry["lists"] or ():
        yield {
            **whose,
            "object": f"contactList/{one['id']}",
            "operation": str(Operation.LIST_ADD),
            "key": entry["contact_id"],
            "after": address,
        }
    for one in entry["records"] or ():
        operation = remade(one["object"])
        hung = {**(dict(one["fields"]) if operation is Operation.CREATE else {}), HOLDER: entry["address"]}
        yield {
            **whose,
            "object": one["object"],
            "operation": str(operation),
            "key": one["id"],
            "after": None if operation is Operation.SKIP else hung,
        }
