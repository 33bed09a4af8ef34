"""Records out of Salesforce: just those that records read before them refer to, or all that meet a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from scc.core.conditions import Condition
from scc.engines.base import Query, Table, identifier
from scc.flow.conditions import salesforce_condition
from scc.flow.pipeline import Reading
from scc.store.dataset import DatasetWriter

if TYPE_CHECKING:
    from scc.salesforce import SalesforceClient

__all__ = ["SalesforceRecords", "SalesforceReferred"]

REST_AT_MOST = 2_000
"""Up to so many values a few REST calls are sooner done than one bulk job."""


_IDS = """
SELECT DISTINCT left(value, 15) AS value FROM records
WHERE regexp_full_match(value, '[A-Za-z0-9]{15}([A-Za-z0-9]{3})?') AND starts_with(value, $prefix) ORDER BY 1
"""
_ADDRESSES = """
SELECT DISTINCT lower(trim(value)) AS value FROM records
WHERE regexp_full_match(trim(value), '[^@\\s]+@[^@\\s]+') AND length(trim(value)) <= 80 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class SalesforceReferred:
    """Records of `sobject` that records read before refer to by `column`, and no others.

    They refer by id where `prefix` is given, the key prefix of the sObject's ids ("701"), else by e-mail
    address. A value that is no such id, or no address, is not asked for. `with_deleted` reads deleted
    records too, so that gone and deleted can be told apart; `where` limits the answer. Columns are named
    as in `fields` ("Owner.Name"), all text, null for null.
    """

    name: str
    sobject: str
    fields: tuple[str, ...]
    column: str
    referred_by: tuple[str, ...]
    prefix: str | None = None
    with_deleted: bool = False
    where: Condition | None = None
    system: str = field(default="salesforce", init=False)

    @property
    def needs(self) -> tuple[str, ...]:
        return self.referred_by

    def read(self, reading: Reading) -> None:
        step = f"export {self.name}"
        values = self._values(reading)
        reading.progress.start(step, len(values))
        schema = pa.schema([pa.field(name, pa.string()) for name in self.fields])
        with DatasetWriter(reading.target, schema) as writer:
            for batch in self._batches(reading.systems.salesforce, values) if values else ():
                writer.write(batch)
                reading.progress.advance(step, batch.num_rows)
            writer.meta["asked_for"] = len(values)
        reading.progress.finish(step, f"{writer.rows:,} records for {len(values):,} asked for")

    def _values(self, reading: Reading) -> list[str]:
        """Distinct ids in their 15-character form, which is complete: the other three are a check."""
        read = [dataset for dataset in map(reading.dataset, self.referred_by) if dataset.manifest.rows]
        if not read:
            return []
        table = Table(read, identifier(self.column) + " AS value")
        query = (
            Query(_ADDRESSES, {"records": table})
            if self.prefix is None
            else Query(_IDS, {"records": table}, {"prefix": self.prefix})
        )
        return [one for batch in reading.engine.run(query) for one in batch["value"].to_pylist()]

    def _batches(self, client: SalesforceClient, values: list[str]) -> Iterator[pa.RecordBatch]:
        from scc.salesforce import soql

        by = "Email" if self.prefix is None else "Id"
        rest = len(values) <= REST_AT_MOST
        where = None if self.where is None else salesforce_condition(self.where)
        for query in soql.chunks(self.sobject, self.fields, by, values, where=where, rest=rest):
            if rest:
                yield from client.query(query, include_deleted=self.with_deleted)
            else:
                yield from client.bulk.query(query, include_deleted=self.with_deleted)


@dataclass(frozen=True, slots=True)
class SalesforceRecords:
    """All records of `sobject` that meet the condition, by one bulk job; deleted ones are not among them.

    `where` is given the run's moment. Columns are named as in `fields`, all text, null for null.
    """

    name: str
    sobject: str
    fields: tuple[str, ...]
    where: Callable[[datetime], Condition | None] = lambda _: None
    needs: tuple[str, ...] = ()
    system: str = field(default="salesforce", init=False)

    def read(self, reading: Reading) -> None:
        from scc.salesforce import soql

        step = f"export {self.name}"
        reading.progress.start(step, None)
        condition = self.where(reading.run.moment)
        where = None if condition is None else salesforce_condition(condition)
        schema = pa.schema([pa.field(name, pa.string()) for name in self.fields])
        query = soql.select(self.sobject, self.fields, where=where)
        with DatasetWriter(reading.target, schema) as writer:
            for batch in reading.systems.salesforce.bulk.query(query):
                writer.write(batch)
                reading.progress.advance(step, batch.num_rows)
        reading.progress.finish(step, f"{writer.rows:,} records")
