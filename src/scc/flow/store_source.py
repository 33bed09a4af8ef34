"""Datasets of another run as a source: the plan and the receipt of what is to be taken back."""

from __future__ import annotations

from dataclasses import dataclass, field

from scc.engines.base import Query, Table
from scc.flow.pipeline import Reading
from scc.store.dataset import Dataset, DatasetWriter

__all__ = ["StoredDataset"]


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """A copy of `dataset`: the run that reads it stays whole when the other is cleaned up."""

    name: str
    dataset: Dataset
    needs: tuple[str, ...] = ()
    system: str = field(default="store", init=False)

    def read(self, reading: Reading) -> None:
        self.dataset.verify()
        rows = reading.engine.run(Query("SELECT * FROM kept", {"kept": Table([self.dataset])}))
        with DatasetWriter(reading.target, self.dataset.schema()) as writer:
            writer.write_all(rows)
