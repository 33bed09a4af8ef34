"""Arrow records as an upload body: every value as text, null as "", cut into bodies of bounded size.

It knows what Eloqua takes; it sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from scc.errors import ConfigError, DataError

__all__ = ["MAX_BODY", "UploadFormat", "bodies", "texts"]

UploadFormat = Literal["csv", "json"]

MAX_BODY = 32_000_000
"""Eloqua answers 404 to more than 32 MB."""
AIM = 12_000_000
_JSON_ROWS = 5_000


def bodies(
    batches: Iterable[pa.RecordBatch],
    columns: Sequence[str],
    format: UploadFormat,  # noqa: A002  # as at the door
) -> Iterator[tuple[bytes, int]]:
    """Give each body with its number of records; small batches share one, large ones are cut."""
    encode = _as_csv if format == "csv" else _as_json
    overhead = len(columns) * 3 if format == "csv" else sum(len(name) + 6 for name in columns)
    waiting: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        for piece in _cut(texts(batch, columns), overhead):
            if waiting and size + _size(piece, overhead) > AIM:
                yield from _encoded(pa.Table.from_batches(waiting), encode)
                waiting, size = [], 0
            waiting.append(piece)
            size += _size(piece, overhead)
    if waiting:
        yield from _encoded(pa.Table.from_batches(waiting), encode)


def texts(batch: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    """Turn a batch into the text that Eloqua reads; ConfigError where its columns are others."""
    lacking = [name for name in columns if name not in batch.schema.names]
    extra = [name for name in batch.schema.names if name not in columns]
    if lacking or extra or len(batch.schema.names) != len(columns):
        said = ([f"lack {', '.join(lacking)}"] if lacking else []) + (
            [f"have {', '.join(extra)} besides"] if extra else []
        )
        raise ConfigError(
            f"the records of an import {' and '.join(said) or 'name a column twice'}",
            # with a column too many or too few Eloqua ends the sync as a warning, good rows or not
            hint="Their columns must be the definition's fields, no more and no fewer.",
        )
    arrays = [_text(batch.column(name), name) for name in columns]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _text(column: pa.Array, name: str) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_floating(kind) and not pc.all(pc.is_finite(column), min_count=0).as_py():
        raise DataError(f"column {name!r} of an import has a number that is none (nan or infinite)")
    if pa.types.is_timestamp(kind):
        # an aware time becomes UTC; Eloqua reads at most three digits of a second, and a cast would
        # round times before 1970 up
        column = pc.floor_temporal(
            column.cast(pa.timestamp(kind.unit, tz=kind.tz and "UTC")), unit="millisecond"
        )
        column = column.cast(pa.timestamp("ms", tz=kind.tz and "UTC")).cast(pa.timestamp("ms"))
    elif pa.types.is_date64(kind):
        column = column.cast(pa.date32())
    elif not (_is_text(kind) or _is_plain(kind)):
        raise ConfigError(f"column {name!r} of an import is of type {kind}, which Eloqua has no text for")
    return pc.fill_null(column.cast(pa.string()), "")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_plain(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_boolean,
        pa.types.is_date32,
        pa.types.is_null,
    )
    return any(test(kind) for test in tests)


def _cut(batch: pa.RecordBatch, overhead: int) -> Iterator[pa.RecordBatch]:
    size = _size(batch, overhead)
    rows = batch.num_rows if size <= AIM else max(1, batch.num_rows * AIM // size)
    for start in range(0, batch.num_rows, max(rows, 1)):
        yield batch.slice(start, rows)


def _size(batch: pa.RecordBatch, overhead: int) -> int:
    size: int = batch.nbytes + batch.num_rows * overhead
    return size


def _encoded(table: pa.Table, encode: Callable[[pa.Table], bytes]) -> Iterator[tuple[bytes, int]]:
    body = encode(table)
    if len(body) <= MAX_BODY:
        yield body, table.num_rows
        return
    if table.num_rows == 1:
        raise DataError(
            f"one record of an import takes {len(body):,} bytes, Eloqua takes {MAX_BODY:,} at once"
        )
    half = table.num_rows // 2
    del body
    yield from _encoded(table.slice(0, half), encode)
    yield from _encoded(table.slice(half), encode)


def _as_csv(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    # all quoted: a blank at either end of a value, and a blank record, then stay what they are
    pa.csv.write_csv(table, sink, pa.csv.WriteOptions(quoting_style="all_valid"))
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _as_json(table: pa.Table) -> bytes:
    written = (
        json.dumps(batch.to_pylist(), ensure_ascii=False, separators=(",", ":"))[1:-1].encode()
        for batch in table.to_batches(max_chunksize=_JSON_ROWS)
    )
    return b"[" + b",".join(written) + b"]"
