"""Contacts that were created lately, and what the archive holds of their mailboxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

import pyarrow as pa

from scc.core.conditions import Compare, Condition
from scc.engines.base import Query, Table
from scc.errors import ConfigError
from scc.flow.eloqua_source import EloquaRecords
from scc.flow.pipeline import Reading
from scc.store.archive import SCHEMA, Archive
from scc.store.dataset import DatasetWriter, write_dataset

__all__ = ["PROFILES", "ArchivedProfiles", "CreatedContacts", "RestoredMarks"]

ADDRESS = "C_EmailAddress"
MOST_FIELDS = 248
"""An export takes 250; Id and the address are two of them."""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CreatedContacts:
    """Contacts that were created since the last good run; at first, since a day before the oldest entry of
    the archive. While the archive is empty, nothing is asked for.

    The fields are all that can be written, but for those that a pattern of `never` fits; `only` narrows
    them down. Meta as EloquaRecords has it.
    """

    name: str
    never: tuple[str, ...]
    only: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    system: str = field(default="eloqua", init=False)

    def read(self, reading: Reading) -> None:
        oldest = Archive(reading.store.root / "archive").stats().oldest
        if oldest is None:
            self._read_nothing(reading)
            return

        def created(since: datetime | None) -> Condition:
            return Compare("CreatedAt", ">=", since or oldest - _A_DAY)

        EloquaRecords(self.name, "contact", (ADDRESS, *self._fields(reading)), where=created).read(reading)

    def _read_nothing(self, reading: Reading) -> None:
        schema = pa.schema([pa.field(name, pa.string()) for name in ("Id", ADDRESS)])
        types = dict.fromkeys(schema.names, "string")
        write_dataset(reading.target, schema, [], {"object": "contact", "types": types})

    def _fields(self, reading: Reading) -> list[str]:
        from scc.eloqua import contacts

        known = {one.internal_name: one for one in reading.systems.eloqua.bulk.fields(contacts())}
        if unknown := sorted(set(self.only) - known.keys()):
            raise ConfigError(f"Eloqua's contact has no field {unknown[0]!r}")
        found = [
            name
            for name, one in sorted(known.items())
            if not (one.is_read_only or one.data_type == "emailAddress")
            and one.statement.startswith("{{Contact.Field(")  # its address' state is no field
            and not self.is_barred(name, one.name)
            and (not self.only or name in self.only)
        ]
        if len(found) > MOST_FIELDS:
            raise ConfigError(
                f"{len(found)} contact fields could be restored, and one export takes {MOST_FIELDS}",
                hint="Name those that matter in `fields`, or more of those that don't in `never_restore`.",
            )
        return found

    def is_barred(self, *names: str) -> bool:
        """Whether one of a field's names is among those that never come back."""
        return any(fnmatchcase(name.lower(), one.lower()) for name in names for one in self.never)


_MAILBOXES = "SELECT id, key FROM records WHERE key <> '' ORDER BY id"
PROFILES = pa.schema(
    [pa.field("Id", pa.string(), nullable=False)]
    + [SCHEMA.field(name) for name in ("contact_id", "run", "archived_at", "fields")]
)


@dataclass(frozen=True, slots=True)
class ArchivedProfiles:
    """What the archive holds of the mailboxes of contacts read before, unless it came back already.

    A row for each contact (`Id`) and each entry of its mailbox: contact_id (the archived one), run,
    archived_at, fields.
    """

    name: str
    of: tuple[str, ...]
    system: str = field(default="store", init=False)

    @property
    def needs(self) -> tuple[str, ...]:
        return self.of

    def read(self, reading: Reading) -> None:
        step = f"export {self.name}"
        reading.progress.start(step, None)
        archive, back = Archive(reading.store.root / "archive"), self._mailboxes(reading)
        marked = archive.marks()
        with DatasetWriter(reading.target, PROFILES) as writer:
            for batch in archive.select(list(back), PROFILES.names[1:]) if back else ():
                rows = [
                    {"Id": contact, **entry}
                    for entry in batch.to_pylist()
                    if entry["contact_id"] not in marked
                    for contact in back[entry.pop("mailbox_key")]
                    # An entry of a contact that is still there: it was archived, and not deleted.
                    if contact != entry["contact_id"]
                ]
                writer.write(pa.RecordBatch.from_pylist(rows, schema=PROFILES))
            writer.meta.update(object="contact")
        reading.progress.finish(step, f"{writer.rows:,} entries for {len(back):,} mailboxes")

    def _mailboxes(self, reading: Reading) -> dict[str, list[str]]:
        """The contacts by their mailbox's key."""
        read = [dataset for dataset in map(reading.dataset, self.of) if dataset.manifest.rows]
        if not read:
            return {}
        key = reading.systems.address_rules.key(f'"{ADDRESS}"')
        query = Query(_MAILBOXES, {"records": Table(read, f'"Id" AS id, {key} AS key')})
        found: dict[str, list[str]] = {}
        for batch in reading.engine.run(query):
            for row in batch.to_pylist():
                found.setdefault(row["key"], []).append(row["id"])
        return found


@dataclass(frozen=True, slots=True)
class RestoredMarks:
    """Which entries of the archive came back: `Id` (the archived contact's), `restored_to`."""

    name: str
    fields: tuple[str, ...] = ("restored_to",)
    needs: tuple[str, ...] = ()
    system: str = field(default="store", init=False)

    def read(self, reading: Reading) -> None:
        schema = pa.schema([pa.field(name, pa.string()) for name in ("Id", "restored_to")])
        marks = Archive(reading.store.root / "archive").marks()
        rows = [{"Id": key, "restored_to": one.restored_to} for key, one in sorted(marks.items())]
        batch = pa.RecordBatch.from_pylist(rows, schema=schema)
        write_dataset(reading.target, schema, [batch], {"object": "archive"})
