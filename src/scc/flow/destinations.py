"""Where changes go: one writer for each kind of object and operation, by bulk calls that may be repeated."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from scc.core.changes import Operation
from scc.core.receipts import SCHEMA, Outcome
from scc.errors import ConfigError, DataError, UnavailableError
from scc.flow.eloqua_job import EloquaJob
from scc.flow.objects import eloqua_fields, eloqua_object
from scc.flow.systems import Systems
from scc.store.retention import remove
from scc.store.runs import Store

if TYPE_CHECKING:
    from scc.eloqua.models import Sync

__all__ = ["Batch", "Destination", "destination"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes of one system, object and operation; `changes` has change, key, before, after.

    `clears`: the rows set some field to blank, and all rows write the same fields. Otherwise a field
    that a row does not name is left as it is.
    """

    system: str
    object: str
    operation: Operation
    clears: bool
    changes: pa.Table

    def fields(self) -> list[str]:
        """All fields that some row writes, sorted."""
        names: set[str] = set()
        for chunk in self.changes["after"].chunks:
            names.update(pc.unique(chunk.keys).to_pylist())
        return sorted(names)

    def values(self, field: str) -> pa.ChunkedArray:
        """One field's new values; null where a row does not write it."""
        return pc.map_lookup(self.changes["after"], pa.scalar(field), "first")

    def receipt(self, *, job: str, rejects: Mapping[str, tuple[str, str]]) -> pa.RecordBatch:
        """A receipt for every row: applied, unless its key is among the rejects (code, message)."""
        keys = self.changes["key"].to_pylist()
        unknown = rejects.keys() - set(keys)
        if unknown:
            raise DataError(f"{self.system} rejected {len(unknown):,} records that {job} never held")
        outcomes = [Outcome.REJECTED if key in rejects else Outcome.APPLIED for key in keys]
        codes, words = zip(*(rejects.get(key, ("", "")) for key in keys), strict=True)
        rows = len(keys)
        columns = [
            self.changes["change"].combine_chunks(),
            pa.repeat(self.system, rows),
            pa.repeat(self.object, rows),
            pa.repeat(str(self.operation), rows),
            self.changes["key"].combine_chunks(),
            pa.array([str(outcome) for outcome in outcomes]),
            pa.array(codes),
            pa.array(words),
            pa.repeat(job, rows),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


class Destination(Protocol):
    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        """Write the batch and give its receipt.

        Notes in `journal` what it starts, before any data is sent: called again after a kill, it
        goes on from there.
        """
        ...


def destination(systems: Systems, store: Store, batch: Batch) -> Destination:
    """The writer for a batch; ConfigError where there is none."""
    if batch.system == "store" and batch.operation is Operation.DELETE:
        return StoreDelete(store)
    if batch.system == "eloqua" and batch.operation is Operation.UPDATE:
        return EloquaImport(systems)
    raise ConfigError(f"nothing here can {batch.operation} {batch.object} in {batch.system}")


class StoreDelete:
    """Removes SCC's own outputs. What is gone already is unchanged."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        del journal  # removing twice is harmless
        gained = sum(remove(self._store, key) for key in batch.changes["key"].to_pylist())
        log.info("%d outputs removed, %.1f MB gained", batch.changes.num_rows, gained / 1e6)
        return batch.receipt(job="", rejects={})


class EloquaImport:
    """Updates by bulk import, matched by the record's id.

    An import that is repeated writes the same values again, so a batch whose end is unknown is
    simply sent once more: but never twice into one import, since Eloqua drops every copy of a record
    that it finds more than once in a sync.
    """

    TRIES = 3

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        self._client = systems.eloqua
        self._bulk = systems.eloqua.bulk

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        job = EloquaJob(self._systems, journal)
        for attempt in range(1, self.TRIES + 1):
            sync = job.resume() or self._send(batch, job)
            if sync.status in {"success", "warning"}:
                rejects = {
                    one.field_values["Id"]: (one.status_code, one.message)
                    for one in self._bulk.rejects(sync.uri)
                }
                receipt = batch.receipt(job=sync.uri, rejects=rejects)
                job.clear()
                return receipt
            codes = self._codes(sync)
            log.warning(
                "eloqua %s ended in %s (%s), try %d of %d", sync.uri, sync.status, codes, attempt, self.TRIES
            )
            job.clear()
        raise UnavailableError(
            f"Eloqua ended {self.TRIES} syncs of the same batch in error ({codes})",
            system="eloqua",
            code=codes,
            hint="Start the run of that moment again: it goes on with this batch.",
        )

    def _send(self, batch: Batch, job: EloquaJob) -> Sync:
        known = eloqua_fields(self._client, batch.object)
        names = batch.fields()
        for name in names:
            if name not in known:
                raise ConfigError(f"Eloqua's {batch.object} has no field {name!r} (any more)")
        definition = self._bulk.create_import(
            eloqua_object(batch.object),
            {name: known[name].statement for name in ("Id", *names)},
            identifier="Id",
            name=f"SCC {batch.operation} {batch.object}",
            update_rule="always" if batch.clears else "ifNewIsNotNull",
        )
        columns = {"Id": batch.changes["key"], **{name: batch.values(name) for name in names}}
        rows = pa.table(columns).to_batches()
        return job.start(definition.uri, fill=lambda: self._bulk.upload(definition, rows))

    def _codes(self, sync: Sync) -> str:
        errors = {one.status_code for one in self._bulk.logs(sync.uri) if one.severity == "error"}
        return ", ".join(sorted(errors)) or "no code"
