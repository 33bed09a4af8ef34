"""Activities out of Eloqua: all of some days, or the latest of each contact over years.

A run reads what is new since the last good one. It knows no pipeline.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from scc.engines.base import Query, Table, identifier
from scc.flow.activity_windows import MOST, PIECES, Window, WindowedExport
from scc.flow.eloqua_source import require_fields
from scc.flow.objects import eloqua_fields
from scc.flow.pipeline import Reading
from scc.store.dataset import Dataset, DatasetWriter

__all__ = ["Activities", "LatestActivities", "latest"]


@dataclass(frozen=True, slots=True)
class Activities:
    """Every activity of one type: Id and `fields`, as EloquaRecords would give them, however many there are.

    The first run reads the `days` before its moment, each later one what is new since the last good run and,
    since activities arrive in Eloqua late, `look_back` before it.
    """

    name: str
    kind: str
    fields: tuple[str, ...]
    days: int
    look_back: timedelta
    most: int = MOST
    needs: tuple[str, ...] = ()
    system: str = field(default="eloqua", init=False)

    def read(self, reading: Reading) -> None:
        since = reading.since(self.name)
        days = timedelta(days=self.days)
        begin = since - min(self.look_back, days) if since else reading.run.moment - days
        name, columns = f"activity/{self.kind}", ("Id", *self.fields)
        step = f"export {self.name}"
        reading.progress.start(step, None)
        known = eloqua_fields(reading.systems.eloqua, name)
        require_fields(known, columns, name)
        export = WindowedExport(reading, self.name, columns, known, self.most)
        pieces = list(export.pieces(Window(self.kind, begin)))
        schema = pa.schema([pa.field(column, pa.string(), nullable=False) for column in columns])
        with DatasetWriter(reading.target, schema) as writer:
            for piece in pieces:
                writer.write_all(piece.batches())
            types: Mapping[str, str] = {column: known[column].data_type for column in columns}
            writer.meta.update(object=name, types=types, as_of=_as_of(pieces))
        shutil.rmtree(reading.target / PIECES)
        reading.progress.finish(step, f"{writer.rows:,} records")


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
        columns = ("ContactId", *self.columns, "ActivityDate")
        pieces = [
            piece
            for kind in self.kinds
            for piece in WindowedExport(
                reading,
                self.name,
                columns,
                eloqua_fields(reading.systems.eloqua, f"activity/{kind}"),
                self.most,
            ).pieces(Window(kind, begin))
        ]
        earlier = []
        if since is not None and reading.previous is not None:
            earlier = [reading.store.export(reading.previous, self.name)]
        batches = reading.engine.run(latest(pieces, earlier, self.columns, start))
        with DatasetWriter(reading.target, self._schema()) as writer:
            writer.write_all(batches)
            writer.meta.update(as_of=_as_of(pieces), start=start.isoformat())
        new = sum(piece.manifest.rows for piece in pieces)
        shutil.rmtree(reading.target / PIECES)
        reading.progress.finish(step, f"{new:,} new activities, {writer.rows:,} contacts")

    def _schema(self) -> pa.Schema:
        texts = [pa.field(name, pa.string()) for name in self.columns]
        return pa.schema([("contact_id", pa.int64()), *texts, ("happened_at", pa.timestamp("us"))])


def _as_of(pieces: list[Dataset]) -> str:
    """The moment up to which all pieces are known."""
    return min(datetime.fromisoformat(str(piece.manifest.meta["as_of"])) for piece in pieces).isoformat()


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
