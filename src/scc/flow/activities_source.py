"""The latest activity of each contact in Eloqua, over years, without keeping every activity.

A run reads what is new since the last good one and adds it to what that one knew. It knows no pipeline.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from scc.core.conditions import All, Compare, Condition
from scc.engines.base import Query, Table, identifier
from scc.errors import IncompleteError, UnavailableError
from scc.flow.conditions import eloqua_filter
from scc.flow.eloqua_job import EloquaJob
from scc.flow.objects import EloquaFields, eloqua_fields, eloqua_object
from scc.flow.pipeline import Reading
from scc.store.dataset import Dataset, DatasetWriter

if TYPE_CHECKING:
    from scc.eloqua.models import Sync

__all__ = ["LatestActivities", "latest"]

MOST = 5_000_000
"""Activities that Eloqua gives in one export; what is beyond is left out without a word."""
_MOMENT = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, slots=True)
class LatestActivities:
    """A row for each contact and combination of `columns`, with the moment of the latest such activity.

    `kinds` are Eloqua's activity types, `days` how far back from the run's moment they count,
    `look_back` how late they may arrive in Eloqua. The dataset has `contact_id` (int64), the columns
    (text) and `happened_at` (UTC without a zone); its meta `as_of`, Eloqua's own clock, and `start`, the moment
    from which on everything is known.
    """

    name: str
    kinds: tuple[str, ...]
    days: int
    look_back: timedelta
    columns: tuple[str, ...] = ()
    most: int = MOST
    needs: tuple[str, ...] = ()
    system: str = field(default="eloqua", init=False)

    def read(self, reading: Reading) -> None:
        start = reading.run.moment - timedelta(days=self.days)
        since = reading.since(self.name)
        begin = start if since is None else max(start, since - self.look_back)
        step = f"export {self.name}"
        reading.progress.start(step, None)
        pieces = [
            piece
            for kind in self.kinds
            for piece in self._pieces(
                reading, eloqua_fields(reading.systems.eloqua, f"activity/{kind}"), _Window(kind, begin)
            )
        ]
        earlier = []
        if since is not None and reading.previous is not None:
            earlier = [reading.store.export(reading.previous, self.name)]
        batches = reading.engine.run(latest(pieces, earlier, self.columns, start))
        with DatasetWriter(reading.target, self._schema()) as writer:
            writer.write_all(batches)
            moments = [datetime.fromisoformat(str(piece.manifest.meta["as_of"])) for piece in pieces]
            writer.meta.update(as_of=min(moments).isoformat(), start=start.isoformat())
        new = sum(piece.manifest.rows for piece in pieces)
        shutil.rmtree(reading.target / "pieces")
        reading.progress.finish(step, f"{new:,} new activities, {writer.rows:,} contacts")

    def _schema(self) -> pa.Schema:
        texts = [pa.field(name, pa.string()) for name in self.columns]
        return pa.schema([("contact_id", pa.int64()), *texts, ("happened_at", pa.timestamp("us"))])

    def _pieces(self, reading: Reading, known: EloquaFields, window: _Window) -> Iterator[Dataset]:
        """Windows that Eloqua gives whole, each a dataset that a later try finds."""
        piece = Dataset(reading.target / "pieces" / window.name)
        if not piece.exists():
            piece.folder.mkdir(parents=True, exist_ok=True)
            self._export(reading, known, window, piece)
        if piece.manifest.meta["whole"]:
            yield piece
            return
        for half in window.halves(datetime.fromisoformat(str(piece.manifest.meta["as_of"]))):
            yield from self._pieces(reading, known, half)

    def _export(self, reading: Reading, known: EloquaFields, window: _Window, piece: Dataset) -> None:
        bulk = reading.systems.eloqua.bulk
        columns = ["ContactId", *self.columns, "ActivityDate"]
        schema = pa.schema([pa.field(column, pa.string(), nullable=False) for column in columns])
        job = EloquaJob(reading.systems, piece.folder / "journal.json")
        sync = self._sync(reading, job, known, window)
        # A window that reaches the most was cut off somewhere: nobody knows where, since rows are in no order.
        rows = bulk.count(sync.uri)
        whole = rows < self.most
        with DatasetWriter(piece.folder, schema) as writer:
            for batch in bulk.data(sync.uri, columns, expected=rows) if whole else ():
                writer.write(batch)
                reading.progress.advance(f"export {self.name}", batch.num_rows)
            writer.meta.update(as_of=sync.created_at.isoformat(), whole=whole)
        job.clear()

    def _sync(self, reading: Reading, job: EloquaJob, known: EloquaFields, window: _Window) -> Sync:
        sync = job.resume()
        if sync is None or sync.status not in {"success", "warning"}:
            job.clear()
            columns = ("ContactId", *self.columns, "ActivityDate")
            definition = reading.systems.eloqua.bulk.create_export(
                eloqua_object(f"activity/{window.kind}"),
                {column: known[column].statement for column in columns},
                filter=eloqua_filter(window.condition, known),
                name=f"SCC {self.name}",
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


@dataclass(frozen=True, slots=True)
class _Window:
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

    def halves(self, now: datetime) -> tuple[_Window, _Window]:
        middle = self.begin + ((self.end or now) - self.begin) / 2
        middle = middle.replace(microsecond=middle.microsecond // 1000 * 1000)
        if middle <= self.begin:
            raise IncompleteError(
                f"Eloqua has more {self.kind} activities within a millisecond than one export gives"
            )
        return _Window(self.kind, self.begin, middle), _Window(self.kind, middle, self.end)


def latest(fresh: list[Dataset], earlier: list[Dataset], columns: tuple[str, ...], start: datetime) -> Query:
    """The latest activity by contact and columns, of those as they were exported and of what was known."""
    texts = "".join(f", {identifier(name)}" for name in columns)
    own = f'TRY_CAST("ContactId" AS BIGINT) AS contact_id{texts}, CAST("ActivityDate" AS TIMESTAMP) AS happened_at'
    known = " UNION ALL SELECT * FROM earlier" if earlier else ""
    sql = (
        f"SELECT contact_id{texts}, max(happened_at) AS happened_at FROM (SELECT * FROM fresh{known}) "  # noqa: S608  # quoted above
        f"WHERE contact_id IS NOT NULL AND happened_at >= CAST($start AS TIMESTAMP) GROUP BY ALL ORDER BY contact_id{texts}"
    )
    tables = {"fresh": Table(fresh, own)}
    if earlier:
        tables["earlier"] = Table(earlier, f"contact_id{texts}, happened_at")
    return Query(sql, tables, {"start": start.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")})
