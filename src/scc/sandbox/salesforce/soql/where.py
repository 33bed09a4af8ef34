"""Conditions as SQL that is either true or false, never null.

SOQL knows two truth values: `Rating != 'Hot'` holds for a record without a rating, and so does NOT of any
comparison with a missing value. `negated` is pushed down to the leaves, so that what is not negated stays
plain SQL, which DuckDB can push further. Source: sandbox-salesforce.md 5.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from scc.sandbox.salesforce.soql.dates import DateRange, date_range
from scc.sandbox.salesforce.soql.errors import at
from scc.sandbox.salesforce.soql.functions import Functions, Typed
from scc.sandbox.salesforce.soql.operands import Bind, comparable, operand, too_wide
from scc.sandbox.salesforce.soql.tree import (
    Among,
    Both,
    Call,
    Comparison,
    Condition,
    DateLiteral,
    Either,
    Expression,
    Not,
    Query,
    SemiJoin,
    Value,
)

SubSelect = Callable[[Query, Typed, int], str]


@dataclass(frozen=True, slots=True)
class Clock:
    """Now in UTC without zone, and the zone whose midnights named dates mean."""

    now: dt.datetime
    zone: dt.tzinfo

    def range(self, literal: DateLiteral) -> DateRange:
        today = self.now.replace(tzinfo=dt.UTC).astimezone(self.zone).date()
        try:
            return date_range(literal, today)
        except OverflowError:
            raise too_wide(literal) from None

    def midnight(self, day: dt.date) -> dt.datetime:
        local = dt.datetime.combine(day, dt.time(), tzinfo=self.zone)
        return local.astimezone(dt.UTC).replace(tzinfo=None)

    @property
    def offset_minutes(self) -> int:
        offset = self.now.replace(tzinfo=dt.UTC).astimezone(self.zone).utcoffset() or dt.timedelta()
        return int(offset.total_seconds() // 60)


class Conditions:
    """Compiles the WHERE (or, with `aggregates`, the HAVING) of one query."""

    def __init__(
        self,
        functions: Functions,
        text: str,
        bind: Bind,
        clock: Clock,
        sub_select: SubSelect,
        *,
        aggregates: bool = False,
    ) -> None:
        self._functions = functions
        self._text = text
        self._bind = bind
        self._clock = clock
        self._sub_select = sub_select
        self._aggregates = aggregates

    def sql(self, condition: Condition, *, negated: bool = False) -> str:
        """Return the SQL of a condition. Raises SoqlError."""
        match condition:
            case Not(term):
                return self.sql(term, negated=not negated)
            case Both(terms) | Either(terms):
                joiner = " AND " if isinstance(condition, Both) != negated else " OR "
                return "(" + joiner.join(self.sql(term, negated=negated) for term in terms) + ")"
            case Comparison():
                return self._comparison(condition, negated=negated)
            case Among():
                return self._among(condition, negated=negated)
            case SemiJoin():
                return self._semi_join(condition, negated=negated)

    def _left(self, expression: Expression, place: int) -> tuple[Typed, str, bool]:
        if self._aggregates:
            typed = self._functions.of_groups(expression, "Having field")
        else:
            typed = self._functions.expression(expression)
        column = typed[2]
        name = column.field.name if column else _spelled(expression)
        if column is not None and not column.field.filterable:
            raise at(
                self._text, place, "INVALID_FIELD", f"field '{name}' can not be filtered in a query call"
            )
        return typed, name, column is not None and column.field.case_sensitive

    def _comparison(self, condition: Comparison, *, negated: bool) -> str:
        (sql, kind, _), name, case_sensitive = self._left(condition.left, condition.at)
        operator = condition.operator
        if operator == "!=":
            operator, negated = "=", not negated
        self._check_operator(operator, kind, condition)
        value = operand(self._text, condition.right, kind, name)
        if value is None:
            return self._null(sql, operator, negated=negated)
        if isinstance(value, DateLiteral):
            return self._in_range(sql, kind, operator, value, negated=negated)
        if operator == "like":
            pattern = self._bind(condition.right.pattern.lower())
            return _truth(f"lower({sql}) LIKE {pattern} ESCAPE '\\'", negated=negated)
        side = comparable(sql, kind, case_sensitive=case_sensitive)
        bound = self._bind(value.lower() if isinstance(value, str) and side != sql else value)
        return _truth(f"{side} {operator} {bound}", negated=negated)

    def _check_operator(self, operator: str, kind: str, condition: Comparison) -> None:
        if operator == "like" and kind in {"id", "reference"}:
            self._bad_operator("invalid operator on id field", condition.at)
        if operator == "like" and not isinstance(condition.right.value, str):
            self._bad_operator("invalid operator", condition.at)
        if kind == "boolean" and operator != "=":
            self._bad_operator("invalid operator on boolean field", condition.at)

    def _bad_operator(self, words: str, place: int) -> NoReturn:
        raise at(self._text, place, "INVALID_QUERY_FILTER_OPERATOR", words)

    def _null(self, sql: str, operator: str, *, negated: bool) -> str:
        if operator != "=":
            return "true" if negated else "false"
        return f"{sql} IS {'NOT ' if negated else ''}NULL"

    def _in_range(self, sql: str, kind: str, operator: str, value: DateLiteral, *, negated: bool) -> str:
        first, after = self._clock.range(value)
        edges = (
            (first, after) if kind == "date" else (self._clock.midnight(first), self._clock.midnight(after))
        )
        # Only what a comparison uses is bound: DuckDB refuses parameters in excess.
        terms = {
            "=": ((">=", 0), ("<", 1)),
            ">": ((">=", 1),),
            ">=": ((">=", 0),),
            "<": (("<", 0),),
            "<=": (("<", 1),),
        }[operator]
        found = " AND ".join(f"{sql} {sign} {self._bind(edges[edge])}" for sign, edge in terms)
        return _truth(found, negated=negated)

    def _among(self, condition: Among, *, negated: bool) -> str:
        (sql, kind, _), name, case_sensitive = self._left(condition.left, condition.at)
        if condition.operator in {"not in", "excludes"}:
            negated = not negated
        if condition.operator in {"includes", "excludes"}:
            return self._includes(sql, kind, condition, negated=negated)
        if any(isinstance(each.value, DateLiteral) for each in condition.values):
            terms = tuple(Comparison(condition.left, "=", each, condition.at) for each in condition.values)
            return self.sql(Either(terms), negated=negated)
        values = [operand(self._text, each, kind, name) for each in condition.values]
        side = comparable(sql, kind, case_sensitive=case_sensitive)
        present = [
            each.lower() if side != sql and isinstance(each, str) else each
            for each in values
            if each is not None
        ]
        found = f"{side} IN (SELECT unnest({self._bind(_same_type(present))}))" if present else "false"
        if None in values:
            found = f"({sql} IS NULL OR {found})"
        return _truth(found, negated=negated)

    def _includes(self, sql: str, kind: str, condition: Among, *, negated: bool) -> str:
        if kind != "multipicklist":
            self._bad_operator(
                "includes or excludes operator only valid on multipicklist field", condition.at
            )
        chosen = [self._parts(each) for each in condition.values]
        held = f"string_split(lower({sql}), ';')"
        shapes = [f"list_has_all({held}, {self._bind(parts)})" for parts in chosen]
        return _truth(" OR ".join(shapes), negated=negated)

    def _parts(self, value: Value) -> list[str]:
        text = operand(self._text, value, "multipicklist", "")
        return str(text or "").lower().split(";")

    def _semi_join(self, condition: SemiJoin, *, negated: bool) -> str:
        typed, _, _ = self._left(condition.left, condition.at)
        inner = self._sub_select(condition.query, typed, condition.at)
        return _truth(f"{typed[0]} IN ({inner})", negated=negated != condition.negated)


def _truth(sql: str, *, negated: bool) -> str:
    return f"(({sql}) IS NOT TRUE)" if negated else f"({sql})"


def _same_type(values: Sequence[object]) -> list[object]:
    mixed = any(isinstance(each, float) for each in values)
    return [float(each) if mixed and isinstance(each, int) else each for each in values]


def _spelled(expression: Expression) -> str:
    return expression.function.upper() if isinstance(expression, Call) else expression.text
