"""SOQL text -> tree, by recursive descent. Checks the grammar only; names and types are the compiler's.

The grammar is that of sandbox-salesforce.md 5; what is wrong raises SoqlError with row, column and caret.
"""

from __future__ import annotations

from scc.sandbox.salesforce.soql.conditions import ConditionParser
from scc.sandbox.salesforce.soql.errors import SoqlError, unexpected
from scc.sandbox.salesforce.soql.tree import ChildQuery, Expression, Name, Order, Query, Selected, TypeOf

_AFTER_SELECTED = {"from", "when", "else", "end"}
_AFTER_SOURCE = {
    "using",
    "where",
    "with",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "for",
    "all",
    "update",
}
_MODES = {"security_enforced", "user_mode", "system_mode"}


def parse(text: str) -> Query:
    """Return the tree of one query. Raises SoqlError."""
    parser = Parser(text)
    first = parser.peek()
    if not first.lower == "select":
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: {first.text}")
    query = parser.query()
    if parser.peek().kind != "end":
        raise unexpected(text, parser.peek().at, parser.peek().text)
    return query


class Parser(ConditionParser):
    """The clauses of a query, in their order."""

    def query(self) -> Query:
        with self.nested():
            start = self.expect("select").at
            selected = self._selected_list()
            self.expect("from")
            source = self.dotted()
            alias = self._source_alias()
            self._skip_scope()
            where = self.condition() if self.accept("where") else None
            if self.accept("with"):
                self.one_of(_MODES)
            groups, grouping = self._group_by()
            having = self.condition() if self.accept("having") else None
            orders = self._order_by()
            limit, offset = self._window()
            self._skip_tail()
        return Query(
            self.text, selected, source, alias, where, groups, grouping, having, orders, limit, offset, start
        )

    def _selected_list(self) -> tuple[Selected | TypeOf | ChildQuery, ...]:
        found = [self._selected()]
        while self.accept(","):
            found.append(self._selected())
        return tuple(found)

    def _selected(self) -> Selected | TypeOf | ChildQuery:
        if self.accept("("):
            child = ChildQuery(self.query())
            self.expect(")")
            return child
        if self.peek().lower == "typeof" and self.peek(1).kind == "word" and self.peek(1).lower != "from":
            return self._typeof()
        expression = self.expression()
        alias = None
        if self.peek().kind == "word" and self.peek().lower not in _AFTER_SELECTED:
            if self.peek(1).lower not in {",", "from"}:
                raise unexpected(self.text, self.peek().at, self.peek().text)
            alias = self.take().text
        return Selected(expression, alias)

    def _typeof(self) -> TypeOf:
        self.expect("typeof")
        relationship = self.dotted()
        whens = []
        while self.accept("when"):
            target = self.dotted()
            self.expect("then")
            whens.append((target, self._names()))
        if not whens:
            raise unexpected(self.text, self.peek().at, self.peek().text)
        otherwise = self._names() if self.accept("else") else ()
        self.expect("end")
        return TypeOf(relationship, tuple(whens), otherwise)

    def _names(self) -> tuple[Name, ...]:
        found = [self.dotted()]
        while self.accept(","):
            found.append(self.dotted())
        return tuple(found)

    def _source_alias(self) -> str | None:
        if self.accept("as"):
            return self.word().text
        if self.peek().kind == "word" and self.peek().lower not in _AFTER_SOURCE:
            return self.take().text
        return None

    def _skip_scope(self) -> None:
        if self.accept("using"):
            self.expect("scope")
            self.word()

    def _group_by(self) -> tuple[tuple[Expression, ...], str]:
        if not self.accept("group"):
            return (), "plain"
        self.expect("by")
        grouping = "plain"
        if self.peek().lower in {"rollup", "cube"} and self.peek(1).text == "(":
            grouping = self.take().lower
            self.expect("(")
        groups = [self.expression()]
        while self.accept(","):
            groups.append(self.expression())
        if grouping != "plain":
            self.expect(")")
        return tuple(groups), grouping

    def _order_by(self) -> tuple[Order, ...]:
        if not self.accept("order"):
            return ()
        self.expect("by")
        orders = [self._order()]
        while self.accept(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        expression = self.expression()
        descending = bool(self.accept("desc"))
        if not descending:
            self.accept("asc")
        nulls_last = None
        if self.accept("nulls"):
            nulls_last = self.one_of({"first", "last"}).lower == "last"
        return Order(expression, descending, nulls_last)

    def _window(self) -> tuple[int | None, int | None]:
        found: dict[str, int] = {}
        while self.peek().lower in {"limit", "offset"} and self.peek().lower not in found:
            clause = self.take().lower
            found[clause] = self.count()
        return found.get("limit"), found.get("offset")

    def _skip_tail(self) -> None:
        while self.accept("for"):
            self.one_of({"view", "reference", "update"})
        if self.accept("update"):
            self.one_of({"tracking", "viewstat"})
