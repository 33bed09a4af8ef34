"""Puts each try of a run on its way to the ledger, without the run ever waiting for a database.

An entry is a small file first. Where the ledger is PostgreSQL, a thread of its own sends it while the
run works; at its end the run waits a few seconds for that, no longer. Without PostgreSQL nothing is
sent: SQLAlchemy alone would cost a run on a laptop more than all of its bookkeeping, and whoever
reads the ledger sends what waits.
"""

from __future__ import annotations

import logging
import threading
from time import monotonic

from scc.errors import SccError
from scc.monitoring.ledger.spool import Spool
from scc.settings import Ledger as LedgerSettings
from scc.store.runs import RunRecord, Store

__all__ = ["PATIENCE_S", "Recorder"]

_log = logging.getLogger(__name__)

PATIENCE_S = 3.0
"""What a run waits at its end for a ledger that does not answer."""
ENOUGH = 500
"""So many entries are sent by a run even without PostgreSQL: a folder of files shall not grow for ever."""


class Recorder:
    """An observer of runs (`flow.observers.RunObserver`)."""

    def __init__(self, settings: LedgerSettings, store: Store, *, patience_s: float = PATIENCE_S) -> None:
        self._settings = settings
        self._store = store
        self._spool = Spool(store.root)
        self._patience_s = patience_s
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None

    def lost(self, record: RunRecord) -> None:
        self._spool.put(record)  # what is started next sends it along

    def started(self, record: RunRecord) -> None:
        self._spool.put(record)
        if self._settings.url is not None:
            self._send()

    def ended(self, record: RunRecord) -> None:
        path = self._spool.put(record)
        if self._settings.url is None and len(self._spool.entries()) < ENOUGH:
            return
        until = monotonic() + self._patience_s
        self._wait(until)  # for what was begun at the start of the run
        if path.exists():
            self._send()
            self._wait(until)
        self._tell()

    def _send(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            # A daemon: a database that hangs must not hold the process at its end.
            self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
            self._thread.start()

    def _wait(self, until: float) -> None:
        if self._thread is not None:
            self._thread.join(max(0.0, until - monotonic()))

    def _work(self) -> None:
        try:
            from scc.monitoring.ledger.catch_up import catch_up
            from scc.monitoring.ledger.ledger import Ledger

            self._failure = None
            catch_up(self._store, Ledger.of(self._settings, self._store.root))
        except Exception as error:  # noqa: BLE001 - told at the end; a thread's own end would print it
            self._failure = error

    def _tell(self) -> None:
        late = self._thread is not None and self._thread.is_alive()
        if not (late or self._failure):
            return
        why, hint = "it does not answer", None
        if isinstance(self._failure, SccError):
            why, hint = self._failure.message, self._failure.hint
        elif self._failure:
            why = f"a defect in SCC ({type(self._failure).__name__})"  # its own words may hold anything
        waiting = len(self._spool.entries())
        _log.warning("Entries for the run ledger wait, %d by now: %s", waiting, why, extra={"hint": hint})
