r"""SOQL text made from typed parts, so that nobody quotes by hand.

    where = (field("IsDeleted") == False) & field("Status").in_(["Sent", "Responded"])
    select("CampaignMember", ["Id", "Lead.Email"], where=where)

It knows no HTTP and no org: whether a field exists is Salesforce's to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import quote as percent_encode

from scc.errors import ConfigError

__all__ = [
    "REST_LIMIT",
    "SOQL_LIMIT",
    "Condition",
    "DateLiteral",
    "Field",
    "Value",
    "chunks",
    "field",
    "like",
    "quote",
    "select",
]

SOQL_LIMIT = 100_000
"""Characters that Salesforce takes in one query."""
REST_LIMIT = 12_000
"""Bytes of one query in an address: 16,384 less room for the host and the headers."""
_STRING_LIMIT = 4_000

_PATH = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*", re.ASCII)
_CALL = re.compile(rf"[A-Za-z]\w*\((?:{_PATH.pattern})?\)", re.ASCII)
_ORDER = re.compile(
    rf"(?:{_PATH.pattern}|{_CALL.pattern})(?: (?:ASC|DESC))?(?: NULLS (?:FIRST|LAST))?", re.IGNORECASE
)
_LITERAL = re.compile(r"[A-Z]+(?:_[A-Z0-9]+)*(?::\d+)?")
_SPECIAL = re.compile(r"[\\'\x00-\x1f\x7f\u2028\u2029]")
_SPECIAL_IN_LIKE = re.compile(r"\\[\\%_]|" + _SPECIAL.pattern)
_ESCAPES = {"\\": r"\\", "'": r"\'", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"}


@dataclass(frozen=True)
class DateLiteral:
    """A date in words, `DateLiteral("LAST_N_DAYS:30")`: a range in the time zone of the API's user."""

    text: str

    def __post_init__(self) -> None:
        if not _LITERAL.fullmatch(self.text):
            raise ConfigError(
                f"{self.text!r} is no date literal of SOQL", hint="Write one such as LAST_N_DAYS:30."
            )


Value: TypeAlias = str | bool | int | float | Decimal | date | datetime | DateLiteral | None


def quote(value: Value | list[Value] | tuple[Value, ...]) -> str:
    """Write a value as SOQL: `'it\\'s'`, `true`, `12.5`, `2026-01-31T10:00:00Z`, `null`, `('a', 'b')`.

    ConfigError for a datetime without a zone, a number that is none, an empty list, text over 4,000
    characters.
    """
    match value:
        case None:
            return "null"
        case bool() | int():
            return str(value).lower()
        case float() | Decimal():
            return _number(value)
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
        case DateLiteral():
            return value.text
        case str():
            return _text(_SPECIAL.sub(_escape, value))
        case list() | tuple():
            if not value:
                raise ConfigError("a list of no values can't stand in SOQL")
            return f"({', '.join(quote(one) for one in value)})"
        case _:
            raise ConfigError(f"a value of type {type(value).__name__} can't stand in SOQL")


def like(text: str) -> str:
    r"""Escape `text` for use within a pattern: `field("Name").like(like("50%") + "%")`."""
    return re.sub(r"([\\%_])", r"\\\1", text)


@dataclass(frozen=True)
class Condition:
    """A condition for WHERE; `&`, `|` and `~` join conditions, with the brackets SOQL demands."""

    text: str
    joint: str = ""

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        raise TypeError("a condition is neither true nor false: join with & | ~, compare in two steps")

    def __and__(self, other: Condition) -> Condition:
        return self._join("AND", other)

    def __or__(self, other: Condition) -> Condition:
        return self._join("OR", other)

    def __invert__(self) -> Condition:
        return Condition(f"NOT ({self.text})", "NOT")

    def _join(self, joint: str, other: Condition) -> Condition:
        # AND and OR side by side without brackets are refused: MALFORMED_QUERY
        return Condition(f"{self._within(joint)} {joint} {other._within(joint)}", joint)

    def _within(self, joint: str) -> str:
        return self.text if self.joint in {"", joint} else f"({self.text})"


@dataclass(frozen=True, eq=False)
class Field:
    """A field, or a path to one through parents (`Owner.Name`); comparisons give conditions."""

    path: str

    __hash__ = None  # type: ignore[assignment]  # a field can't be looked up: == makes a condition

    # == and != give conditions, as in every query builder; the base class promises bool
    def __eq__(self, value: Value) -> Condition:  # type: ignore[override]
        return self._compare("=", value)

    def __ne__(self, value: Value) -> Condition:  # type: ignore[override]
        return self._compare("!=", value)

    def __lt__(self, value: Value) -> Condition:
        return self._compare("<", value)

    def __le__(self, value: Value) -> Condition:
        return self._compare("<=", value)

    def __gt__(self, value: Value) -> Condition:
        return self._compare(">", value)

    def __ge__(self, value: Value) -> Condition:
        return self._compare(">=", value)

    def like(self, pattern: str) -> Condition:
        r"""Match `%` (many) and `_` (one) ignoring case; `\%`, `\_` and `\\` stand for themselves."""
        return Condition(f"{self.path} LIKE {_text(_SPECIAL_IN_LIKE.sub(_escape, pattern))}")

    def in_(self, values: Iterable[Value]) -> Condition:
        return self._among("IN", values)

    def not_in(self, values: Iterable[Value]) -> Condition:
        return self._among("NOT IN", values)

    def in_query(self, query: str) -> Condition:
        """Match what another query selects: a semi-join, on id and reference fields."""
        return Condition(f"{self.path} IN ({query})")

    def includes(self, *choices: str) -> Condition:
        """Match a multi-select picklist that holds one of `choices`; `A;B` means both at once."""
        return self._among("INCLUDES", choices)

    def excludes(self, *choices: str) -> Condition:
        return self._among("EXCLUDES", choices)

    def _compare(self, operator: str, value: Value) -> Condition:
        return Condition(f"{self.path} {operator} {quote(value)}")

    def _among(self, operator: str, values: Iterable[Value]) -> Condition:
        return Condition(f"{self.path} {operator} {quote(tuple(values))}")


def field(path: str) -> Field:
    """Name a field for a condition; a date function of one may stand there: `CALENDAR_YEAR(CreatedDate)`."""
    if not (_PATH.fullmatch(path) or _CALL.fullmatch(path)):
        raise ConfigError(f"{path!r} can't be the name of a field in SOQL")
    return Field(path)


def select(
    sobject: str,
    fields: Sequence[str],
    *,
    where: Condition | None = None,
    order_by: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    """Write a query; names are checked for their shape, ConfigError names the one that is no name."""
    if not _PATH.fullmatch(sobject):
        raise ConfigError(f"{sobject!r} can't be the name of an sObject")
    if not fields:
        raise ConfigError(f"a query on {sobject} selects no field")
    # S608: every part was checked to be a name just now
    text = f"SELECT {', '.join(field(name).path for name in fields)} FROM {sobject}"  # noqa: S608
    if where is not None:
        text += f" WHERE {where}"
    for part in order_by:
        if not _ORDER.fullmatch(part):
            raise ConfigError(f"{part!r} can't stand after ORDER BY", hint="Write `Name DESC NULLS LAST`.")
    if order_by:
        text += f" ORDER BY {', '.join(order_by)}"
    return text if limit is None else f"{text} LIMIT {limit:d}"


def chunks(
    sobject: str,
    fields: Sequence[str],
    by: str,
    values: Iterable[Value],
    *,
    where: Condition | None = None,
    limit: int | None = None,
    rest: bool = False,
) -> Iterator[str]:
    """Write as many queries as it takes to ask for all `values` of field `by`, in their order.

    A query stays within `limit` characters (default: Salesforce's 100,000), or with `rest` within that
    many bytes as they stand in an address (12,000). A value given twice is asked for once. Records
    come twice where values in different queries are equal to Salesforce (text in another case).
    """
    size = _encoded if rest else len
    limit = limit or (REST_LIMIT if rest else SOQL_LIMIT)

    def query(among: Sequence[Value]) -> str:
        condition = field(by).in_(among)
        return select(sobject, fields, where=condition if where is None else condition & where)

    frame = size(query([""])) - size("''")
    chunk: list[Value] = []
    used = frame
    for value in dict.fromkeys(values):
        needed = size(quote(value) + ", ")
        if frame + needed > limit:
            raise ConfigError(
                f"a query on {sobject} for one {by} is longer than {limit:,} characters",
                hint="Select fewer fields, or use the Bulk API.",
            )
        if used + needed > limit:
            yield query(chunk)
            chunk, used = [], frame
        chunk.append(value)
        used += needed
    if chunk:
        yield query(chunk)


def _encoded(text: str) -> int:
    return len(percent_encode(text, safe=""))


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) == 2:  # an escape of LIKE's own
        return found
    return _ESCAPES.get(found) or f"\\u{ord(found):04x}"


def _text(escaped: str) -> str:
    if len(escaped) > _STRING_LIMIT:
        raise ConfigError(
            f"a text of {len(escaped):,} characters can't stand in SOQL; {_STRING_LIMIT:,} is the most"
        )
    try:
        escaped.encode()
    except UnicodeEncodeError:
        raise ConfigError("a text with half a surrogate pair can't stand in SOQL") from None
    return f"'{escaped}'"


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):
        raise ConfigError(f"{value} is no number in SOQL")
    return f"{Decimal(str(value)):f}"


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ConfigError(
            "a datetime without a time zone can't stand in SOQL",
            hint="Give it one: datetime(..., tzinfo=UTC).",
        )
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return f"{text.removesuffix('.000')}Z"
