"""Where commands read what is on record: the ledger where it is a database that answers, else the store."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Literal, TypeVar

from scc.cli.app import App
from scc.core.runs import RunId, parse_moment
from scc.errors import SccError, UnavailableError
from scc.store.runs import RunRecord, Store

if TYPE_CHECKING:  # SQLAlchemy is imported only where there is a ledger to read
    from scc.monitoring.ledger.ledger import Ledger

__all__ = ["Records"]

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class Records:
    """Reads from one place, `source`; turns to the store, and says so, when the ledger fails.

    Without a database configured the store is as good and at hand. `file` asks for the ledger's file
    nevertheless, which is made where it is missing.
    """

    def __init__(self, app: App, *, file: bool = False) -> None:
        self._store = app.store
        self._settings = app.settings.ledger
        self._ledger: Ledger | None = None
        if file or self._settings.url is not None:
            self._ledger = self._open()
        else:
            _log.debug("Read from the store: no ledger.url is set")

    @property
    def source(self) -> Literal["ledger", "store"]:
        return "ledger" if self._ledger else "store"

    def runs(
        self, pipeline: str | None = None, *, since: datetime | None = None, limit: int | None = None
    ) -> list[RunRecord]:
        """The last try of each run, the newest moment first; `since` is when that try started."""
        found = self._ask(
            lambda ledger: ledger.runs(pipeline, since=since, limit=limit),
            lambda store: list(islice(_since(_newest(store, pipeline), since), limit)),
        )
        return [self._store.judged(record) for record in found]

    def find(self, run: RunId) -> RunRecord | None:
        found = self._ask(lambda ledger: ledger.find(run), lambda store: store.read(run))
        return self._store.judged(found) if found else None

    def tries(self, run: RunId) -> list[RunRecord]:
        """All tries of a run, the first one first; the store knows the last one only."""
        return self._ask(lambda ledger: ledger.tries(run), lambda store: _alone(store.read(run)))

    def _open(self) -> Ledger | None:
        """The ledger, with all that waited for it; None, and why, where it can't be read."""
        from scc.monitoring.ledger.catch_up import catch_up
        from scc.monitoring.ledger.ledger import Ledger

        try:
            if self._settings.url is None and not self._store.root.is_dir():
                return None  # nothing has been run: no folder is made by looking
            ledger = Ledger.of(self._settings, self._store.root)
            catch_up(self._store, ledger)
        except UnavailableError as error:
            return self._turn_away(error)
        except SccError as error:
            # Who may not write may still read.
            _log.warning("Not all that waits could be sent: %s", error.message, extra={"hint": error.hint})
            return (
                self._turn_away(error)
                if self._settings.url is None
                else Ledger.of(self._settings, self._store.root)
            )
        return ledger

    def _ask(self, ledger: Callable[[Ledger], _Answer], store: Callable[[Store], _Answer]) -> _Answer:
        if self._ledger is not None:
            try:
                return ledger(self._ledger)
            except SccError as error:
                self._ledger = self._turn_away(error)
        return store(self._store)

    @staticmethod
    def _turn_away(error: SccError) -> None:
        _log.warning("Read from the store: %s", error.message, extra={"hint": error.hint})


def _alone(record: RunRecord | None) -> list[RunRecord]:
    return [record] if record else []


def _newest(store: Store, pipeline: str | None) -> Iterator[RunRecord]:
    """Records by moment, the newest first; no more of them are read than are taken."""
    names = [pipeline] if pipeline else sorted(path.name for path in store.root.glob("[!.]*/"))
    return heapq.merge(*map(store.runs, names), key=lambda record: record.run.moment, reverse=True)


def _since(records: Iterator[RunRecord], since: datetime | None) -> Iterator[RunRecord]:
    """A run may start long after its moment, so that all records must be looked at."""
    return (one for one in records if since is None or parse_moment(one.started_at) >= since)
