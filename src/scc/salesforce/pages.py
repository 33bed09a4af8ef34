"""Bulk result pages: CSV into Arrow, every column as text. It knows no job and no HTTP.

Salesforce quotes every cell and writes null as `""`. No value of a page stands in an error.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.csv

from scc.errors import DataError

__all__ = ["header", "read_batches", "read_page"]

# A block becomes a batch, and a record must fit one. Small blocks take the same memory again and again;
# the second is for the longest record there is: 400,000 characters, quotes doubled, in up to 4 bytes each.
_BLOCK, _LONG_BLOCK = 2 << 20, 8 << 20
_TOO_LONG = "straddling"  # what Arrow says of a record longer than a block
_COUNTS = re.compile(r"Expected \d+ columns, got \d+")


def read_page(body: bytes, *, what: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Parse a whole page, as `read_batches` does; nothing of a page with a fault is handed out."""
    return pa.Table.from_batches(read_batches(body, what=what, columns=columns))


def read_batches(body: bytes, *, what: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Parse a page bit by bit: columns named as in its header, all strings, the empty cell null.

    `columns` leaves out all others, whatever the case they stand there in. `what` names the page in
    errors (DataError). At least one batch comes.
    """
    names = header(body, what=what)
    chosen = names if columns is None else _choose(names, columns, what)
    if body.count(b'"') % 2:
        raise DataError(f"salesforce: {what} ends within a quoted value")
    rows = 0
    for block in (_BLOCK, _LONG_BLOCK):
        try:
            for batch in _open(body, chosen, block, rows) if b"\n" in body else ():
                rows += batch.num_rows
                yield batch
            break
        except pa.ArrowInvalid as error:
            if _TOO_LONG not in str(error) or block == _LONG_BLOCK:
                raise DataError(f"salesforce: {what} is no clean CSV: {_reason(error)}") from None
    if not rows:
        yield pa.RecordBatch.from_arrays([pa.nulls(0, pa.string()) for _ in chosen], names=chosen)


def _open(body: bytes, columns: Sequence[str], block: int, skip: int) -> pyarrow.csv.CSVStreamingReader:
    return pyarrow.csv.open_csv(
        pa.BufferReader(body),
        # one thread: pages are read beside whoever works on what was read
        read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=block, skip_rows_after_names=skip),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            include_columns=columns,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def header(body: bytes, *, what: str) -> list[str]:
    """Read the column names; DataError where there are none, or one stands there twice."""
    end = body.find(b"\n")
    line = body[:end] if end >= 0 else body
    try:
        names = next(csv.reader([line.decode("utf-8-sig").rstrip("\r")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        names = []
    if not names or "" in names or len(set(names)) < len(names):
        raise DataError(f"salesforce: {what} does not begin with a line of column names")
    return names


def _choose(names: Sequence[str], columns: Sequence[str], what: str) -> list[str]:
    by_lower = {name.lower(): name for name in names}
    for column in columns:
        if column.lower() not in by_lower:
            raise DataError(f"salesforce: {what} has no column {column!r}")
    return [by_lower[column.lower()] for column in columns]


def _reason(error: pa.ArrowInvalid) -> str:
    """Say what is wrong without Arrow's own words, which quote the row."""
    words = str(error)
    if "UTF8" in words:
        return "text that is not UTF-8"
    if _TOO_LONG in words:
        return f"a record longer than {_LONG_BLOCK:,} bytes"
    counts = _COUNTS.search(words)
    return counts[0] if counts else "it can't be cut into rows and columns"
