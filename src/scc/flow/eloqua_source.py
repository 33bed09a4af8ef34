"""Records out of Eloqua by bulk export, from the moment at which the last good run left off."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from scc.core.conditions import Condition
from scc.errors import ConfigError, UnavailableError
from scc.flow.conditions import eloqua_filter
from scc.flow.eloqua_job import EloquaJob
from scc.flow.objects import EloquaFields, address_states, eloqua_fields, eloqua_object, resolve_object
from scc.flow.pipeline import Reading
from scc.store.dataset import DatasetWriter

__all__ = ["EloquaRecords", "require_fields"]

OVERLAP = timedelta(minutes=5)
"""How far a read reaches back before the one before it: for records that were being written then."""


@dataclass(frozen=True, slots=True)
class EloquaRecords:
    """`object` is "contact", or "customObject/NAME OR ID"; `fields` are internal names (a contact's also
    Email.IsBounced and Email.IsSubscribed), and Id comes always.

    `where` is given the moment to continue from (None: read all) and returns the condition.
    The dataset holds text only, "" for blank. Its meta has the `object` by id, each field's data
    type in `types`, and `as_of`: Eloqua's own clock when it was read.
    """

    name: str
    object: str
    fields: tuple[str, ...]
    where: Callable[[datetime | None], Condition | None] = lambda _: None
    needs: tuple[str, ...] = ()
    system: str = field(default="eloqua", init=False)

    def read(self, reading: Reading) -> None:
        bulk = reading.systems.eloqua.bulk
        name = resolve_object(reading.systems.eloqua, self.object)
        known = {**eloqua_fields(reading.systems.eloqua, name), **address_states(name)}
        columns = ["Id", *self.fields]
        require_fields(known, columns, name)
        statements = {column: known[column].statement for column in columns}
        since = reading.since(self.name)
        condition = self.where(since - OVERLAP if since else None)

        step = f"export {self.name}"
        reading.progress.start(step, None)
        job = EloquaJob(reading.systems, reading.target / "journal.json")
        sync = job.resume()
        if sync is None or sync.status not in {"success", "warning"}:
            job.clear()
            chosen = eloqua_filter(condition, known) if condition is not None else None
            definition = bulk.create_export(
                eloqua_object(name), statements, filter=chosen, name=f"SCC {self.name}"
            )
            sync = job.start(definition.uri)
        if sync.status not in {"success", "warning"}:
            job.clear()
            raise UnavailableError(
                f"Eloqua's export of {name} ended in {sync.status} ({sync.uri})",
                system="eloqua",
                hint="Start the run of that moment again.",
            )
        schema = pa.schema([pa.field(column, pa.string(), nullable=False) for column in columns])
        with DatasetWriter(reading.target, schema) as writer:
            for batch in bulk.data(sync.uri, columns):
                writer.write(batch)
                reading.progress.advance(step, batch.num_rows)
            types: Mapping[str, str] = {column: known[column].data_type for column in columns}
            writer.meta.update(object=name, types=types, as_of=sync.created_at.isoformat())
        reading.progress.finish(step, f"{writer.rows:,} records")
        job.clear()


def require_fields(known: EloquaFields, columns: Sequence[str], name: str) -> None:
    """ConfigError, with the nearest name, for the first column that the object does not have."""
    for column in columns:
        if column not in known:
            near = difflib.get_close_matches(column, known, n=1, cutoff=0.6)
            raise ConfigError(
                f"Eloqua's {name} has no field {column!r}",
                hint=f"Did you mean {near[0]!r}?" if near else f"It has: {', '.join(sorted(known)[:15])}.",
            )
