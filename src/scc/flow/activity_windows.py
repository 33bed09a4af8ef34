"""Exports of Eloqua's activities that are whole: what is too much for one is asked for in smaller windows.

Eloqua cuts an export of activities off at its limit, without a word and in no order. This knows nothing of
what the activities are read for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from scc.core.conditions import All, Compare, Condition
from scc.errors import IncompleteError, UnavailableError
from scc.flow.conditions import eloqua_filter
from scc.flow.eloqua_job import EloquaJob
from scc.flow.objects import EloquaFields, eloqua_object
from scc.flow.pipeline import Reading
from scc.store.dataset import Dataset, DatasetWriter

if TYPE_CHECKING:
    from scc.eloqua.models import Sync

__all__ = ["MOST", "PIECES", "Window", "WindowedExport"]

MOST = 5_000_000
"""Activities that Eloqua gives in one export; what is beyond is left out without a word."""
PIECES = "pieces"
"""The folder below a source's own that holds a dataset for each window, until its reader removes it."""
_MOMENT = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, slots=True)
class Window:
    """Activities of one kind from `begin` until before `end`, or until now."""

    kind: str
    begin: datetime
    end: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.begin:{_MOMENT}}-{f'{self.end:{_MOMENT}}' if self.end else 'now'}"

    @property
    def condition(self) -> Condition:
        since = Compare("ActivityDate", ">=", self.begin)
        return since if self.end is None else All((since, Compare("ActivityDate", "<", self.end)))

    def halves(self, now: datetime) -> tuple[Window, Window]:
        middle = self.begin + ((self.end or now) - self.begin) / 2
        middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
        if middle <= self.begin:
            raise IncompleteError(
                f"Eloqua has more {self.kind} activities within a millisecond than one export gives"
            )
        return Window(self.kind, self.begin, middle), Window(self.kind, middle, self.end)


@dataclass(frozen=True, slots=True)
class WindowedExport:
    """`source` is the reading source's name, `columns` what is asked for, `known` their statements, and `most`
    what one export gives."""

    reading: Reading
    source: str
    columns: tuple[str, ...]
    known: EloquaFields
    most: int = MOST

    def pieces(self, window: Window) -> Iterator[Dataset]:
        """The window in pieces that Eloqua gave whole, each a dataset of text that a later try finds.

        Meta `as_of`: Eloqua's own clock when it was asked. IncompleteError where no window is small enough.
        """
        piece = Dataset(self.reading.target / PIECES / window.name)
        if not piece.exists():
            piece.folder.mkdir(parents=True, exist_ok=True)
            self._export(window, piece)
        if piece.manifest.meta["whole"]:
            yield piece
            return
        for half in window.halves(datetime.fromisoformat(str(piece.manifest.meta["as_of"]))):
            yield from self.pieces(half)

    def _export(self, window: Window, piece: Dataset) -> None:
        reading, bulk = self.reading, self.reading.systems.eloqua.bulk
        schema = pa.schema([pa.field(column, pa.string(), nullable=False) for column in self.columns])
        job = EloquaJob(reading.systems, piece.folder / "journal.json")
        sync = self._sync(job, window)
        # A window that reaches the most was cut off somewhere: nobody knows where, since rows are in no order.
        rows = bulk.count(sync.uri)
        whole = rows < self.most
        with DatasetWriter(piece.folder, schema) as writer:
            for batch in bulk.data(sync.uri, list(self.columns), expected=rows) if whole else ():
                writer.write(batch)
                reading.progress.advance(f"export {self.source}", batch.num_rows)
            writer.meta.update(as_of=sync.created_at.isoformat(), whole=whole)
        job.clear()

    def _sync(self, job: EloquaJob, window: Window) -> Sync:
        sync = job.resume()
        if sync is None or sync.status not in {"success", "warning"}:
            job.clear()
            definition = self.reading.systems.eloqua.bulk.create_export(
                eloqua_object(f"activity/{window.kind}"),
                {column: self.known[column].statement for column in self.columns},
                filter=eloqua_filter(window.condition, self.known),
                name=f"SCC {self.source}",
            )
            sync = job.start(definition.uri)
        if sync.status not in {"success", "warning"}:
            job.clear()
            raise UnavailableError(
                f"Eloqua's export of {window.kind} activities ended in {sync.status} ({sync.uri})",
                system="eloqua",
                hint="Start the run of that moment again: it goes on with this export.",
            )
        return sync
