"""Conditions in each system's own language."""

from __future__ import annotations

import difflib
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from scc.core.conditions import All, AnyOf, Compare, Condition, Not
from scc.errors import ConfigError

if TYPE_CHECKING:
    from scc.eloqua import Filter
    from scc.flow.objects import EloquaFields
    from scc.salesforce import soql

__all__ = ["eloqua_filter", "salesforce_condition"]


def eloqua_filter(condition: Condition, fields: EloquaFields) -> Filter:
    """The condition as an Eloqua filter; ConfigError where it names a field that the object lacks."""
    from scc.eloqua import field

    def leaf(one: Compare) -> Any:
        if one.field not in fields:
            near = difflib.get_close_matches(one.field, fields, n=1)
            raise ConfigError(
                f"the condition names {one.field!r}, which is no field of that object in Eloqua",
                hint=f"Did you mean {near[0]!r}?" if near else None,
            )
        return _compare(field(fields[one.field].statement), one)

    combined: Filter = _combine(condition, leaf)
    return combined


def salesforce_condition(condition: Condition) -> soql.Condition:
    """The condition as SOQL; whether its fields exist is Salesforce's to say."""
    from scc.salesforce import soql

    combined: soql.Condition = _combine(
        condition, lambda one: _compare(soql.field(one.field), one, blank=None)
    )
    return combined


def _combine(condition: Condition, leaf: Any) -> Any:
    match condition:
        case All(parts):
            return reduce(and_, (_combine(part, leaf) for part in parts))
        case AnyOf(parts):
            return reduce(or_, (_combine(part, leaf) for part in parts))
        case Not(inner):
            return ~_combine(inner, leaf)
        case Compare():
            return leaf(condition)


def _compare(field: Any, one: Compare, *, blank: str | None = "") -> Any:
    """Both clients' fields take the same operators; they differ in how blank is said."""
    value: Any = blank if one.value == "" else one.value
    match one.op:
        case "=":
            return field == value
        case "!=":
            return field != value
        case "<":
            return field < value
        case "<=":
            return field <= value
        case ">":
            return field > value
        case ">=":
            return field >= value
        case "like":
            return field.like(value)
        case "in":
            return field.in_(value)
        case _:
            return ~field.in_(value)
