"""Check a literal against the field it is compared with, and hand it to DuckDB as a parameter.

The vendor's rules of comparison (sandbox-salesforce.md 5): text without regard to case, ids of 15 and 18 characters
alike, an empty string means null. What does not fit raises SoqlError in the vendor's words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from scc.sandbox.salesforce import ids
from scc.sandbox.salesforce.catalogue.kinds import NUMBER_TYPES, TEXT_TYPES
from scc.sandbox.salesforce.soql.errors import SoqlError, at
from scc.sandbox.salesforce.soql.tree import DateLiteral, Value

Plain = str | bool | int | float | dt.date | dt.datetime | dt.time
Bind = Callable[[object], str]

_MAX_BIGINT = 2**63 - 1
_SPELLED = {"datetime": "dateTime"}


def operand(text: str, value: Value, kind: str, name: str) -> Plain | DateLiteral | None:
    """Return the literal as a value of type `kind`; None stands for null (and the empty string)."""
    raw = value.value
    if raw is None or raw == "":
        return None
    if kind in {"id", "reference"}:
        return _id(text, value)
    if kind in TEXT_TYPES or kind == "anyType":
        if isinstance(raw, str):
            return raw
        raise _mismatch(text, value, kind, name)
    if kind == "boolean":
        if isinstance(raw, bool):
            return raw
        raise _mismatch(text, value, kind, name)
    if kind in NUMBER_TYPES:
        return _number(text, value, kind, name)
    return _moment(text, value, kind, name)


def _id(text: str, value: Value) -> str:
    made = ids.normalize(value.value) if isinstance(value.value, str) else None
    if made is None:
        raise at(text, value.at, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value.value}")
    return made


def _number(text: str, value: Value, kind: str, name: str) -> int | float:
    raw = value.value
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _mismatch(text, value, kind, name)
    return float(raw) if abs(raw) > _MAX_BIGINT else raw


def _moment(text: str, value: Value, kind: str, name: str) -> Plain | DateLiteral | None:
    raw = value.value
    if isinstance(raw, DateLiteral) and kind in {"date", "datetime"}:
        return raw
    if kind == "datetime" and isinstance(raw, dt.datetime):
        return raw.astimezone(dt.UTC).replace(tzinfo=None)
    is_day = isinstance(raw, dt.date) and not isinstance(raw, dt.datetime)
    if (kind == "date" and is_day) or (kind == "time" and isinstance(raw, dt.time)):
        assert not isinstance(raw, DateLiteral)
        return raw
    raise _mismatch(text, value, kind, name)


def _mismatch(text: str, value: Value, kind: str, name: str) -> SoqlError:
    quoting = "should be enclosed in quotes" if kind in TEXT_TYPES else "should not be enclosed in quotes"
    spelled = "string" if kind in TEXT_TYPES else _SPELLED.get(kind, kind)
    words = f"value of filter criterion for field '{name}' must be of type {spelled} and {quoting}"
    return at(text, value.at, "INVALID_FIELD", words)


def comparable(sql: str, kind: str, *, case_sensitive: bool) -> str:
    """Return the side of a comparison that regards (or not) the case of text."""
    return sql if kind not in TEXT_TYPES or case_sensitive else f"lower({sql})"


def too_wide(literal: DateLiteral) -> SoqlError:
    return SoqlError("MALFORMED_QUERY", f"Invalid date literal: {literal.name}:{literal.count}")
