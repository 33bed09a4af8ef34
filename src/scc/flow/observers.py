"""Who is told when a run begins and ends: the ledger, metrics, messages. It must not know any of them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from scc.store.runs import RunRecord

__all__ = ["Observers", "RunObserver"]

_log = logging.getLogger(__name__)


class RunObserver(Protocol):
    """Told of each try of a run, after the store has its record.

    A try that a signal interrupts ends as such. One that is killed is started and never ended: it is told
    as lost when the next run of its pipeline begins. All calls delay the run: an observer bounds what it
    waits for, and waits for nothing where a try was lost or begins.
    """

    def lost(self, record: RunRecord) -> None: ...
    def started(self, record: RunRecord) -> None: ...
    def ended(self, record: RunRecord) -> None: ...


class Observers:
    """Tells each observer in turn. What goes wrong in one is logged and stops neither the others nor the run."""

    def __init__(self, observers: Sequence[RunObserver] = ()) -> None:
        self._observers = tuple(observers)

    def lost(self, record: RunRecord) -> None:
        for observer in self._observers:
            self._tell(observer, observer.lost, record)

    def started(self, record: RunRecord) -> None:
        for observer in self._observers:
            self._tell(observer, observer.started, record)

    def ended(self, record: RunRecord) -> None:
        for observer in self._observers:
            self._tell(observer, observer.ended, record)

    def _tell(self, observer: RunObserver, call: Callable[[RunRecord], None], record: RunRecord) -> None:
        try:
            call(record)
        except Exception as error:  # noqa: BLE001 - whoever watches a run must not stop it
            # Neither its words nor its traceback: they may quote an address with a password in it.
            place = traceback.extract_tb(error.__traceback__)[-1]
            _log.warning(
                "%s could not be told of %s: %s at %s:%d",
                type(observer).__name__,
                record.run,
                type(error).__name__,
                Path(place.filename).name,
                place.lineno or 0,
            )
