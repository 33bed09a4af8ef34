"""Bulk result pages: CSV into Arrow, every column as text. It knows no job and no HTTP.

Salesforce quotes every cell and writes null as `""`. Nothing of a page that does not add up is
handed out, and no value of it stands in an error.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.csv

from scc.errors import DataError

__all__ = ["header", "read_page"]

# A block becomes a batch, and a record must fit one: 400,000 characters, quotes doubled, in up to 4 bytes each.
_BLOCK = 8 << 20
_COUNTS = re.compile(r"Expected \d+ columns, got \d+")


def read_page(body: bytes, *, what: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Parse a whole page: columns named as in its header, all strings, the empty cell null.

    `columns` leaves out all others, whatever the case they stand there in. `what` names the page in
    errors (DataError).
    """
    names = header(body, what=what)
    chosen = names if columns is None else _choose(names, columns, what)
    if body.count(b'"') % 2:
        raise DataError(f"salesforce: {what} ends within a quoted value")
    if b"\n" not in body:
        return pa.schema([(name, pa.string()) for name in chosen]).empty_table()
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(body),
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(chosen, pa.string()),
                include_columns=chosen,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"salesforce: {what} is no clean CSV: {_reason(error)}") from None
    return table


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
    if "straddling" in words:
        return f"a record longer than {_BLOCK:,} bytes"
    counts = _COUNTS.search(words)
    return counts[0] if counts else "it can't be cut into rows and columns"
