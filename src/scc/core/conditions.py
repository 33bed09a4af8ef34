"""Conditions on records as a configuration writes them, before any system's own language.

    { all = [ { field = "Member_Status", op = "!=", value = "Removed" },
              { any = [ { field = "Responded_At", op = ">=", value = 2026-01-01 }, ... ] } ] }

`all`, `any` and `not` nest as deep as wanted. The same tree becomes an Eloqua filter on one side
of a join and SOQL on the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from scc.errors import ConfigError

__all__ = ["All", "AnyOf", "Compare", "Condition", "Not", "Value", "parse"]

_SCALARS = (str, int, float, bool, datetime, date)
Value: TypeAlias = str | int | float | bool | datetime | date
Condition: TypeAlias = "Compare | All | AnyOf | Not"

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "like", "in", "not in")
_EXAMPLE = 'for example { any = [ { field = "Type", op = "=", value = "Webinar" }, { field = "IsActive", op = "=", value = true } ] }'


@dataclass(frozen=True, slots=True)
class Compare:
    """`value` is a tuple for `in` and `not in`; "" means blank."""

    field: str
    op: str
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class All:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


def parse(raw: object, *, where: str) -> Condition:
    """Read a condition from a configuration's tables; `where` is the key to name in an error."""
    if not isinstance(raw, Mapping) or not raw:
        raise _wrong(where, f"is {raw!r}, not a condition")
    keys = set(raw)
    if keys in ({"all"}, {"any"}):
        ((kind, parts),) = raw.items()
        if not isinstance(parts, list) or not parts:
            raise _wrong(f"{where}.{kind}", "is not a list of conditions")
        inner = tuple(parse(part, where=f"{where}.{kind}[{at}]") for at, part in enumerate(parts))
        return All(inner) if kind == "all" else AnyOf(inner)
    if keys == {"not"}:
        return Not(parse(raw["not"], where=f"{where}.not"))
    if keys != {"field", "op", "value"}:
        raise _wrong(
            where,
            f"has the keys {', '.join(sorted(map(str, keys)))}; a condition has field, op and value, or all, any or not",
        )
    return _compare(raw, where)


def _compare(raw: Mapping[str, object], where: str) -> Compare:
    name, op, value = raw["field"], raw["op"], raw["value"]
    if not isinstance(name, str) or not name:
        raise _wrong(f"{where}.field", f"is {name!r}, not the name of a field")
    if op not in OPERATORS:
        raise _wrong(f"{where}.op", f"is {op!r}, not one of {' '.join(OPERATORS)}")
    if op in {"in", "not in"}:
        if not isinstance(value, list) or not value or not all(isinstance(one, _SCALARS) for one in value):
            raise _wrong(f"{where}.value", f"must be a list of values for {op!r}")
        return Compare(name, op, tuple(value))
    if not isinstance(value, _SCALARS):
        raise _wrong(f"{where}.value", "must be a text, number, date or true/false")
    if op == "like" and not isinstance(value, str):
        raise _wrong(f"{where}.value", "must be a text with % or _ for 'like'")
    return Compare(name, str(op), value)


def _wrong(where: str, what: str) -> ConfigError:
    return ConfigError(f"{where} {what}", hint=f"Write a condition, {_EXAMPLE}.")
