"""SCC's own outputs as a source, so that their clean-up is planned and guarded like everything else."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from scc.flow.pipeline import Reading
from scc.store.dataset import write_dataset
from scc.store.retention import inventory

__all__ = ["StoreOutputs"]

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("kind", pa.string()),
        ("age_days", pa.float64()),
        ("bytes", pa.int64()),
        ("needed", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class StoreOutputs:
    """Each kind of each run's outputs, with its age at the run's moment."""

    name: str
    undo_days: float
    needs: tuple[str, ...] = ()
    system: str = field(default="store", init=False)

    def read(self, reading: Reading) -> None:
        found = inventory(reading.store, now=reading.run.moment, undo_days=self.undo_days)
        rows = [
            {
                "key": one.key,
                "kind": str(one.kind),
                "age_days": one.age_days,
                "bytes": one.bytes,
                "needed": one.needed,
            }
            for one in found
            if not one.key.startswith(f"{reading.run.folder}/")
        ]
        write_dataset(reading.target, SCHEMA, [pa.RecordBatch.from_pylist(rows, schema=SCHEMA)])
