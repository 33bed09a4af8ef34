"""Records whose change was rejected by the last good run, offered again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from scc.engines.base import Query, Table
from scc.flow.pipeline import Reading
from scc.store.dataset import Dataset, DatasetWriter

__all__ = ["CarriedRecords"]

_SQL = """
, before_alone AS (SELECT COLUMNS(lambda name: name <> 'left_over') FROM before)
SELECT before_alone.*, rejected.left_over
FROM before_alone JOIN rejected ON before_alone."Id" = rejected.id
ANTI JOIN records ON before_alone."Id" = records."Id"
ORDER BY before_alone."Id"
"""
_BY_KEY = "SELECT key AS id, key AS left_over FROM receipt WHERE outcome = 'rejected'"
_BY_EVIDENCE = """
SELECT regexp_extract(plan.evidence, '\\S+$') AS id, string_agg(plan.key, ',' ORDER BY plan.key) AS left_over
FROM receipt JOIN plan USING (change) WHERE receipt.outcome = 'rejected' GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class CarriedRecords:
    """What the last good run read of the source `of` and saw rejected, as it was read then.

    A record that has changed since is in `of` anew and not here; one that has not is still as it
    was. So a rejected record is offered again at each run, at no cost in the system. Where changes are
    made to other records than those read, `by="evidence"` finds the one read by the last word of the
    change's evidence ("Bounceback 123"). The column `left_over` has the keys that were rejected.
    """

    name: str
    of: str
    by: Literal["key", "evidence"] = "key"
    system: str = field(default="store", init=False)

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.of,)

    def read(self, reading: Reading) -> None:
        fresh = reading.dataset(self.of)
        tables = self._tables(reading, fresh)
        schema = pa.schema([("Id", pa.string())])
        sql = f"WITH rejected AS ({_BY_KEY if self.by == 'key' else _BY_EVIDENCE}) {_SQL}"
        batches = list(reading.engine.run(Query(sql, tables))) if tables else []
        with DatasetWriter(reading.target, batches[0].schema if batches else schema) as writer:
            writer.write_all(batches)
            meta = fresh.manifest.meta
            writer.meta.update({name: meta[name] for name in ("object", "types") if name in meta})

    def _tables(self, reading: Reading, fresh: Dataset) -> dict[str, Table]:
        if reading.previous is None:
            return {}
        before = [reading.store.export(reading.previous, name) for name in (self.of, self.name)]
        receipt, plan = reading.store.receipt(reading.previous), reading.store.plan(reading.previous)
        before = [dataset for dataset in before if dataset.exists()]
        if not before or not receipt.exists():
            return {}
        return {
            "before": Table(before),
            "receipt": Table([receipt]),
            "plan": Table([plan]),
            "records": Table([fresh]),
        }
