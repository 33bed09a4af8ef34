"""Pages of an export's rows, made by the database and Arrow: no loop over rows (sources.md E2.8)."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.csv

from scc.sandbox.database import Cursor, literal
from scc.sandbox.eloqua.bulk_lists import Page, envelope

__all__ = ["csv_page", "json_page"]


def json_page(cursor: Cursor, table: str, aliases: Sequence[str], total: int, page: Page) -> bytes:
    """Return the envelope as JSON; without a row it has no `items` (sources.md E0.4)."""
    count = max(0, min(page.limit, total - page.offset))
    tail = json.dumps(envelope(page, total, count))[1:]
    if not count:
        return b"{" + tail.encode()
    pairs = ", ".join(f"{literal(alias)}, f{index}" for index, alias in enumerate(aliases))
    items = cursor.arrow(f"SELECT json_object({pairs}) || ',' AS item FROM {table} WHERE {_rows(page)}")
    text = b"".join(_bytes(chunk) for chunk in items.column(0).chunks)
    return b"".join((b'{"items":[', text[:-1], b"],", tail.encode()))


def _bytes(texts: pa.Array) -> bytes:
    """Return all texts of an array as one: Arrow holds them side by side already."""
    _, offsets, values = texts.cast(pa.large_string()).buffers()
    if values is None:
        return b""
    bounds = memoryview(offsets).cast("q")
    return bytes(values[bounds[texts.offset] : bounds[texts.offset + len(texts)]])


def csv_page(cursor: Cursor, table: str, aliases: Sequence[str], page: Page) -> bytes:
    """Return a header line and the rows; nothing says how many there are in all."""
    columns = ", ".join(f"f{index}" for index in range(len(aliases)))
    rows = cursor.arrow(f"SELECT {columns} FROM {table} WHERE {_rows(page)}").rename_columns(list(aliases))
    target = io.BytesIO()
    pyarrow.csv.write_csv(rows, target)
    return target.getvalue()


def _rows(page: Page) -> str:
    """The rows lie in the order of n: whatever asks for a page twice gets it twice the same."""
    return f"n >= {page.offset} AND n < {page.offset + page.limit}"
