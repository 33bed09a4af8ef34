"""The archive: the full profile of each deleted contact, found by mailbox.

`<store>/archive/contacts/<pipeline>/<run>/` is one dataset for each run that deleted, sorted by
`mailbox_key`, so that a search reads footers and one row group of each. `SCHEMA` is its documented shape:

    mailbox_key  string     sha256 of the normalised address: what a search goes by
    address      string     as it was
    contact_id   string     in Eloqua, before it was deleted
    run          string     the run that deleted it
    archived_at  timestamp  UTC
    reason       string     why it was deleted
    fields       map        every contact field that was not blank, by internal name
    lists        list       shared lists it was on: {id, name}
    records      list       custom object records that hung on it: {object, id, fields}

Entries are never changed. `archive/restored/<pipeline>/<run>/` says which came back: mailbox_key,
contact_id (the archived one), restored_at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scc.core.runs import RunId
from scc.store.dataset import Dataset

__all__ = ["RESTORED_SCHEMA", "ROW_GROUP", "SCHEMA", "Archive", "ArchiveStats"]

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
        pa.field("mailbox_key", pa.string(), nullable=False),
        pa.field("contact_id", pa.string(), nullable=False),
        pa.field("restored_at", pa.timestamp("s", "UTC"), nullable=False),
    ]
)
ROW_GROUP = 16_384
"""Small, since a search reads one of them whole."""


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    entries: int
    restored: int
    runs: int
    bytes: int


class Archive:
    def __init__(self, root: Path) -> None:
        self.root = root

    def entries(self, run: RunId) -> Dataset:
        """The entries that one run wrote."""
        return Dataset(self.root / "contacts" / run.folder)

    def restored(self, run: RunId) -> Dataset:
        """The marks that one run wrote."""
        return Dataset(self.root / "restored" / run.folder)

    def all_entries(self) -> list[Dataset]:
        return _datasets(self.root / "contacts")

    def all_restored(self) -> list[Dataset]:
        return _datasets(self.root / "restored")

    def find(self, mailbox_key: str) -> list[dict[str, object]]:
        """All entries of a mailbox, the newest first; each with `restored_at`, None while it has not come back."""
        marks = {
            row["contact_id"]: row["restored_at"]
            for dataset in self.all_restored()
            for row in _search(dataset, mailbox_key)
        }
        found = [row for dataset in self.all_entries() for row in _search(dataset, mailbox_key)]
        found.sort(key=lambda row: (row["archived_at"], row["contact_id"]), reverse=True)
        return [{**row, "restored_at": marks.get(row["contact_id"])} for row in found]

    def stats(self) -> ArchiveStats:
        entries, restored = self.all_entries(), self.all_restored()
        return ArchiveStats(
            sum(dataset.manifest.rows for dataset in entries),
            sum(dataset.manifest.rows for dataset in restored),
            len(entries),
            sum(part.bytes for dataset in (*entries, *restored) for part in dataset.manifest.parts),
        )


def _datasets(root: Path) -> list[Dataset]:
    folders = sorted(path.parent for path in root.glob("*/*/manifest.json"))
    return [Dataset(folder) for folder in folders]


def _search(dataset: Dataset, key: str) -> Iterator[dict[str, object]]:
    """Rows with the key; only row groups whose range holds it are read."""
    for path in dataset.paths():
        with pq.ParquetFile(path) as file:
            column = file.schema_arrow.get_field_index("mailbox_key")
            for group in range(file.num_row_groups):
                bounds = file.metadata.row_group(group).column(column).statistics
                if bounds is None or bounds.min <= key <= bounds.max:
                    table = file.read_row_group(group)
                    yield from table.filter(pc.equal(table["mailbox_key"], key)).to_pylist()
