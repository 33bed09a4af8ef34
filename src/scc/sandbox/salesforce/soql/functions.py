"""The functions of SOQL as SQL: aggregates, parts of dates, labels and formats (sandbox-salesforce.md 5)."""

from __future__ import annotations

from collections.abc import Callable

from scc.sandbox.salesforce.catalogue.kinds import NUMBER_TYPES
from scc.sandbox.salesforce.soql.errors import at, no_such_column
from scc.sandbox.salesforce.soql.scope import Column, Scope
from scc.sandbox.salesforce.soql.tree import Call, Expression, Name

AGGREGATES = {
    "count": "count",
    "count_distinct": "count",
    "sum": "sum",
    "avg": "avg",
    "min": "min",
    "max": "max",
}

_DATE_PARTS: dict[str, str] = {
    "calendar_year": "year({})",
    "calendar_quarter": "quarter({})",
    "calendar_month": "month({})",
    "fiscal_year": "year({})",
    "fiscal_quarter": "quarter({})",
    "fiscal_month": "month({})",
    "day_in_month": "day({})",
    "day_in_week": "(dayofweek({}) + 1)",
    "day_in_year": "dayofyear({})",
    "week_in_month": "((day({}) - 1) // 7 + 1)",
    "week_in_year": "((dayofyear({}) - 1) // 7 + 1)",
}

Typed = tuple[str, str, Column | None]
"""SQL, the vendor's type of the value, and the field when the expression is (a wrapping of) one."""


class Functions:
    """Turns the expressions of one query into SQL; `offset_minutes` is the user's distance from UTC, now."""

    def __init__(self, scope: Scope, text: str, offset_minutes: int = 0) -> None:
        self._scope = scope
        self._text = text
        self._offset = offset_minutes
        self.grouped: set[str] | None = None
        """SQL of what the query is grouped by; None for a query that is not about groups."""

    def expression(self, expression: Expression, *, aggregates: bool = False) -> Typed:
        """Return an expression as SQL. Raises SoqlError."""
        if isinstance(expression, Name):
            column = self._scope.column(expression)
            return column.sql, column.field.type, column
        if expression.function in AGGREGATES:
            if not aggregates:
                raise at(
                    self._text, expression.at, "MALFORMED_QUERY", "Aggregate functions are not allowed here"
                )
            return self._aggregate(expression)
        return self._scalar(expression)

    def of_groups(self, expression: Expression, what: str) -> Typed:
        """Return an expression about groups: an aggregate, or what the query is grouped by. Raises SoqlError."""
        typed = self.expression(expression, aggregates=True)
        is_aggregate = isinstance(expression, Call) and expression.function in {*AGGREGATES, "grouping"}
        if not is_aggregate and typed[0] not in (self.grouped or ()):
            name = typed[2].field.name if typed[2] is not None else typed[0]
            words = f"{what} must be grouped or aggregated: {name}"
            raise at(self._text, expression.at, "MALFORMED_QUERY", words)
        return typed

    def _only(self, call: Call) -> Typed:
        if len(call.args) != 1:
            raise self._invalid(call)
        return self.expression(call.args[0])

    def _invalid(self, call: Call) -> Exception:
        return at(self._text, call.at, "MALFORMED_QUERY", f"Invalid use of function: {call.function.upper()}")

    def _aggregate(self, call: Call) -> Typed:
        if call.function == "count" and not call.args:
            return "count(*)", "int", None
        sql, kind, column = self._only(call)
        if call.function in {"sum", "avg"} and kind not in NUMBER_TYPES:
            name = column.field.name if column else call.function
            words = f"field {name} does not support aggregate operator {call.function.upper()}"
            raise at(self._text, call.at, "MALFORMED_QUERY", words)
        if call.function == "count":
            return f"count({sql})", "int", None
        if call.function == "count_distinct":
            folded = f"lower({sql})" if column is not None and column.field.is_text else sql
            return f"count(DISTINCT {folded})", "int", None
        result = "double" if call.function == "avg" else kind
        return f"{AGGREGATES[call.function]}({sql})", result, None

    def _scalar(self, call: Call) -> Typed:
        special: dict[str, Callable[[Call], Typed]] = {
            "tolabel": self._only,
            "converttimezone": self._in_user_zone,
            "format": self._format,
            "day_only": self._day_only,
            "hour_in_day": self._hour,
            "grouping": self._grouping,
        }
        if call.function in special:
            return special[call.function](call)
        if call.function not in _DATE_PARTS:
            raise no_such_column(self._text, call.at, call.function, self._scope.sobject.name)
        return _DATE_PARTS[call.function].format(self._moment(call)), "int", None

    def _moment(self, call: Call) -> str:
        sql, kind, _ = self._only(call)
        if kind not in {"date", "datetime"}:
            raise self._invalid(call)
        return sql

    def _in_user_zone(self, call: Call) -> Typed:
        sql, kind, _ = self._only(call)
        if kind != "datetime":
            raise self._invalid(call)
        return f"({sql} + INTERVAL ({self._offset}) MINUTE)", "datetime", None

    def _format(self, call: Call) -> Typed:
        sql, _, _ = self._only(call)
        return f"CAST({sql} AS VARCHAR)", "string", None

    def _day_only(self, call: Call) -> Typed:
        return f"CAST({self._moment(call)} AS DATE)", "date", None

    def _hour(self, call: Call) -> Typed:
        return f"hour({self._moment(call)})", "int", None

    def _grouping(self, call: Call) -> Typed:
        sql, _, _ = self._only(call)
        if sql not in (self.grouped or ()):
            raise self._invalid(call)
        return f"grouping({sql})", "int", None
