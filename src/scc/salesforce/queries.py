"""REST queries: pages of nested JSON records into flat Arrow batches of text.

Columns are named as the query names them, whatever the case that Salesforce answers in. Values stay
as sent (`2026-01-31T10:00:00.000+0000`); a field of a parent that is null is null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from scc.errors import ConfigError, DataError, IncompleteError
from scc.salesforce import answers
from scc.salesforce.answers import Object
from scc.salesforce.door import Door

__all__ = ["count", "query", "selected", "source"]

# 16,384 bytes for the address and all headers (414 and 431 beyond); tokens and host take the rest.
_LONGEST = 14_000
_PATH = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*", re.ASCII)
_SELECT = re.compile(r"\s*SELECT\s+(.*?)\s+FROM\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?", re.IGNORECASE | re.DOTALL)
_CHILDREN = re.compile(r"\(\s*SELECT\s", re.IGNORECASE)
_TYPEOF = re.compile(r"\bTYPEOF\s", re.IGNORECASE)
_COUNT = re.compile(r"COUNT\s*\(\s*\)", re.IGNORECASE)
_OWN = "attributes"


def query(door: Door, soql: str, *, include_deleted: bool = False) -> Iterator[pa.RecordBatch]:
    """Ask page by page. At least one batch comes, except from an aggregate that finds nothing.

    IncompleteError where the records do not add up to `totalSize`; ConfigError for a query that has no
    flat shape or is too long for an address.
    """
    if len(quote(soql, safe="")) > _LONGEST:
        raise ConfigError(
            f"a query of {len(soql):,} characters is too long for an address",
            hint="Use the Bulk API, or cut a list of values with soql.chunks(..., rest=True).",
        )
    columns = selected(soql)
    names = source(soql)
    rows = 0
    for page in _pages(door, soql, include_deleted=include_deleted):
        records = answers.objects(page.get("records"), "records")
        if columns is None and records:
            columns = _discover(records)
        rows += len(records)
        if columns is not None:
            yield _batch(records, columns, names)
    total = answers.number(page, "totalSize")
    if rows != total:
        raise IncompleteError(f"salesforce: a query found {total:,} records and sent {rows:,}")


def count(door: Door, soql: str, *, include_deleted: bool = False) -> int:
    """Answer `SELECT COUNT() FROM ...`."""
    page = next(_pages(door, soql, include_deleted=include_deleted))
    return answers.number(page, "totalSize")


def selected(soql: str) -> tuple[str, ...] | None:
    """Read the columns off a query; None where only the answer can tell (aggregates, FIELDS())."""
    match = _SELECT.match(soql)
    if match is None:
        return None  # Salesforce will say what is wrong with it
    if _CHILDREN.search(match[1]):
        raise ConfigError(
            "a query with a child query in its SELECT has no flat table",
            hint="Query the child sObject itself; its parents' fields can be selected with it.",
        )
    if _TYPEOF.search(match[1]):
        raise ConfigError(
            "a query with TYPEOF gives records of several shapes", hint="Query one sObject at a time."
        )
    if _COUNT.fullmatch(match[1]):
        raise ConfigError("SELECT COUNT() gives no records", hint="Use client.count.")
    names = tuple(part.strip() for part in match[1].split(","))
    if not all(_PATH.fullmatch(name) for name in names):
        return None
    if len({name.lower() for name in names}) < len(names):
        raise ConfigError("a query selects the same field twice")
    return names


def source(soql: str) -> tuple[str, ...]:
    """Read the names off a query that its sObject goes by: its own, and an alias."""
    match = _SELECT.match(soql)
    return tuple(name for name in match.groups()[1:] if name) if match else ()


def _pages(door: Door, soql: str, *, include_deleted: bool) -> Iterator[Object]:
    response = door.call("GET", "queryAll" if include_deleted else "query", params={"q": soql})
    seen = set()
    while True:
        page = answers.record(answers.loads(response), "query result")
        yield page
        if answers.flag(page, "done"):
            return
        following = answers.text(page, "nextRecordsUrl")
        if following in seen or not page.get("records") or not following.startswith("/"):
            raise DataError("salesforce: a query's next page does not advance")
        seen.add(following)
        response = door.call("GET", following)


def _batch(records: Sequence[Object], columns: Sequence[str], names: Sequence[str]) -> pa.RecordBatch:
    paths = [column.split(".") for column in columns]
    known = {name.lower() for name in names}
    rows = [[_text(_follow(record, path, known)) for path in paths] for record in records]
    try:
        arrays = [pa.array([row[at] for row in rows], pa.string()) for at in range(len(columns))]
    except UnicodeEncodeError:
        raise DataError("salesforce: a record holds half a surrogate pair") from None
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _follow(record: Object, path: Sequence[str], known: set[str]) -> object:
    node: object = record
    for at, name in enumerate(path):
        if node is None:
            return None
        if not isinstance(node, Mapping):
            raise DataError(f"salesforce: {'.'.join(path)} leads through a value that is no record")
        key = name if name in node else _spelt(node, name)
        if key is not None:
            node = node[key]
        elif at or name.lower() not in known:  # Lead.Id FROM Lead
            raise DataError(f"salesforce: a record lacks {'.'.join(path)}, which the query selects")
    return node


def _spelt(node: Object, name: str) -> str | None:
    return next((key for key in node if key.lower() == name.lower()), None)


def _discover(records: Sequence[Object]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for record in records:
        found |= dict.fromkeys(_leaves(record))
    return tuple(found)


def _leaves(record: Object, above: str = "") -> Iterator[str]:
    for key, value in record.items():
        if isinstance(value, Mapping) and _OWN in value:
            yield from _leaves(value, f"{above}{key}.")
        elif key != _OWN:
            yield above + key


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    # an address or a location, which has parts of its own
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
