"""Bring rows in: JSON records or an uploaded CSV file become a temporary table of text.

The table `staged` has a number per row, `n` from 0, and columns v0, v1 ... in the order of the returned names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from scc.sandbox.database import Cursor, literal
from scc.sandbox.salesforce.errors import JobFailedError, malformed_json, refused
from scc.sandbox.salesforce.writes.cells import NOTHING, NOTHING_SQL

_LINE_ENDINGS = {"LF": b"\n", "CRLF": b"\r\n"}
_LIMIT = 131_072
_NO_VALUE = "\x02"


def stage_records(cursor: Cursor, records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Stage JSON records; returns the names of the fields they mention. Raises ApiError for values of no type."""
    flat = [dict(_flattened(record)) for record in records]
    names: dict[str, str] = {}
    for record in flat:
        for name in record:
            names.setdefault(name.lower(), name)
    columns: dict[str, list[str | None]] = {lower: [None] * len(flat) for lower in names}
    for place, record in enumerate(flat):
        for name, value in record.items():
            columns[name.lower()][place] = value
    arrays = {f"v{place}": pa.array(column, pa.string()) for place, column in enumerate(columns.values())}
    numbers = pa.array(range(len(flat)), pa.int64())
    with cursor.table("records", pa.table({"n": numbers, **arrays})):
        cursor.run("CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM records")
    return list(names.values())


def _flattened(record: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in record.items():
        if name.lower() == "attributes":
            continue
        if isinstance(value, Mapping):
            if prefix:
                raise malformed_json(f"Cannot deserialize instance of {name} from START_OBJECT value")
            yield from _flattened(value, f"{name}.")
        else:
            yield prefix + name, _text(name, value)


def _text(name: str, value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if not isinstance(value, str):
        raise malformed_json(f"Cannot deserialize instance of {name} from START_ARRAY value")
    if "\x00" in value:
        raise refused(400, "INVALID_FIELD", f"{name}: data value has a character that is not allowed")
    return value.strip() or NOTHING


def stage_upload(cursor: Cursor, table: str, columns: int) -> None:
    """Stage what `keep_upload` kept: an empty cell says nothing, `#N/A` empties the field (sandbox-salesforce.md 3)."""
    cells = [f"{_trimmed(f'r{place}')} AS v{place}" for place in range(columns)]
    values = [
        f"CASE v{place} WHEN '' THEN NULL WHEN '#N/A' THEN {NOTHING_SQL} ELSE v{place} END AS v{place}"
        for place in range(columns)
    ]
    cursor.run(
        f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {', '.join(['n', *values])} "
        f"FROM (SELECT {', '.join(['n', *cells])} FROM {table})"
    )


def _trimmed(cell: str) -> str:
    """Return SQL that strips white space; trimming more than blanks is slow, so it is done where it is needed."""
    other = " OR ".join(f"suffix({cell}, chr({code}))" for code in (32, 10, 13, 9))
    return f"CASE WHEN ascii({cell}) <= 32 OR {other} THEN trim({cell}, ' \t\r\n') ELSE {cell} END"


def read_header(path: Path, delimiter: str, ending: str) -> list[str]:
    """Return the names in the first line of an upload. Raises JobFailedError for what is no header."""
    with path.open("rb") as file:
        line = file.readline(_LIMIT)
    if not line:
        return []
    if (line.endswith(b"\r\n")) != (ending == "CRLF") and line.endswith(b"\n"):
        raise JobFailedError(
            f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {ending}"
        )
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JobFailedError("ClientInputError : Failed to parse CSV header. The data is not UTF-8") from None
    names = next(csv.reader(io.StringIO(text.rstrip("\r\n")), delimiter=delimiter), [])
    if not names or any(not name.strip() for name in names):
        raise JobFailedError("InvalidBatch : Failed to parse CSV header. A column has no name")
    doubled = {name.lower() for name in names if [each.lower() for each in names].count(name.lower()) > 1}
    if doubled:
        raise JobFailedError(f"InvalidBatch : Duplicate column in header : {min(doubled)}")
    return [name.strip() for name in names]


def keep_upload(cursor: Cursor, path: Path, table: str, columns: int, delimiter: str, ending: str) -> int:
    """Keep an upload's cells as they came, n from 0 and columns r0, r1 ...; returns the number of rows.

    Raises JobFailedError for a file that is no CSV of so many columns.
    """
    types = ", ".join(f"'r{place}': 'VARCHAR'" for place in range(columns))
    new_line = _LINE_ENDINGS[ending].decode("ascii").replace("\r", "\\r").replace("\n", "\\n")
    source = (
        f"read_csv({literal(str(path))}, auto_detect=false, header=false, skip=1, delim={literal(delimiter)}, quote='\"', "
        f"escape='\"', columns={{{types}}}, nullstr='{_NO_VALUE}', new_line='{new_line}', max_line_size=20000000)"
    )
    try:
        cursor.run(
            f"CREATE OR REPLACE TABLE {table} AS SELECT row_number() OVER () - 1 AS n, * FROM {source}"
        )
    except duckdb.Error as error:
        raise JobFailedError(f"InvalidBatch : {_csv_words(str(error))}") from None
    rows: int = cursor.value(f"SELECT count(*) FROM {table}")
    return rows


def _csv_words(message: str) -> str:
    """Say what DuckDB found wrong without the values it found it in."""
    line = re.search(r"Line: (\d+)", message)
    expected = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message)
    where = f" in line {line[1]}" if line else ""
    if expected:
        return f"Number of cells{where} is {expected[2]}, the header has {expected[1]}"
    return f"The data is not valid CSV{where}"
