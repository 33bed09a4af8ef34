"""Records whose change was rejected by the last good run, offered again."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from scc.engines.base import Query, Table
from scc.flow.pipeline import Reading
from scc.store.dataset import Dataset, DatasetWriter

__all__ = ["CarriedRecords"]

_SQL = """
SELECT before.* FROM before
SEMI JOIN (SELECT key FROM receipt WHERE outcome = 'rejected') AS rejected ON before."Id" = rejected.key
ANTI JOIN records ON before."Id" = records."Id"
ORDER BY before."Id"
"""


@dataclass(frozen=True, slots=True)
class CarriedRecords:
    """What the last good run read of the source `of` and saw rejected, as it was read then.

    A record that has changed since is in `of` anew and not here; one that has not is still as it
    was. So a rejected record is offered again at each run, at no cost in the system.
    """

    name: str
    of: str
    system: str = field(default="store", init=False)

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.of,)

    def read(self, reading: Reading) -> None:
        fresh = reading.dataset(self.of)
        tables = self._tables(reading, fresh)
        schema = pa.schema([("Id", pa.string())])
        batches = list(reading.engine.run(Query(_SQL, tables))) if tables else []
        with DatasetWriter(reading.target, batches[0].schema if batches else schema) as writer:
            writer.write_all(batches)

    def _tables(self, reading: Reading, fresh: Dataset) -> dict[str, Table]:
        if reading.previous is None:
            return {}
        before = [reading.store.export(reading.previous, name) for name in (self.of, self.name)]
        receipt = reading.store.receipt(reading.previous)
        before = [dataset for dataset in before if dataset.exists()]
        if not before or not receipt.exists():
            return {}
        return {"before": Table(before), "receipt": Table([receipt]), "records": Table([fresh])}
