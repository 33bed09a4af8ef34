"""Changes into Eloqua: fields by bulk import, list membership by sync actions."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from scc.core.changes import Operation
from scc.core.receipts import Outcome
from scc.errors import ConfigError, NotFoundError, RefusedError, RemoteError, UnavailableError
from scc.flow.batch import Batch
from scc.flow.eloqua_job import EloquaJob
from scc.flow.objects import eloqua_fields, eloqua_object
from scc.flow.systems import Systems

if TYPE_CHECKING:
    from scc.eloqua.models import Sync

__all__ = ["EloquaImport", "EloquaListAction"]

log = logging.getLogger(__name__)


class _EloquaSync:
    """Writes a batch by one sync, which is repeated where it ends in error.

    What is repeated must be harmless: the same values again, the same members again. But never twice
    into one definition, since Eloqua drops every copy of a record that it finds more than once in a sync.
    """

    TRIES = 3
    identifier = "Id"
    """What rows are told apart by in Eloqua."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems
        self._client = systems.eloqua
        self._bulk = systems.eloqua.bulk

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        job = EloquaJob(self._systems, journal)
        for attempt in range(1, self.TRIES + 1):
            sync = job.resume() or self._send(batch, job)
            problem = self._problem(sync)
            if problem is None:
                receipt = batch.receipt(job=sync.uri, rejects=self._rejects(sync, batch))
                job.clear()
                return receipt
            job.clear()  # whoever tries again sends it anew
            if not isinstance(problem, UnavailableError):
                raise problem
            log.warning("%s, try %d of %d", problem, attempt, self.TRIES)
            code = problem.code or "no code"
        raise UnavailableError(
            f"Eloqua ended {self.TRIES} syncs of the same batch in error ({code})",
            system="eloqua",
            code=code,
            hint="Start the run of that moment again: it goes on with this batch.",
        )

    def _problem(self, sync: Sync) -> RemoteError | None:
        from scc.eloqua import explain_end

        return None if sync.status == "success" else explain_end(sync, self._bulk.logs(sync.uri))

    def _rejects(self, sync: Sync, batch: Batch) -> dict[str, tuple[str, str]]:
        """Code and words for each rejected row, by its key."""
        keys = self._keys(batch)
        return {
            keys.get(one.field_values[self.identifier], one.field_values[self.identifier]): (
                one.status_code,
                one.message,
            )
            for one in self._bulk.rejects(sync.uri)
        }

    def _send(self, batch: Batch, job: EloquaJob) -> Sync:
        raise NotImplementedError

    def _keys(self, batch: Batch) -> Mapping[str, str]:
        """The rows' keys by their identifier, where these are not the same."""
        if self.identifier == "Id":
            return {}
        return dict(
            zip(batch.values(self.identifier).to_pylist(), batch.changes["key"].to_pylist(), strict=True)
        )

    def _identifiers(self, batch: Batch) -> pa.ChunkedArray:
        return batch.changes["key"] if self.identifier == "Id" else batch.values(self.identifier)


class EloquaImport(_EloquaSync):
    """Updates of contacts and custom object records by bulk import, matched by the record's id.

    More fields than one import takes go by several imports; a record that one of them rejects is rejected.
    """

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        most = eloqua_object(batch.object).max_import_fields - 1  # and the id
        pieces = batch.pieces(most)
        receipts = [
            super(EloquaImport, self).write(piece, journal.with_name(f"{journal.stem}{_nth(at)}.json"))
            for at, piece in enumerate(pieces)
        ]
        return _merged(receipts)

    def _send(self, batch: Batch, job: EloquaJob) -> Sync:
        known = eloqua_fields(self._client, batch.object)
        names = [name for name in batch.fields() if name != self.identifier]
        for name in (self.identifier, *names):
            if name not in known:
                raise ConfigError(f"Eloqua's {batch.object} has no field {name!r} (any more)")
        definition = self._bulk.create_import(
            eloqua_object(batch.object),
            {name: known[name].statement for name in (self.identifier, *names)},
            identifier=self.identifier,
            name=f"SCC {batch.operation} {batch.object}",
            update_rule=self.update_rule(batch),
        )
        columns = {self.identifier: self._identifiers(batch), **{name: batch.values(name) for name in names}}
        rows = pa.table(columns).to_batches()
        return job.start(definition.uri, fill=lambda: self._bulk.upload(definition, rows))

    def update_rule(self, batch: Batch) -> str:
        if batch.operation is Operation.FILL:
            return "ifExistingIsNull"
        return "always" if batch.clears else "ifNewIsNotNull"


def _nth(at: int) -> str:
    return f"-{at}" if at else ""


def _merged(receipts: list[pa.RecordBatch]) -> pa.RecordBatch:
    """One receipt of the same rows: each row's first rejection, if there is one."""
    if len(receipts) == 1:
        return receipts[0]
    rows = [
        next((row for row in same if row["outcome"] == Outcome.REJECTED), same[0])
        for same in zip(*(receipt.to_pylist() for receipt in receipts), strict=True)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=receipts[0].schema)


class EloquaListAction(_EloquaSync):
    """Contacts onto a shared list or off it; `object` is "contactList/ID", `key` the contact's id.

    A contact that was made again is named by its address, `C_EmailAddress` among the new values.
    """

    def write(self, batch: Batch, journal: Path) -> pa.RecordBatch:
        if batch.fields():
            self.identifier = "C_EmailAddress"
        try:
            return super().write(batch, journal)
        except RefusedError:
            if self._is_there(int(batch.object.partition("/")[2])):
                raise
            keys = batch.changes["key"].to_pylist()
            gone = ("", "Eloqua has no such list (any more)")
            return batch.receipt(job="", rejects=dict.fromkeys(keys, gone))

    def _is_there(self, number: int) -> bool:
        try:
            self._client.rest.contact_lists.get(number, depth="minimal")
        except NotFoundError:
            return False
        return True

    def _send(self, batch: Batch, job: EloquaJob) -> Sync:
        from scc.eloqua import SyncAction, contacts

        number = batch.object.partition("/")[2]
        action = "add" if batch.operation is Operation.LIST_ADD else "remove"
        definition = self._bulk.create_sync_actions(
            contacts(),
            {self.identifier: eloqua_fields(self._client, "contact")[self.identifier].statement},
            sync_actions=[SyncAction(f"{{{{ContactList[{number}]}}}}", action)],
            name=f"SCC {batch.operation} {batch.object}",
        )
        rows = pa.table({self.identifier: self._identifiers(batch)}).to_batches()
        return job.start(definition.uri, fill=lambda: self._bulk.upload(definition, rows))
