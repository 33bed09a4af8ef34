"""The tree of a SOQL query, as written: names not yet looked up. `at` is the place in the text."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted field path as written, such as `Owner.Name`."""

    parts: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Call:
    """`COUNT(Id)`, `CALENDAR_YEAR(CreatedDate)`, `FIELDS(ALL)`; `function` in lower case."""

    function: str
    args: tuple[Expression, ...]
    at: int


Expression = Name | Call


@dataclass(frozen=True, slots=True)
class Selected:
    """One expression of the SELECT list."""

    expression: Expression
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`TYPEOF What WHEN Account THEN Phone ELSE Name END`."""

    relationship: Name
    whens: tuple[tuple[Name, tuple[Name, ...]], ...]
    otherwise: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ChildQuery:
    """`(SELECT Id FROM Contacts)` in a SELECT list."""

    query: Query


@dataclass(frozen=True, slots=True)
class DateLiteral:
    """`TODAY`, `LAST_N_DAYS:30`; `name` in upper case."""

    name: str
    count: int | None


Scalar = str | bool | int | float | None | dt.date | dt.datetime | dt.time | DateLiteral


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. `pattern` is the text with LIKE escapes kept, for strings."""

    value: Scalar
    at: int
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`operator` is one of = != < <= > >= like."""

    left: Expression
    operator: str
    right: Value
    at: int


@dataclass(frozen=True, slots=True)
class Among:
    """`operator` is one of in, not in, includes, excludes."""

    left: Expression
    operator: str
    values: tuple[Value, ...]
    at: int


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """`Id IN (SELECT LeadId FROM CampaignMember)`."""

    left: Expression
    negated: bool
    query: Query
    at: int


@dataclass(frozen=True, slots=True)
class Both:
    """All of them (`AND`)."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of them (`OR`)."""

    terms: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    term: Condition


Condition = Comparison | Among | SemiJoin | Both | Either | Not


@dataclass(frozen=True, slots=True)
class Order:
    expression: Expression
    descending: bool
    nulls_last: bool | None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query. `grouping` is plain, rollup or cube; `text` is what was written, for error messages."""

    text: str
    selected: tuple[Selected | TypeOf | ChildQuery, ...]
    source: Name
    alias: str | None = None
    where: Condition | None = None
    groups: tuple[Expression, ...] = ()
    grouping: str = "plain"
    having: Condition | None = None
    orders: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    at: int = 0
