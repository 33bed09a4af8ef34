"""A bulk definition and its sync in Eloqua, on record before each next step, so that a later try finds them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scc.errors import NotFoundError
from scc.flow.systems import Systems
from scc.store.files import read_json, write_json

if TYPE_CHECKING:
    from scc.eloqua.models import Sync

__all__ = ["EloquaJob"]

log = logging.getLogger(__name__)


class EloquaJob:
    """One definition and one sync of it; `journal` is the file that remembers their addresses."""

    def __init__(self, systems: Systems, journal: Path) -> None:
        self._bulk = systems.eloqua.bulk
        self._journal = journal

    def resume(self) -> Sync | None:
        """The end of the sync that an earlier try started; None where there is none to go on with.

        What that try left behind without a sync is cleared away: how much of it reached Eloqua is
        unknown, so the work starts again.
        """
        notes = read_json(self._journal) or {}
        if "sync" in notes:
            try:
                return self._bulk.wait(str(notes["sync"]))
            except NotFoundError:
                log.info("eloqua no longer knows %s; the work is done again", notes["sync"])
        self.clear()
        return None

    def start(self, definition: str, *, fill: Callable[[], object] = lambda: None) -> Sync:
        """Start a sync of the definition and wait for its end; `fill` stages an import's data before."""
        write_json(self._journal, {"definition": definition})
        fill()
        sync = self._bulk.start_sync(definition)
        write_json(self._journal, {"definition": definition, "sync": sync.uri})
        return self._bulk.wait(sync.uri)

    def clear(self) -> None:
        """Delete the definition with all that hangs on it, then forget it."""
        notes = read_json(self._journal)
        if notes:
            self._bulk.delete(str(notes["definition"]))
            self._journal.unlink()
