"""Records out of Salesforce, just those that records read before them refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from scc.core.conditions import Condition
from scc.engines.base import Query, Table, identifier
from scc.flow.conditions import salesforce_condition
from scc.flow.pipeline import Reading
from scc.store.dataset import DatasetWriter

if TYPE_CHECKING:
    from scc.salesforce import SalesforceClient

__all__ = ["SalesforceReferred"]

REST_AT_MOST = 2_000
"""Up to so many ids a few REST calls are sooner done than one bulk job."""


@dataclass(frozen=True, slots=True)
class SalesforceReferred:
    """Records of `sobject` whose id stands in `column` of the sources `referred_by`.

    `prefix` is the key prefix of the sObject's ids ("701"): a value that is no such id is not asked
    for. Deleted records are read too, so that gone and deleted can be told apart; `where`, where
    given, limits the answer. Columns are named as in `fields` ("Owner.Name"), all text, null for null.
    """

    name: str
    sobject: str
    prefix: str
    fields: tuple[str, ...]
    column: str
    referred_by: tuple[str, ...]
    where: Condition | None = None
    system: str = field(default="salesforce", init=False)

    @property
    def needs(self) -> tuple[str, ...]:
        return self.referred_by

    def read(self, reading: Reading) -> None:
        step = f"export {self.name}"
        ids = self._ids(reading)
        reading.progress.start(step, len(ids))
        schema = pa.schema([pa.field(name, pa.string()) for name in self.fields])
        with DatasetWriter(reading.target, schema) as writer:
            for batch in self._batches(reading.systems.salesforce, ids) if ids else ():
                writer.write(batch)
                reading.progress.advance(step, batch.num_rows)
            writer.meta["asked_for"] = len(ids)
        reading.progress.finish(step, f"{writer.rows:,} of {len(ids):,} records")

    def _ids(self, reading: Reading) -> list[str]:
        """Distinct ids in their 15-character form, which is complete: the other three are a check."""
        table = Table(
            [reading.dataset(source) for source in self.referred_by], identifier(self.column) + " AS id"
        )
        sql = (
            "SELECT DISTINCT left(id, 15) AS id FROM records WHERE regexp_full_match(id, $shape) ORDER BY id"
        )
        shape = f"{self.prefix}[A-Za-z0-9]{{12}}([A-Za-z0-9]{{3}})?"
        batches = reading.engine.run(Query(sql, {"records": table}, {"shape": shape}))
        return [one for batch in batches for one in batch["id"].to_pylist()]

    def _batches(self, client: SalesforceClient, ids: list[str]) -> Iterator[pa.RecordBatch]:
        from scc.salesforce import soql

        rest = len(ids) <= REST_AT_MOST
        where = None if self.where is None else salesforce_condition(self.where)
        for query in soql.chunks(self.sobject, self.fields, "Id", ids, where=where, rest=rest):
            if rest:
                yield from client.query(query, include_deleted=True)
            else:
                yield from client.bulk.query(query, include_deleted=True)
