"""Which writer a batch of changes goes to."""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa

from scc.core.changes import Operation
from scc.core.runs import RunId
from scc.errors import ConfigError
from scc.flow.archive_marks import ArchiveMarks
from scc.flow.batch import Batch, Destination
from scc.flow.eloqua_creates import EloquaAccounts, EloquaCreates, EloquaLinks
from scc.flow.eloqua_deletes import ContactDeletes
from scc.flow.eloqua_destinations import EloquaImport, EloquaListAction
from scc.flow.salesforce_destination import SalesforceUpdate
from scc.flow.systems import Systems
from scc.store.retention import remove
from scc.store.runs import Store

__all__ = ["destination"]

log = logging.getLogger(__name__)


def destination(systems: Systems, store: Store, run: RunId, batch: Batch) -> Destination:
    """The writer for a batch; ConfigError where there is none."""
    match batch.system, batch.operation:
        case "store", Operation.DELETE:
            return StoreDelete(store)
        case "store", Operation.UPDATE if batch.object == "archive":
            return ArchiveMarks(store)
        case "eloqua", Operation.UPDATE | Operation.FILL:
            return EloquaImport(systems)
        case "eloqua", Operation.DELETE if batch.object == "contact":
            return ContactDeletes(systems, store, run)
        case "eloqua", Operation.CREATE if batch.object == "contact":
            return EloquaCreates(systems)
        case "eloqua", Operation.LINK if batch.object == "contact":
            return EloquaAccounts(systems)
        case "eloqua", Operation.CREATE | Operation.LINK:
            return EloquaLinks(systems)
        case "eloqua", Operation.LIST_ADD | Operation.LIST_REMOVE:
            return EloquaListAction(systems)
        case "salesforce", Operation.UPDATE:
            return SalesforceUpdate(systems)
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
