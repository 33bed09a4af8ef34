"""Results as text: one table a job, one column `line`, handed out in ranges without Python touching a value."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from scc.sandbox.salesforce.store import SalesforceStore
from scc.sandbox.state import State

CHUNK_ROWS = 20_000


def keep(store: SalesforceStore, name: str, sql: str, params: list[object] | None = None) -> int:
    """Keep the lines that `sql` yields under `name`; returns how many."""
    with store.writing() as cursor:
        cursor.run(f'CREATE OR REPLACE TABLE sf_work."{name}" AS {sql}', params)
        count: int = cursor.value(f'SELECT count(*) FROM sf_work."{name}"')
        return count


def drop(store: SalesforceStore, *names: str) -> None:
    with store.writing() as cursor:
        for name in names:
            cursor.run(f'DROP TABLE IF EXISTS sf_work."{name}"')


def stream(state: State, name: str, header: bytes, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield the header and the lines from number `start` to before `end`, in pieces."""
    limit = "" if end is None else f" AND rowid < {end}"
    return lines(state, header, f'SELECT line FROM sf_work."{name}" WHERE rowid >= {start}{limit}')


def lines(state: State, header: bytes, sql: str) -> Iterator[bytes]:
    """Yield the header and the lines that `sql` yields in its only column."""
    yield header
    with state.cursor() as cursor:
        for batch in cursor.batches(sql, rows=CHUNK_ROWS):
            yield joined(batch.column(0))


def joined(lines: pa.Array) -> bytes:
    """Return an array of texts as the bytes of one; they lie end to end in memory already."""
    wide = pc.cast(lines, pa.large_binary())
    _, ends, data = wide.buffers()
    places = memoryview(ends).cast("q")
    if data is None:
        return b""
    return memoryview(data)[places[wide.offset] : places[wide.offset + len(wide)]].tobytes()
