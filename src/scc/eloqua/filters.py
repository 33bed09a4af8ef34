"""Export filters as typed expressions, so that quoting is never left to the caller.

    field("{{Contact.Field(C_Country)}}") == "Sweden"
    (field(updated) >= since) & ~field(email).is_blank() & exists("{{ContactList[5]}}")

`str()` of a filter is Eloqua's expression language. The trees are plain values: equal when they say
the same in the same order. Whether a field exists is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import TypeAlias

from scc.errors import ConfigError

__all__ = [
    "And",
    "Comparison",
    "Exists",
    "FieldExpression",
    "Filter",
    "Not",
    "Or",
    "Status",
    "Value",
    "check_filter",
    "exists",
    "field",
    "literal",
    "status",
]

Value: TypeAlias = "str | int | float | Decimal | bool | date | datetime"

FILTER_LIMIT = 1000
"""Oracle's documented length; clients in the field have sent 30,000, so it can be raised."""


class Filter:
    """One condition; combine with `&`, `|` and `~`."""

    def __and__(self, other: Filter) -> Filter:
        return And(_parts(And, self, other))

    def __or__(self, other: Filter) -> Filter:
        return Or(_parts(Or, self, other))

    def __invert__(self) -> Filter:
        return Not(self)

    def __bool__(self) -> bool:
        raise TypeError("a filter has no truth value: combine filters with & | ~, not with and, or, not")


@dataclass(frozen=True)
class Comparison(Filter):
    """`statement OP value`, the value as the text that Eloqua will compare with."""

    statement: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"'{self.statement}' {self.operator} '{_escaped(self.value)}'"


@dataclass(frozen=True)
class Exists(Filter):
    """Membership in a list, segment or shared filter."""

    statement: str

    def __str__(self) -> str:
        return f"EXISTS('{self.statement}')"


@dataclass(frozen=True)
class Status(Filter):
    """The record's status in an app service instance."""

    statement: str
    value: str

    def __str__(self) -> str:
        return f"STATUS('{self.statement}') = '{_escaped(self.value)}'"


@dataclass(frozen=True)
class And(Filter):
    """All of the parts hold."""

    parts: tuple[Filter, ...]

    def __str__(self) -> str:
        return " AND ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Or(Filter):
    """One of the parts holds, or more."""

    parts: tuple[Filter, ...]

    def __str__(self) -> str:
        # AND binds closer than OR; the brackets are for the reader of an export definition
        return " OR ".join(f"({part})" if isinstance(part, And) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Not(Filter):
    """The part does not hold."""

    part: Filter

    def __str__(self) -> str:
        return f"NOT ({self.part})" if isinstance(self.part, And | Or | Not) else f"NOT {self.part}"


class FieldExpression:
    """A field waiting for a comparison; made by `field`."""

    def __init__(self, statement: str) -> None:
        self._statement = _checked(statement)

    def __repr__(self) -> str:
        return f"field({self._statement!r})"

    def __eq__(self, value: Value) -> Filter:  # type: ignore[override]  # an expression, as in SQLAlchemy
        return self._compare("=", value)

    def __ne__(self, value: Value) -> Filter:  # type: ignore[override]  # an expression, as in SQLAlchemy
        return self._compare("!=", value)

    __hash__ = None  # type: ignore[assignment]  # == gives no truth value, so it can't be a key

    def __lt__(self, value: Value) -> Filter:
        return self._compare("<", value)

    def __le__(self, value: Value) -> Filter:
        return self._compare("<=", value)

    def __gt__(self, value: Value) -> Filter:
        return self._compare(">", value)

    def __ge__(self, value: Value) -> Filter:
        return self._compare(">=", value)

    def like(self, pattern: str) -> Filter:
        """Match as SQL Server's LIKE: `%`, `_` and `[...]`."""
        return self._compare("~", pattern)

    def is_blank(self) -> Filter:
        return self._compare("=", "")

    def in_(self, values: Iterable[Value]) -> Filter:
        """Equal to any of the values; there must be one."""
        parts = tuple(self._compare("=", value) for value in values)
        if not parts:
            raise ConfigError(
                "a filter asks for one of no values at all", hint="Give in_() at least one value."
            )
        return parts[0] if len(parts) == 1 else Or(parts)

    def _compare(self, operator: str, value: Value) -> Filter:
        return Comparison(self._statement, operator, literal(value))


def field(statement: str) -> FieldExpression:
    """Begin a comparison of a field, named by its statement (`Field.statement`)."""
    return FieldExpression(statement)


def exists(statement: str) -> Filter:
    """Be a member of what the statement names: `{{ContactList[12]}}`; once in a filter."""
    return Exists(_checked(statement))


def status(statement: str, value: str) -> Filter:
    """Have this status in an app service instance: `{{ActionInstance(...)}}`; once in a filter."""
    return Status(_checked(statement), value)


def literal(value: Value) -> str:
    """Write a value as Eloqua compares it, unquoted. Times must be aware and become UTC."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value
        case datetime():
            if value.tzinfo is None:
                raise ConfigError(
                    "a filter compares with a time that has no zone",
                    hint="Give datetimes a tzinfo, for instance datetime.now(UTC).",
                )
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
        case date():
            return value.isoformat()
        case int():
            return str(value)
        case float() | Decimal() if isfinite(value):
            return format(Decimal(repr(value)) if isinstance(value, float) else value, "f")
    raise ConfigError(
        f"a filter can't compare with a {type(value).__name__}",
        hint="Compare with text, a number, a date or an aware datetime; blank is is_blank().",
    )


def check_filter(condition: Filter, *, limit: int = FILTER_LIMIT) -> str:
    """Write the filter, holding Eloqua's limits: its length, one EXISTS and one STATUS."""
    written = str(condition)
    if len(written) > limit:
        raise ConfigError(
            f"a filter of {len(written):,} characters is over Eloqua's limit of {limit:,}",
            hint="Split it into several exports, or raise the client's filter_limit if your instance takes more.",
        )
    nodes = list(_walk(condition))
    for kind in (Exists, Status):
        if sum(isinstance(node, kind) for node in nodes) > 1:
            raise ConfigError(f"Eloqua takes one {kind.__name__.upper()} in a filter, this one has more")
    return written


def _walk(node: Filter) -> Iterator[Filter]:
    yield node
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _walk(part)
        case Not(part):
            yield from _walk(part)


def _parts(kind: type[And | Or], *filters: Filter) -> tuple[Filter, ...]:
    flat: list[Filter] = []
    for one in filters:
        flat.extend(one.parts if isinstance(one, kind) else (one,))
    return tuple(flat)


def _escaped(value: str) -> str:
    return value.replace("'", "''")


def _checked(statement: str) -> str:
    if not statement.startswith("{{") or not statement.endswith("}}") or "'" in statement:
        raise ConfigError(
            f"{statement!r} is no statement of Eloqua's",
            hint="Statements look like {{Contact.Field(C_EmailAddress)}}.",
        )
    return statement
