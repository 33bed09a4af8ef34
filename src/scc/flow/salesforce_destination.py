"""Changes into Salesforce by Bulk API 2.0 ingest jobs, matched by the record's id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from scc.errors import NotFoundError
from scc.flow.batch import Batch
from scc.flow.systems import Systems
from scc.store.files import read_json, write_json

if TYPE_CHECKING:
    from scc.salesforce.results import IngestResult

__all__ = ["SalesforceUpdate"]


class SalesforceUpdate:
    """Updates. A job does nothing before it is closed, and after that its fate is asked of Salesforce by its id."""

    def __init__(self, systems: Systems) -> None:
        self._bulk = systems.salesforce.bulk

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        rows = self._rows(batch)
        result = self._resume(rows, journal) or self._send(batch, rows, journal)
        keys = rows["Id"].to_pylist()
        rejects = {keys[one.row]: (one.code or "", one.message or "") for one in result.failures()}
        receipt = batch.receipt(job=f"/jobs/ingest/{result.job.id}", rejects=rejects)
        self._bulk.delete_ingest(result.job)
        return receipt

    def _resume(self, rows: pa.Table, journal: Path) -> IngestResult | None:
        notes = read_json(journal)
        if notes is None:
            return None
        try:
            return self._bulk.resume_ingest(str(notes["job"]), rows)
        except NotFoundError:
            return None  # never closed and cleared away, or older than seven days: an update may be repeated

    def _send(self, batch: Batch, rows: pa.Table, journal: Path) -> IngestResult:
        job = self._bulk.create_ingest(batch.object, "update")
        write_json(journal, {"job": job.id})
        self._bulk.upload(job, rows, nulls="unchanged")
        return self._bulk.ingest_result(job, rows)

    @staticmethod
    def _rows(batch: Batch) -> pa.Table:
        """A field that a row does not name is null, and left as it is; "" clears."""
        return pa.table({"Id": batch.changes["key"], **{name: batch.values(name) for name in batch.fields()}})
