"""A filter's tree to SQL over an entity's rows, aliased r. Every value of the caller's becomes a quoted literal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from scc.sandbox.database import literal
from scc.sandbox.eloqua.entities import Column, Entity, Resolver
from scc.sandbox.eloqua.filters import And, Compare, Exists, FilterError, Node, Not, Or, Status
from scc.sandbox.eloqua.statements import Segment, StatementError
from scc.sandbox.eloqua.values import eastern, typed_of

__all__ = ["FilterSql", "Predicate"]

Membership = Callable[[Entity, Segment], str]
"""Gives a condition on `r.id` for a list, segment or filter; raises FilterError."""
Checker = Callable[[str], object]
"""Evaluates a constant SQL expression."""


@dataclass(frozen=True)
class Predicate:
    sql: str
    joins: tuple[str, ...] = ()


class FilterSql:
    """Translates filters on one entity. `in_utc` says how time literals and system timestamps are meant."""

    def __init__(
        self,
        resolver: Resolver,
        membership: Membership,
        check: Checker,
        *,
        in_utc: bool,
        ignores_case: bool,
    ) -> None:
        self._resolver = resolver
        self._membership = membership
        self._check = check
        self._in_utc = in_utc
        self._ignores_case = ignores_case

    def translate(self, entity: Entity, node: Node) -> Predicate:
        """Raises FilterError for statements that the entity lacks and values of the wrong type."""
        match node:
            case Compare():
                return self._compare(entity, node)
            case Exists():
                return Predicate(self._membership(entity, node.statement[0]))
            case Status():
                raise FilterError("Must reference service instance within a workflow")
            case Not():
                inner = self.translate(entity, node.part)
                return Predicate(f"NOT ({inner.sql})", inner.joins)
            case And() | Or():
                parts = [self.translate(entity, part) for part in node.parts]
                word = " AND " if isinstance(node, And) else " OR "
                joins = dict.fromkeys(join for part in parts for join in part.joins)
                return Predicate(word.join(f"({part.sql})" for part in parts), tuple(joins))

    def _compare(self, entity: Entity, node: Compare) -> Predicate:
        try:
            column = self._resolver.resolve(entity, node.statement)
        except StatementError as error:
            raise FilterError(str(error)) from None
        if entity.kind == "activities" and "r_contact" in column.sql:
            raise FilterError("Contact fields may not be used in the filter of an activity export.")
        if column.data_type in ("string", "emailAddress"):
            return Predicate(self._compare_text(column, node), column.joins)
        return Predicate(self._compare_typed(column, node), column.joins)

    def _compare_text(self, column: Column, node: Compare) -> str:
        sql, value = f"coalesce({column.sql}, '')", node.value
        if node.operator == "~":
            pattern = literal(_like_to_regex(value))
            return f"regexp_full_match({sql}, {pattern}, '{'is' if self._ignores_case else 's'}')"
        operator = "<>" if node.operator == "!=" else node.operator
        if self._ignores_case:
            return f"lower({sql}) {operator} lower({literal(value)})"
        return f"{sql} {operator} {literal(value)}"

    def _compare_typed(self, column: Column, node: Compare) -> str:
        sql = column.sql
        if node.operator == "~":
            raise FilterError("The operator ~ works on text only.")
        if not node.value.strip():
            if node.operator not in ("=", "!="):
                raise FilterError(f"A blank value can't be compared by {node.operator}.")
            return f"{sql} IS {'NOT ' if node.operator == '!=' else ''}NULL"
        value = typed_of(literal(node.value), column.data_type)
        if self._check(value) is None:
            raise FilterError(f"Must be a {column.data_type} value.")
        if column.is_system_time and not self._in_utc:
            sql = eastern(sql)
        if node.operator == "!=":
            return f"{sql} IS DISTINCT FROM {value}"
        return f"coalesce({sql} {node.operator} {value}, FALSE)"


def _like_to_regex(pattern: str) -> str:
    """SQL Server's LIKE: % any text, _ any character, [abc] one of them, [^abc] none of them."""
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        closing = pattern.find("]", position + 2) if char == "[" else -1
        if char == "%":
            parts.append(".*")
        elif char == "_":
            parts.append(".")
        elif closing > 0:
            inner = pattern[position + 1 : closing]
            negated = "^" if inner.startswith("^") and len(inner) > 1 else ""
            parts.append(f"[{negated}{_escape_class(inner[len(negated) :])}]")
            position = closing
        else:
            parts.append(re.escape(char))
        position += 1
    return "".join(parts)


def _escape_class(inner: str) -> str:
    """Keep the ranges of a bracket (`a-f`), and quote what a regular expression would take for its own."""
    cleaned = re.sub(r"([\\\[\]^])", r"\\\1", inner)
    ranges = re.findall(r"(\w)-(\w)", cleaned)
    if cleaned.count("-") != len(ranges) or any(start > end for start, end in ranges):
        return cleaned.replace("-", r"\-")
    return cleaned
