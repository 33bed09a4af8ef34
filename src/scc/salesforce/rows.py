"""Rows to send: Arrow columns of any type as the text that Salesforce takes, cut into uploads.

It knows no job and no HTTP. Salesforce's own rules: an empty cell leaves a field as it is, `#N/A`
clears it, an instant is written in UTC with milliseconds.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from scc.errors import ConfigError, DataError

__all__ = [
    "CLEAR",
    "UPLOAD_BYTES",
    "Load",
    "Nulls",
    "Rows",
    "as_text",
    "batches_of",
    "check_names",
    "loads",
    "mark",
]

CLEAR = "#N/A"
UPLOAD_BYTES = 100_000_000
"""The most that one job takes: 150 MB in base 64."""
JOB_BYTES = 10_000_000
"""What one job gets unless told otherwise: rows are held until their results are matched."""
_SLICE = 10_000

Rows: TypeAlias = pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch]
Nulls: TypeAlias = Literal["clear", "unchanged"]


@dataclass
class Load:
    """What one job gets: the rows as text, and the CSV of them. `first_row` counts over all loads."""

    first_row: int
    sent: pa.Table
    body: list[bytes]

    @property
    def rows(self) -> range:
        return range(self.first_row, self.first_row + self.sent.num_rows)

    @property
    def size(self) -> int:
        return sum(len(piece) for piece in self.body)


def batches_of(rows: Rows) -> Iterable[pa.RecordBatch]:
    if isinstance(rows, pa.RecordBatch):
        return [rows]
    batches: Iterable[pa.RecordBatch] = rows.to_batches() if isinstance(rows, pa.Table) else rows
    return batches


def as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Write every column as text, null for null; DataError names the column that has no text."""
    names = batch.schema.names
    arrays = [_text(name, column) for name, column in zip(names, batch.columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=names)


def mark(batch: pa.RecordBatch, nulls: Nulls, *, plain: Iterable[str]) -> pa.RecordBatch:
    """Write `#N/A` for "" (Salesforce keeps no empty text) and, with `clear`, for null.

    The columns `plain` are left empty instead: they say which record is meant, or what a new one has.
    """
    untouched = {name.lower() for name in plain}
    names = batch.schema.names
    arrays = [
        _marked(column, None if name.lower() in untouched else nulls)
        for name, column in zip(names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _marked(column: pa.Array, nulls: Nulls | None) -> pa.Array:
    marked = pc.if_else(pc.equal(column, ""), CLEAR if nulls else None, column)
    return pc.fill_null(marked, CLEAR) if nulls == "clear" else marked


def loads(
    batches: Iterable[pa.RecordBatch],
    prepare: Callable[[pa.RecordBatch], pa.RecordBatch],
    *,
    max_bytes: int = JOB_BYTES,
) -> Iterator[Load]:
    """Cut rows into uploads of at most `max_bytes`; `prepare` turns them into text first.

    DataError where batches differ in their columns, or one row alone is too long.
    """
    if not 0 < max_bytes <= UPLOAD_BYTES:
        raise ConfigError(f"a job takes up to {UPLOAD_BYTES:,} bytes, not {max_bytes:,}")
    first_row = 0
    open_load: _Open | None = None
    names: list[str] | None = None
    for batch in batches:
        names = names or batch.schema.names
        if batch.schema.names != names:
            raise DataError("salesforce: batches to send differ in their columns")
        for at in range(0, batch.num_rows, _SLICE):
            for piece, csv in _pieces(prepare(batch.slice(at, _SLICE)), max_bytes):
                if open_load is None or open_load.size + len(csv) > max_bytes:
                    if open_load is not None:
                        yield open_load.close()
                        first_row += open_load.rows
                    open_load = _Open(first_row, piece)
                open_load.add(piece, csv)
    if open_load is not None:
        yield open_load.close()


class _Open:
    """A load that still takes rows."""

    def __init__(self, first_row: int, like: pa.RecordBatch) -> None:
        header = _csv(like.slice(0, 0), header=True)
        self._first_row = first_row
        self._sent: list[pa.RecordBatch] = []
        self._body = [header]
        self.size = len(header)
        self.rows = 0

    def add(self, piece: pa.RecordBatch, csv: bytes) -> None:
        self._sent.append(piece)
        self._body.append(csv)
        self.size += len(csv)
        self.rows += piece.num_rows

    def close(self) -> Load:
        return Load(self._first_row, pa.Table.from_batches(self._sent), self._body)


def _pieces(batch: pa.RecordBatch, max_bytes: int) -> Iterator[tuple[pa.RecordBatch, bytes]]:
    csv = _csv(batch, header=False)
    if len(csv) + len(_csv(batch.slice(0, 0), header=True)) <= max_bytes:
        yield batch, csv
    elif batch.num_rows == 1:
        raise DataError(f"salesforce: a row of {len(csv):,} bytes is more than a job takes ({max_bytes:,})")
    else:
        half = batch.num_rows // 2
        yield from _pieces(batch.slice(0, half), max_bytes)
        yield from _pieces(batch.slice(half), max_bytes)


def _csv(batch: pa.RecordBatch, *, header: bool) -> bytes:
    sink = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=header, quoting_style="all_valid", batch_size=_SLICE)
    pyarrow.csv.write_csv(batch, sink, options)
    return sink.getvalue()


def _text(name: str, column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(name, column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _instants(name, column)
    if pa.types.is_time(kind):
        times = column.cast(pa.time32("ms"), safe=False).cast(pa.string())
        return pc.binary_join_element_wise(times, "Z", "")
    if pa.types.is_floating(kind):
        return _numbers(name, column)
    if pa.types.is_decimal(kind):
        return pa.array([None if one is None else f"{one:f}" for one in column.to_pylist()], pa.string())
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise DataError(f"salesforce: the column {name!r} of type {kind} can't be sent")
    return column.cast(pa.string())


def _instants(name: str, column: pa.Array) -> pa.Array:
    if column.type.tz is None:
        raise DataError(
            f"salesforce: the column {name!r} holds timestamps without a time zone",
            hint="Give it one, such as pa.timestamp('ms', 'UTC').",
        )
    text = column.cast(pa.timestamp("ms", "UTC"), safe=False).cast(pa.string())
    return pc.utf8_replace_slice(text, 10, 11, "T")


def _numbers(name: str, column: pa.Array) -> pa.Array:
    if pc.any(pc.invert(pc.is_finite(column))).as_py():
        raise DataError(
            f"salesforce: the column {name!r} holds NaN or an infinity", hint="Write null for no value."
        )
    text = column.cast(pa.string())
    if not pc.any(pc.match_substring(text, "e")).as_py():
        return text
    return pa.array(
        [f"{Decimal(one):f}" if one and "e" in one else one for one in text.to_pylist()], pa.string()
    )


def check_names(names: Sequence[str], needed: str | None) -> None:
    """Raise ConfigError where a column stands twice or the one that names the records is missing."""
    lowered = [name.lower() for name in names]
    twice = {name for name in lowered if lowered.count(name) > 1}
    if twice:
        raise ConfigError(f"columns to send stand there twice: {', '.join(sorted(twice))}")
    if needed is not None and needed.lower() not in lowered:
        raise ConfigError(f"the rows to send have no column {needed!r}, which names the records")
