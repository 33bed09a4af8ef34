"""One page of exported records, as it came, into one Arrow batch of text columns.

Both readers give the same for the same records: the columns asked for, in that order, "" for blank,
never null. Whatever is wrong with a page is a DataError that names the page's fault and no value. It
knows nothing of where a page came from.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json

from scc.errors import DataError

__all__ = ["Page", "read_csv", "read_json"]

# Scalars may stand before `items`; an array or object may not: then the slow way decides.
_TO_ITEMS = re.compile(rb'\s*\{(?:\s*"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[^"\[\]{},\s]+)\s*,)*\s*"items"\s*:\s*\[')
_BETWEEN = re.compile(rb"\}\s*,\s*\{")
_COLUMNS_DIFFER = re.compile(r"Expected \d+ columns, got \d+")
_JSON_INSTEAD = "Ask for JSON pages instead (pages='json')."


@dataclass(frozen=True)
class Page:
    """The records of one page, with what the page says of the whole: None where it says nothing (CSV)."""

    batch: pa.RecordBatch
    total: int | None = None
    has_more: bool | None = None


def read_csv(body: bytes, columns: Sequence[str]) -> Page:
    """Read a page with a header line; columns that were not asked for are left out."""
    _check_header(body, columns)
    # Arrow takes a value whose closing quote never comes for one that ends with the page
    if body.count(b'"') % 2:
        raise DataError("a CSV page from Eloqua has a quote too many or too few", hint=_JSON_INSTEAD)
    if not body.endswith(b"\n"):
        body += b"\n"  # Arrow takes a header line without an end for no header
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(body),
            # one block is one batch; pages run side by side, so one thread is enough for each
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=len(body) + 1),
            # a line with nothing on it is a blank value where there is only one column
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(columns) > 1),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=list(columns),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
            memory_pool=_memory(),
        )
    except (pa.ArrowException, UnicodeDecodeError) as exc:
        # Arrow's own words go on to quote the row
        why = _COLUMNS_DIFFER.search(str(exc))
        raise DataError(
            f"a CSV page from Eloqua can't be read ({why[0] if why else type(exc).__name__})",
            hint=_JSON_INSTEAD,
        ) from None
    return Page(_one_batch(table))


def _check_header(body: bytes, columns: Sequence[str]) -> None:
    try:
        header = next(
            csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", "replace", newline=""), strict=True),
            [],
        )
    except csv.Error:
        header = []
    counts = Counter(header)
    for name in columns:
        if counts[name] != 1:
            raise DataError(
                f"the header of a CSV page from Eloqua has {counts[name] or 'no'} {name!r}",
                hint=_JSON_INSTEAD,
            )


def read_json(body: bytes, columns: Sequence[str]) -> Page:
    """Read a page; a value that an item lacks is "", and so is a page without items."""
    page = _read_cut(body.replace(b"},{", b"}\n{"), columns)
    if page is None:
        page = _read_cut(_BETWEEN.sub(b"}\n{", body), columns)
    return page or _read_whole(body, columns)


def _read_cut(lines: bytes, columns: Sequence[str]) -> Page | None:
    """Read a page whose records are parted by line breaks; None where that can't be done safely.

    The records are cut out of the page unparsed. What is left must be an envelope with no items, and
    what was cut out must be records: so a cut at a wrong place can't pass. A string value may hold
    `},{` too, but with a line break inside it is no JSON any more, which the parser reports.
    """
    head = _TO_ITEMS.match(lines)
    end = lines.rfind(b"]")
    if head is None or end < head.end():
        return None
    try:
        envelope = json.loads(lines[: head.end()] + lines[end:])
    except (ValueError, RecursionError):
        return None
    if not isinstance(envelope, dict) or envelope.get("items") != []:
        return None
    schema = pa.schema([(name, pa.string()) for name in columns])
    records = memoryview(lines)[head.end() : end]
    try:
        table = pa.json.read_json(
            pa.BufferReader(pa.py_buffer(records)),
            read_options=pa.json.ReadOptions(use_threads=False, block_size=len(records) + 1),
            parse_options=pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
            memory_pool=_memory(),
        )
        if not lines.isascii():
            table.validate(full=True)  # for UTF-8, which the JSON reader does not check
    except (pa.ArrowException, UnicodeDecodeError):
        return None
    return _page(_one_batch(table.select(list(columns))), envelope)


def _read_whole(body: bytes, columns: Sequence[str]) -> Page:
    """Read with Python's parser: slow, and the judge of what the fast way would not decide."""
    try:
        parsed = json.loads(body, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise DataError(f"a page of {len(body):,} bytes from Eloqua is not JSON") from None
    items = parsed.get("items") or [] if isinstance(parsed, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DataError("a page from Eloqua holds no list of records in 'items'")
    arrays = [_array([_text(item.get(name), name) for item in items]) for name in columns]
    return _page(pa.RecordBatch.from_arrays(arrays, names=list(columns)), parsed)


def _array(values: list[str]) -> pa.Array:
    # pa.array() of a list imports pandas where it is installed, a quarter of a second: not for nothing
    return pa.array(values, pa.string()) if values else pa.nulls(0, pa.string())


def _page(batch: pa.RecordBatch, envelope: Mapping[str, Any]) -> Page:
    count, total = (_number(envelope.get(name)) for name in ("count", "totalResults"))
    if count is not None and count != batch.num_rows:
        raise DataError(f"a page from Eloqua says it has {count:,} records and has {batch.num_rows:,}")
    more = envelope.get("hasMore")
    return Page(batch, total, more if isinstance(more, bool) else None)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: object, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        raise DataError(f"a page from Eloqua has a value in {column!r} that is no text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DataError(f"a page from Eloqua has half a character in {column!r}") from None
    return value


def _memory() -> pa.MemoryPool:
    """Choose the allocator that gives memory back when threads other than the maker's let go of it.

    Measured over an export of a million records, Arrow's default (mimalloc) peaked 60 MB higher.
    """
    try:
        return pa.jemalloc_memory_pool()
    except NotImplementedError:
        return pa.default_memory_pool()


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    if not batches:
        return pa.RecordBatch.from_arrays([_array([]) for _ in table.column_names], names=table.column_names)
    batch = batches[0]
    arrays = [pc.fill_null(column, "") if column.null_count else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)
