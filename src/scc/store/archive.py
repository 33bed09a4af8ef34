"""The archive: the full profile of each deleted contact, found by mailbox.

`<store>/archive/contacts/<pipeline>/<run>/` is one dataset for each run that deleted, sorted by
`mailbox_key`, so that a search reads one row group of each run that has the mailbox. `SCHEMA` is its
documented shape:

    mailbox_key  string     sha256 of the normalised address, "" for what is no address: what a search goes by
    address      string     as it was
    contact_id   string     in Eloqua, before it was deleted
    run          string     the run that deleted it
    archived_at  timestamp  UTC
    reason       string     why it was deleted
    fields       map        every contact field that was not blank, by internal name; Account.Id, its account
    lists        list       shared lists it was on: {id, name}
    records      list       custom object records that hung on it: {object, id, fields}

Entries are never changed. `<store>/archive/restored/` is one dataset that says which came back, a row
(`RESTORED_SCHEMA`) for each archived contact; it is rewritten whole, under a lock.
"""

from __future__ import annotations

import fcntl
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scc.core.runs import RunId
from scc.store.archive_index import rows_of
from scc.store.dataset import Dataset
from scc.store.rewriting import replace_rows

__all__ = ["RESTORED_SCHEMA", "ROW_GROUP", "SCHEMA", "Archive", "ArchiveStats", "Mark"]

_FIELDS = pa.map_(pa.string(), pa.string())
SCHEMA = pa.schema(
    [
        pa.field("mailbox_key", pa.string(), nullable=False),
        pa.field("address", pa.string(), nullable=False),
        pa.field("contact_id", pa.string(), nullable=False),
        pa.field("run", pa.string(), nullable=False),
        pa.field("archived_at", pa.timestamp("s", "UTC"), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("fields", _FIELDS, nullable=False),
        pa.field("lists", pa.list_(pa.struct([("id", pa.string()), ("name", pa.string())]))),
        pa.field(
            "records",
            pa.list_(pa.struct([("object", pa.string()), ("id", pa.string()), ("fields", _FIELDS)])),
        ),
    ]
)
RESTORED_SCHEMA = pa.schema(
    [
        pa.field("contact_id", pa.string(), nullable=False),
        pa.field("restored_to", pa.string(), nullable=False),
        pa.field("restored_at", pa.timestamp("s", "UTC"), nullable=False),
        pa.field("run", pa.string(), nullable=False),
    ]
)
ROW_GROUP = 16_384
"""Small, since a search reads one of them whole."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An archived contact came back: `restored_to` has the ids of the new contacts, with commas between."""

    contact_id: str
    restored_to: str
    restored_at: datetime
    run: str


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """`oldest` and `newest` are moments of runs; None in an empty archive."""

    entries: int
    restored: int
    runs: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None


class Archive:
    """`root` is the store's archive folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def entries(self, run: RunId) -> Dataset:
        """The entries that one run wrote."""
        return Dataset(self.root / "contacts" / run.folder)

    def all_entries(self) -> list[Dataset]:
        return [Dataset(folder) for folder in self._folders()]

    def find(self, mailbox_key: str, address: str = "") -> list[dict[str, Any]]:
        """All entries of a mailbox, the newest first; each with `restored_to` and `restored_at`, None while
        it has not come back. What is no address has the key "" and is told by its text, in any case."""
        found = [
            row
            for batch in self.select([mailbox_key])
            for row in batch.to_pylist()
            if mailbox_key or str(row["address"]).strip().casefold() == address.strip().casefold()
        ]
        found.sort(key=lambda row: (row["archived_at"], row["contact_id"]), reverse=True)
        marks = self.marks() if found else {}
        return [{**row, **_told(marks.get(str(row["contact_id"])))} for row in found]

    def select(self, keys: Sequence[str], columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """All entries that have one of the keys, by run."""
        for dataset in self.all_entries():
            yield from _select(dataset, keys, columns)

    def marks(self) -> dict[str, Mark]:
        """Who came back, by the archived contact's id."""
        dataset = self.restored
        if not dataset.exists():
            return {}
        rows = (row for batch in dataset.batches() for row in batch.to_pylist())
        return {row["contact_id"]: Mark(**row) for row in rows}

    def mark(self, marks: Iterable[Mark] = (), *, unmark: Collection[str] = ()) -> None:
        """Put on record who came back, and take it off; the same call twice is the same as once."""
        with self._marking():
            kept = self.marks()
            after = {key: one for key, one in kept.items() if key not in unmark}
            after |= {one.contact_id: one for one in marks}
            if after != kept:
                rows = [asdict(after[key]) for key in sorted(after)]
                replace_rows(self.restored, RESTORED_SCHEMA, rows)

    @property
    def restored(self) -> Dataset:
        """Who came back, as a dataset."""
        return Dataset(self.root / "restored")

    def stats(self) -> ArchiveStats:
        folders, restored = self._folders(), self.restored
        entries = [Dataset(folder).manifest for folder in folders]
        marks = [restored.manifest] if restored.exists() else []
        runs = (RunId.from_folder(folder.parent.name, folder.name) for folder in folders)
        moments = [run.moment for run in runs if run]
        return ArchiveStats(
            sum(manifest.rows for manifest in entries),
            sum(manifest.rows for manifest in marks),
            len(entries),
            sum(part.bytes for manifest in (*entries, *marks) for part in manifest.parts),
            min(moments, default=None),
            max(moments, default=None),
        )

    def _folders(self) -> list[Path]:
        return sorted(path.parent for path in (self.root / "contacts").glob("*/*/manifest.json"))

    @contextmanager
    def _marking(self) -> Iterator[None]:
        """One writer of marks at a time: runs of several pipelines may mark."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _told(mark: Mark | None) -> Mapping[str, object]:
    if mark is None:
        return {"restored_to": None, "restored_at": None}
    return {"restored_to": mark.restored_to, "restored_at": mark.restored_at}


def _select(dataset: Dataset, keys: Sequence[str], columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Rows with the keys; only row groups that may hold one are read."""
    wanted = rows_of(dataset, keys)
    if not wanted:
        return
    values, start = pa.array(list(keys), pa.string()), 0
    names = None if columns is None else list(dict.fromkeys(("mailbox_key", *columns)))
    for path in dataset.paths():
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                if bisect_left(wanted, start) < bisect_left(wanted, end):
                    table = file.read_row_group(group, columns=names)
                    yield from table.filter(pc.is_in(table["mailbox_key"], values)).to_batches()
                start = end
